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
static uint64_t ns_per_cycle;   /* times 2^32 */
static uint64_t cycles_per_ns;  /* likewise */

/* a * b / 2^32 */
static uint64_t scale(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b >> 32);
}

void clock_init(void)
{
    uint64_t hz = SYSTEM_READ("cntfrq_el0") & UINT32_MAX;

    if (hz < 1000000)
        core_refuse("the firmware does not say how fast the counter runs.");
    ns_per_cycle = (NS_PER_S << 32) / hz;
    cycles_per_ns = (hz << 32) / NS_PER_S;
    SYSTEM_WRITE("cntv_ctl_el0", 0);
    start = arch_cycles();
}

uint64_t arch_clock_ns(void)
{
    return scale(arch_cycles() - start, ns_per_cycle);
}

void arch_timer_set(uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX) {
        SYSTEM_WRITE("cntv_ctl_el0", 0);
        return;
    }
    uint64_t now = arch_clock_ns();
    uint64_t cycles =
        deadline_ns > now ? scale(deadline_ns - now, cycles_per_ns) + 1 : 0;

    SYSTEM_WRITE("cntv_cval_el0", arch_cycles() + cycles);
    SYSTEM_WRITE("cntv_ctl_el0", CTL_ENABLE);
    __asm__ volatile("isb" ::: "memory");
}

void clock_silence(void)
{
    SYSTEM_WRITE("cntv_ctl_el0", CTL_ENABLE | CTL_IMASK);
    __asm__ volatile("isb" ::: "memory");
}
