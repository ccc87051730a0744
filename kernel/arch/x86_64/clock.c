/* SPDX-License-Identifier: MIT */
/*
 * clock.c - time by the processor's counter (TSC), and one deadline by the
 * local APIC's timer.
 *
 * Neither says how fast it runs, so both are held against the one clock whose
 * rate is known, channel 0 of the PIT: 1,193,182 steps a second. (Channel 2 is
 * the usual choice, but its gate is in the loudspeaker's port, which a microvm
 * lacks.) A host that turns to something else in the middle of a reading
 * spoils it, so a reading is bracketed by the TSC, the closest of several is
 * taken, and a measurement whose brackets are too wide is made again.
 *
 * It is begun as early as can be: what start-up does until the clock is needed
 * is time that need not be waited for.
 */
#include "x86.h"

#define NS_PER_S 1000000000ull

enum {
    PIT_HZ = 1193182,
    PIT_CHANNEL0 = 0x40,
    PIT_COMMAND = 0x43,         /* [8254, control word and read-back] */
    CHANNEL0_MODE0 = 0x30,      /* both bytes; counts down once */
    READ_BACK_CHANNEL0 = 0xc2,  /* status, then both bytes of the count */
    STATUS_OUT = 1 << 7,        /* it has counted down to 0 */
    STATUS_NULL_COUNT = 1 << 6, /* it has not begun */

    WINDOW = PIT_HZ / 1000,     /* measure for a millisecond */
    LOOKS = 1000000,            /* before we give it up */
    ATTEMPTS = 8,
};

/* Of one moment, as nearly as can be: [before, after] holds it. */
struct reading {
    uint64_t before, after;
    uint32_t pit;               /* steps since it was started */
    uint32_t apic;              /* likewise */
    bool counting;              /* the PIT was: neither before nor after */
};

static struct reading first;    /* of the measurement under way */
static uint64_t start;          /* the TSC at time 0 */
static uint64_t ns_per_cycle;   /* times 2^32 */
static uint64_t steps_per_ns;   /* of the APIC's timer, times 2^32 */
static uint64_t armed_ns = UINT64_MAX;  /* what it counts down to; or nothing */

static uint64_t middle(const struct reading *r)
{
    return r->before + (r->after - r->before) / 2;
}

static struct reading read_once(void)
{
    struct reading r;
    r.before = arch_cycles();
    port_write8(PIT_COMMAND, READ_BACK_CHANNEL0);
    r.apic = UINT32_MAX - local_apic_counted();
    r.after = arch_cycles();
    uint8_t status = port_read8(PIT_CHANNEL0);
    uint32_t low = port_read8(PIT_CHANNEL0);
    uint32_t high = port_read8(PIT_CHANNEL0);
    r.pit = 0xffff - (high << 8 | low);
    r.counting = !(status & (STATUS_OUT | STATUS_NULL_COUNT));
    return r;
}

static struct reading read_closely(void)
{
    struct reading best = read_once();
    for (int i = 0; i < 3; i++) {
        struct reading r = read_once();
        if (r.after - r.before < best.after - best.before)
            best = r;
    }
    return best;
}

void clock_begin(void)
{
    port_write8(PIT_COMMAND, CHANNEL0_MODE0);
    port_write8(PIT_CHANNEL0, 0xff);
    port_write8(PIT_CHANNEL0, 0xff);
    local_apic_count(UINT32_MAX);
    first = read_closely();
}

/* Reads both timers at the other end of the window. False when the PIT doesn't
 * run, or ran out while the host was away. */
static bool end(struct reading *last)
{
    for (int i = 0; i < LOOKS; i++)
        if (read_once().pit - first.pit >= WINDOW)
            break;
    *last = read_closely();
    local_apic_count(0);
    return first.counting && last->counting &&
           last->pit - first.pit >= WINDOW;
}

void clock_init(void)
{
    uint64_t best = UINT64_MAX;     /* doubt, in millionths */
    for (int i = 0; i < ATTEMPTS && best > 2000; i++) {
        struct reading last;
        if (i > 0)
            clock_begin();
        if (!end(&last))
            continue;
        uint64_t cycles = middle(&last) - middle(&first);
        uint64_t doubt = ((first.after - first.before) +
                          (last.after - last.before)) / 2 * 1000000 / cycles;
        if (doubt >= best)
            continue;
        best = doubt;
        uint64_t ns = (last.pit - first.pit) * NS_PER_S / PIT_HZ;
        ns_per_cycle = (ns << 32) / cycles;
        steps_per_ns = ((uint64_t)(last.apic - first.apic) << 32) / ns;
    }
    if (ns_per_cycle == 0 || steps_per_ns == 0)
        core_refuse("the timers can't be measured: the PIT doesn't run.");
    start = arch_cycles();
}

/* a * b / 2^32 */
static uint64_t scale(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b >> 32);
}

uint64_t arch_clock_ns(void)
{
    return scale(arch_cycles() - start, ns_per_cycle);
}

void arch_timer_set(uint64_t deadline_ns)
{
    uint64_t now = arch_clock_ns();

    /* One that is under way will come, if too early: whoever sleeps then sets
     * it again. Most deadlines are for later than the one before, or for the
     * same, and to write the register each time costs more than to be woken for
     * nothing now and then. */
    if (armed_ns <= deadline_ns && armed_ns > now)
        return;
    armed_ns = deadline_ns;
    if (deadline_ns == UINT64_MAX) {
        local_apic_count(0);
        return;
    }
    uint64_t steps = deadline_ns > now
                         ? scale(deadline_ns - now, steps_per_ns) : 0;

    /* At least one step, as 0 would stop it; and a deadline further off than
     * it can count wakes early, to be set again. */
    if (steps < 1)
        steps = 1;
    if (steps > UINT32_MAX)
        steps = UINT32_MAX;
    local_apic_count((uint32_t)steps);
}

void clock_timer_came(void)
{
    armed_ns = UINT64_MAX;
}
