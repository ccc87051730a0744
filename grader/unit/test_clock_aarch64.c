/* SPDX-License-Identifier: MIT */
/*
 * test_clock_aarch64.c - the aarch64 port's clock and timer, before a counter
 * that the test moves. The port's source is a part of this file, so that the
 * processor's registers can be the test's.
 */
#include <setjmp.h>
#include <string.h>

#include "arch/aarch64/aarch64.h"
#include "unit.h"

enum { ENABLE = 1, MASKED = 2 };

static uint64_t cntfrq_el0, cntv_ctl_el0, cntv_cval_el0;

static uint64_t *register_of(const char *name)
{
    return strcmp(name, "cntfrq_el0") == 0     ? &cntfrq_el0
           : strcmp(name, "cntv_ctl_el0") == 0 ? &cntv_ctl_el0
                                               : &cntv_cval_el0;
}

#undef SYSTEM_READ
#undef SYSTEM_WRITE
#undef SYSTEM_SYNC
#define SYSTEM_READ(name) (*register_of(name))
#define SYSTEM_WRITE(name, value) (*register_of(name) = (value))
#define SYSTEM_SYNC() ((void)0)
#include "../../kernel/arch/aarch64/clock.c"

static uint64_t counter;
static jmp_buf refusal;

uint64_t arch_cycles(void)
{
    return counter;
}

void core_refuse(const char *why)
{
    CHECK(strstr(why, "how fast"), "here: %s", why);
    longjmp(refusal, 1);
}

static const uint32_t rates[] = {
    1000000, 19200000, 24000000, 25000000, 54000000, 62500000, 100000000,
    999999999, 1000000000, UINT32_MAX,
};

static void boots_at(uint32_t hz)
{
    cntfrq_el0 = hz;
    counter = 5ull * hz;            /* it has run before us */
    clock_init();
    CHECK(cntv_ctl_el0 == 0 && arch_clock_ns() == 0, "at %u Hz", hz);
}

TEST(test_a_second_is_a_second_and_so_is_a_year_of_them)
{
    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        boots_at(rates[i]);
        for (uint64_t s = 1; s <= 365 * 86400; s *= 2) {
            uint64_t from = counter;
            counter += s * rates[i];
            CHECK(arch_clock_ns() == s * NS_PER_S, "%u Hz, %lu s: it is %lu",
                  rates[i], s, arch_clock_ns());
            counter = from;
        }
    }
}

TEST(test_the_timer_fires_in_the_cycle_in_which_its_deadline_has_been)
{
    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        boots_at(rates[i]);
        for (unsigned round = 0; round < 5000; round++) {
            uint64_t from = counter;
            uint64_t deadline = arch_clock_ns() + 1 +
                                (unit_random() & ((1ull << round % 52) - 1));
            arch_timer_set(deadline);
            CHECK(cntv_ctl_el0 == ENABLE && cntv_cval_el0 >= counter, "set");
            counter = cntv_cval_el0;
            uint64_t now = arch_clock_ns();
            uint64_t most = NS_PER_S / rates[i] + 1;
            CHECK(now >= deadline, "%u Hz: %lu ns early for %lu", rates[i],
                  deadline - now, deadline);
            CHECK(now - deadline <= most, "%u Hz: %lu ns late for %lu",
                  rates[i], now - deadline, deadline);
            counter = from + (unit_random() & 0xffffffff);
        }
    }
}

TEST(test_a_deadline_in_the_past_fires_at_once_and_one_far_off_does_not)
{
    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        boots_at(rates[i]);
        counter += rates[i];
        arch_timer_set(1);
        CHECK(cntv_ctl_el0 == ENABLE && cntv_cval_el0 <= counter,
              "%u Hz: one nanosecond after start-up has been", rates[i]);
        for (uint64_t less = 1; less < 1ull << 62; less *= 2) {
            arch_timer_set(UINT64_MAX - less);
            CHECK(cntv_cval_el0 > counter + rates[i],
                  "%u Hz: in hundreds of years, and not at once", rates[i]);
        }
        arch_timer_set(UINT64_MAX);
        CHECK(cntv_ctl_el0 == 0, "never");
    }
}

TEST(test_the_timer_is_silent_until_it_is_set_again)
{
    boots_at(62500000);
    arch_timer_set(1000);
    clock_silence();
    CHECK(cntv_ctl_el0 == (ENABLE | MASKED), "the line is let go");
    arch_timer_set(2000);
    CHECK(cntv_ctl_el0 == ENABLE, "and may be taken again");
}

TEST(test_a_counter_of_an_unknown_rate_is_refused)
{
    cntfrq_el0 = 0;
    if (!setjmp(refusal)) {
        clock_init();
        FAIL("a rate of 0 is taken for one");
    }
}
