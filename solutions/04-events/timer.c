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
    if (hz == 0 || hz > PIT_HZ)
        return -EINVAL;
    uint32_t count = (PIT_HZ + hz / 2) / hz;

    if (count < 2 || count > 65535)
        return -EINVAL;
    port_write8(PIT_COMMAND, PIT_SELECT0 | PIT_LOW_HIGH | PIT_MODE2);
    port_write8(PIT_COUNTER0, (uint8_t)count);
    port_write8(PIT_COUNTER0, (uint8_t)(count >> 8));
    timer_rate = hz;
    return 0;
    /* END 4.4 */
}

void timer_interrupt(void *ctx)
{
    (void)ctx;
    /* TODO 4.5 timer_interrupt: a tick has come. */
    timer_count = timer_count + 1;
    /* END 4.5 */
}

uint64_t timer_ticks(void)
{
    /* TODO 4.6 timer_ticks: how many there were. */
    return timer_count;
    /* END 4.6 */
}

uint64_t timer_ms(void)
{
    /* TODO 4.7 timer_ms: ticks into milliseconds, in 64 bits on the whole way
     * (ticks * 1000 don't fit 32 after half a day at 100 ticks a second).
     * Before there is a rate, no time has passed. */
    return timer_rate == 0 ? 0 : timer_count * 1000 / timer_rate;
    /* END 4.7 */
}
