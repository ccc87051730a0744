/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the port's clocks, under the names that everyone else uses.
 */
#include "core/clock.h"

#include "arch/arch.h"

uint64_t clock_ns(void)
{
    return arch_clock_ns();
}

/* The machine is asked once; from then on the clock since start-up tells. */
uint64_t clock_unix(void)
{
    static bool asked;
    static uint64_t at_start; /* 0: nobody knows */

    if (!asked) {
        uint64_t now = arch_clock_unix();
        at_start = now == 0 ? 0 : now - clock_ns() / NS_PER_S;
        asked = true;
    }
    return at_start == 0 ? 0 : at_start + clock_ns() / NS_PER_S;
}
