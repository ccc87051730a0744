/* SPDX-License-Identifier: MIT */
/*
 * clock.c - time by the processor's own counter, and one deadline by the timer
 * that compares with it: the virtual ones, which are there at EL1 whoever is
 * above us. [Arm ARM, Generic Timer]
 */
#include "aarch64.h"

#define NS_PER_S 1000000000ull

enum { CTL_ENABLE = 1 << 0, CTL_IMASK = 1 << 1 };   /* CNTV_CTL_EL0 */

static uint64_t start;          /* the counter at time 0 */
static uint64_t hz;             /* cycles a second; below 2^32 */

void clock_init(void)
{
    hz = SYSTEM_READ("cntfrq_el0") & UINT32_MAX;
    if (hz < 1000000)
        core_refuse("the firmware does not say how fast the counter runs.");
    SYSTEM_WRITE("cntv_ctl_el0", 0);
    start = arch_cycles();
}

/* Whole seconds, and the rest: neither product is too large for 64 bits. */
uint64_t arch_clock_ns(void)
{
    uint64_t cycles = arch_cycles() - start;

    return cycles / hz * NS_PER_S + cycles % hz * NS_PER_S / hz;
}

/* The first cycle at which arch_clock_ns() is `ns`, or more; so far off that
 * nobody will see it, the last one that can be set. */
static uint64_t cycle_of(uint64_t ns)
{
    uint64_t rest = (ns % NS_PER_S * hz + NS_PER_S - 1) / NS_PER_S;
    uint64_t seconds = ns / NS_PER_S;

    return seconds > (UINT64_MAX - start - rest) / hz
               ? UINT64_MAX : start + seconds * hz + rest;
}

void arch_timer_set(uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX) {
        SYSTEM_WRITE("cntv_ctl_el0", 0);
        return;
    }
    SYSTEM_WRITE("cntv_cval_el0", cycle_of(deadline_ns));
    SYSTEM_WRITE("cntv_ctl_el0", CTL_ENABLE);
    SYSTEM_SYNC();
}

void clock_silence(void)
{
    SYSTEM_WRITE("cntv_ctl_el0", CTL_ENABLE | CTL_IMASK);
    SYSTEM_SYNC();
}
