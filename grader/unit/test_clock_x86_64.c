/* SPDX-License-Identifier: MIT */
/*
 * test_clock_x86_64.c - the local APIC's timer as clock.c sets it, on a machine
 * in which time passes only when somebody asks for it.
 */
#include "arch/arch.h"
#include "arch/x86_64/x86.h"
#include "unit.h"

#define NS_PER_S 1000000000ull

enum {
    CYCLES_PER_US = 2400,
    APIC_STEPS_PER_US = 62,
    PIT_HZ = 1193182,
    LOOK = 2 * CYCLES_PER_US,   /* what it takes to ask */
};

static uint64_t cycles = 12345678, pit_from, apic_from;
static uint32_t count;          /* written last into the timer's register */
static unsigned writes, byte;

uint64_t arch_cycles(void)
{
    return cycles += LOOK;
}

void port_write8(uint16_t port, uint8_t value)
{
    (void)port, (void)value;
    pit_from = cycles;
    byte = 0;
}

/* What is read back: a status of 0, then the count, low byte first. */
uint8_t port_read8(uint16_t port)
{
    static uint64_t started;
    (void)port;
    if (byte == 0)
        started = started ? started : pit_from;
    uint64_t passed = (cycles - started) * PIT_HZ / CYCLES_PER_US / 1000000;
    unsigned now = 0xffff - (unsigned)passed;

    byte = (byte + 1) % 3;
    return byte == 1 ? 0 : (uint8_t)(byte == 2 ? now : now >> 8);
}

void local_apic_count(uint32_t value)
{
    count = value;
    apic_from = cycles;
    writes++;
}

uint32_t local_apic_counted(void)
{
    return count - (uint32_t)((cycles - apic_from) * APIC_STEPS_PER_US /
                              CYCLES_PER_US);
}

void core_refuse(const char *why)
{
    FAIL("the machine is refused: %s", why);
}

static void begin(void)
{
    clock_begin();
    clock_init();
    writes = 0;
}

static uint64_t in_us(uint64_t us)
{
    return arch_clock_ns() + us * 1000;
}

TEST(test_what_start_up_takes_until_the_clock_is_needed_is_not_waited_for)
{
    clock_begin();
    cycles += 3000 * CYCLES_PER_US;
    uint64_t from = cycles;
    clock_init();
    uint64_t took = (cycles - from) / CYCLES_PER_US;

    CHECK(took < 100, "the measurement took %u us more", (unsigned)took);
    uint64_t now = arch_clock_ns();

    cycles += 1000 * CYCLES_PER_US;
    uint64_t passed = (arch_clock_ns() - now) / 1000;

    CHECK(passed > 990 && passed < 1010,
          "a millisecond is %u us by the clock", (unsigned)passed);
}

TEST(test_a_deadline_becomes_so_many_steps)
{
    for (uint64_t us = 10; us < 30000000; us *= 7) {
        begin();
        arch_timer_set(in_us(us));
        uint64_t expected = us * APIC_STEPS_PER_US;
        CHECK(writes == 1 && count <= expected + expected / 100 &&
                  count + 500 >= expected - expected / 100,
              "%llu us are about %llu steps; here %u",
              (unsigned long long)us, (unsigned long long)expected, count);
        clock_timer_came();
    }
}

TEST(test_a_later_deadline_leaves_the_timer_as_it_is_and_an_earlier_does_not)
{
    begin();
    uint64_t deadline = in_us(5000);

    arch_timer_set(deadline);
    arch_timer_set(deadline);
    arch_timer_set(deadline + 1000000);
    arch_timer_set(UINT64_MAX);
    CHECK(writes == 1, "what comes early enough is let be; here %u writes",
          writes);
    arch_timer_set(deadline - 1000000);
    CHECK(writes == 2 && count <= 4000 * APIC_STEPS_PER_US, "an earlier one "
          "is set");
}

TEST(test_once_it_has_come_it_is_set_again_also_when_it_came_early)
{
    begin();
    uint64_t deadline = in_us(5000);

    arch_timer_set(deadline);
    clock_timer_came();
    arch_timer_set(deadline);
    CHECK(writes == 2, "the rest is waited for; here %u writes", writes);
}

TEST(test_one_that_is_due_and_has_not_come_is_not_relied_on)
{
    begin();
    arch_timer_set(in_us(1000));
    cycles += 2000 * CYCLES_PER_US;
    arch_timer_set(in_us(1000));
    CHECK(writes == 2, "it may have been lost: here %u writes", writes);
}

TEST(test_a_deadline_in_the_past_and_one_far_off_are_set_as_near_as_can_be)
{
    begin();
    arch_timer_set(1);
    CHECK(writes == 1 && count == 1, "0 would stop it; here %u", count);
    clock_timer_came();
    arch_timer_set(in_us(1000ull * 1000 * 1000));
    CHECK(writes == 2 && count == UINT32_MAX, "the most that it can count");
    clock_timer_came();
    arch_timer_set(UINT64_MAX);
    CHECK(count == UINT32_MAX || count == 0, "none is needed");
}
