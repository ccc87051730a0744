/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the port's clock, under the name that everyone else uses.
 */
#include "core/clock.h"

#include "arch/arch.h"

uint64_t clock_ns(void)
{
    return arch_clock_ns();
}
