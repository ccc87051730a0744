/* SPDX-License-Identifier: MIT */
/*
 * timer.c - a clock that ticks: the PIT set to a rate, and its interrupts
 * counted. Stands on two ports and on whoever calls the handler; leaves to the
 * event loop what is done at which time.
 */
#include "drivers/pit/pit.h"

#include "arch/arch.h"
#include "core/panic.h"
#include "lib/errno.h"

int timer_set_rate(unsigned hz)
{
    /* TODO 4.4 timer_set_rate: the count is PIT_HZ / hz, to the nearest whole
     * number; mind an hz of 0. Who makes milliseconds of ticks will have to
     * know the rate. Write the control word for counter 0, low byte and high
     * byte, mode 2; then the count's two bytes, low first, to the
     * counter's own port. [8254, control word; mode 2] */
    lab_todo("4.4 timer_set_rate");
    /* END 4.4 */
}

void timer_interrupt(void *ctx)
{
    (void)ctx;
    /* TODO 4.5 timer_interrupt: a tick has come. */
    lab_todo("4.5 timer_interrupt");
    /* END 4.5 */
}

uint64_t timer_ticks(void)
{
    /* TODO 4.6 timer_ticks: how many there were. */
    lab_todo("4.6 timer_ticks");
    /* END 4.6 */
}

uint64_t timer_ms(void)
{
    /* TODO 4.7 timer_ms: ticks into milliseconds, in 64 bits on the whole way
     * (ticks * 1000 don't fit 32 after half a day at 100 ticks a second).
     * Before there is a rate, no time has passed. */
    lab_todo("4.7 timer_ms");
    /* END 4.7 */
}
