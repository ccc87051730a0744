/* SPDX-License-Identifier: MIT */
/*
 * random.c - the host's randomness.
 */
#include <unistd.h>

#include "unix.h"

uint64_t arch_random(void)
{
    uint64_t value;

    return getentropy(&value, sizeof value) == 0 ? value : arch_cycles();
}
