/* SPDX-License-Identifier: MIT */
/*
 * pit.h - the 8254 timer of a PC (PIT), as a clock that ticks. [8254]
 *
 * Three counters run down from a number that is written to them, 1,193,182
 * steps a second. The output of counter 0 is line 0 of the 8259s: in mode 2 it
 * raises an interrupt each time it has run down, and starts again by itself.
 *
 *     count  N  N-1 ... 2  1  N  N-1 ...
 *     output --------------__-------------       the edge up: a tick
 *
 * The bodies are lab 04's. This is the timer of that lab and of `echo`; the
 * event loop's deadlines are kept by a better one (arch_timer_set()).
 */
#ifndef DRIVERS_PIT_H
#define DRIVERS_PIT_H

#include <stdint.h>

enum {
    PIT_HZ = 1193182,           /* steps a second */
    PIT_LINE = 0,               /* of the 8259s */

    PIT_COUNTER0 = 0x40,        /* data port */
    PIT_COMMAND = 0x43,         /* control word, of which the fields are: */
    PIT_SELECT0 = 0 << 6,       /*   counter 0 */
    PIT_LOW_HIGH = 3 << 4,      /*   the count comes as two bytes, low first */
    PIT_MODE2 = 2 << 1,         /*   rate generator, counting in binary */

    TIMER_HZ = 100,             /* the rate that timer_open() sets up */
};

/* Sets counter 0 to tick `hz` times a second, as nearly as a whole number of
 * steps will do. Returns 0, or -EINVAL when that number is not 2 to 65535;
 * then nothing is written. */
int timer_set_rate(unsigned hz);

/* The handler: one more tick. The 8259 is ended by irq_dispatch(). */
void timer_interrupt(void *ctx);

/* Ticks since start-up; never goes back, never wraps. */
uint64_t timer_ticks(void);

/* The same in milliseconds, by timer_rate. It goes on beyond 2^32 ms, which
 * are 50 days. */
uint64_t timer_ms(void);

/* Given, for the bodies: what is kept. The handler counts in the one,
 * timer_set_rate() keeps its argument in the other. */
extern volatile uint64_t timer_count;
extern unsigned timer_rate;     /* ticks a second; 0: none was set */

/* Given: starts it at TIMER_HZ. Returns 0, or -ENODEV when the machine has no
 * 8259 to bring the ticks. */
int timer_open(void);

#endif
