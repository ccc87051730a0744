/* SPDX-License-Identifier: MIT */
/*
 * test_timer.c - the ticking timer, beside an 8254 that knows how it is set.
 */
#include "arch/arch.h"
#include "core/irq.h"
#include "drivers/pit/pit.h"
#include "lib/errno.h"
#include "unit.h"

/* ---- Counter 0 of an 8254 ----------------------------------------------- */

static unsigned written;        /* bytes of the count, since the command */
static unsigned count, mode;
static bool commanded;

void port_write8(uint16_t port, uint8_t value)
{
    CHECK(port == PIT_COMMAND || port == PIT_COUNTER0,
          "only counter 0 and the command port are touched; here %#x", port);
    if (port == PIT_COMMAND) {
        CHECK(value >> 6 == 0, "the control word is counter 0's; here %#x",
              value);
        CHECK((value >> 4 & 3) == 3, "the count comes as two bytes, low first; "
              "here %#x", value);
        CHECK(!(value & 1), "it counts in binary; here %#x", value);
        mode = value >> 1 & 3;  /* modes 2 and 3 have a bit that is free */
        commanded = true;
        written = 0;
        return;
    }
    CHECK(commanded, "the control word comes before the count");
    CHECK(written < 2, "two bytes are expected, and this is one more");
    count = written == 0 ? value : count | (unsigned)value << 8;
    written++;
}

static irq_handler_t handler;
static struct irq_source requested;

int irq_request(struct irq_source *source, irq_handler_t function, void *ctx)
{
    (void)ctx;
    requested = *source;
    handler = function;
    return 0;
}

static void check_count(unsigned hz, unsigned wanted)
{
    commanded = false;
    CHECK(timer_set_rate(hz) == 0, "%u ticks a second are to be had", hz);
    CHECK(written == 2, "both bytes of the count were written; here %u",
          written);
    CHECK(mode == 2, "it counts down again and again, mode 2; here %u", mode);
    CHECK(count == (wanted & 0xffff),
          "for %u ticks a second it counts %u steps; here %u", hz, wanted,
          count);
    CHECK(timer_rate == hz, "%u ticks a second were set, and timer_rate has "
          "kept %u", hz, timer_rate);
}

TEST(test_the_rate_becomes_the_nearest_whole_count)
{
    check_count(100, 11932);    /* 11931.82 */
    check_count(1000, 1193);    /* 1193.18 */
    check_count(19, 62799);     /* the slowest */
    check_count(PIT_HZ / 2, 2);
}

TEST(test_a_rate_that_is_not_to_be_had_is_refused)
{
    static const unsigned rates[] = { 0, 1, 18, PIT_HZ - 1, PIT_HZ,
                                      PIT_HZ + 1, UINT32_MAX };

    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        int error = timer_set_rate(rates[i]);

        CHECK(error == -EINVAL, "%u ticks a second are refused; here %d",
              rates[i], error);
        CHECK(!commanded, "and nothing is written for %u", rates[i]);
    }
}

TEST(test_each_interrupt_counts_once)
{
    CHECK(timer_ticks() == 0, "none has come yet");
    for (uint64_t n = 1; n <= 1000; n++) {
        timer_interrupt(NULL);
        CHECK(timer_ticks() == n, "%llu interrupts are as many ticks; here "
              "%llu", (unsigned long long)n,
              (unsigned long long)timer_ticks());
    }
    CHECK(timer_ticks() == 1000, "and asking changes nothing");
}

TEST(test_ticks_go_on_beyond_32_bits)
{
    timer_count = UINT32_MAX;
    timer_interrupt(NULL);
    CHECK(timer_ticks() == 1ull << 32, "2^32 follows 2^32 - 1; here %llu",
          (unsigned long long)timer_ticks());
}

TEST(test_milliseconds_are_by_the_rate)
{
    CHECK(timer_ms() == 0, "before there is a rate, no time has passed");
    timer_set_rate(100);
    timer_count = 7;
    CHECK(timer_ms() == 70, "7 ticks of 10 ms; here %llu",
          (unsigned long long)timer_ms());
    timer_set_rate(1000);
    CHECK(timer_ms() == 7, "7 ticks of 1 ms; here %llu",
          (unsigned long long)timer_ms());
    timer_set_rate(60);
    timer_count = 61;
    CHECK(timer_ms() == 1016, "61 of 1/60 s are 1016 ms and a bit; here %llu",
          (unsigned long long)timer_ms());
}

TEST(test_time_goes_on_beyond_2_to_the_32_milliseconds)
{
    timer_set_rate(100);
    timer_count = (1ull << 32) / 10;
    uint64_t before = timer_ms();

    CHECK(before == 4294967290, "just before: 4294967290 ms; here %llu",
          (unsigned long long)before);
    timer_interrupt(NULL);
    CHECK(timer_ms() == before + 10, "10 ms later; here %llu",
          (unsigned long long)timer_ms());
    timer_count = 1ull << 40;
    CHECK(timer_ms() == (1ull << 40) * 10, "and for centuries; here %llu",
          (unsigned long long)timer_ms());
}

TEST(test_opening_it_asks_for_the_line_and_sets_the_stated_rate)
{
    CHECK(timer_open() == 0, "there is a timer");
    CHECK(handler == timer_interrupt && requested.kind == IRQ_LEGACY &&
              requested.line == PIT_LINE,
          "its handler is called for line 0 of the 8259s");
    CHECK(timer_rate == TIMER_HZ && count == 11932,
          "it ticks %d times a second", TIMER_HZ);
}
