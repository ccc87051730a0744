/* SPDX-License-Identifier: MIT */
/*
 * timer.c - another right answer to lab 04: of the two counts around the true
 * one, whichever is nearer.
 */
#include "drivers/pit/pit.h"

#include "arch/arch.h"
#include "lib/errno.h"

/* By how much so many steps, `hz` times a second, miss a second. */
static uint64_t error_of(uint64_t count, unsigned hz)
{
    uint64_t steps = count * hz;

    return steps > PIT_HZ ? steps - PIT_HZ : PIT_HZ - steps;
}

int timer_set_rate(unsigned hz)
{
    uint64_t count = hz ? PIT_HZ / hz : 0;

    if (hz && error_of(count + 1, hz) <= error_of(count, hz))
        count++;
    if (!hz || count < 2 || count > UINT16_MAX)
        return -EINVAL;
    port_write8(PIT_COMMAND, PIT_MODE2 + PIT_LOW_HIGH + PIT_SELECT0);
    port_write8(PIT_COUNTER0, count % 256);
    port_write8(PIT_COUNTER0, (uint8_t)(count / 256));
    timer_rate = hz;
    return 0;
}

void timer_interrupt(void *ctx)
{
    (void)ctx;
    timer_count += 1;
}

uint64_t timer_ticks(void)
{
    return timer_count;
}

uint64_t timer_ms(void)
{
    uint64_t thousandths = 1000 * timer_ticks();

    return thousandths / (timer_rate ? timer_rate : UINT64_MAX);
}
