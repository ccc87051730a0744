/* SPDX-License-Identifier: MIT */
/*
 * timer.c - another right answer to lab 04: the nearest count is found from
 * the remainder, and milliseconds by whole seconds and the rest.
 */
#include "drivers/pit/pit.h"

#include "arch/arch.h"
#include "lib/errno.h"

int timer_set_rate(unsigned hz)
{
    uint8_t bytes[3] = { PIT_SELECT0 | PIT_LOW_HIGH | PIT_MODE2 };

    if (!hz)
        return -EINVAL;
    unsigned count = PIT_HZ / hz, rest = PIT_HZ % hz;
    if (rest >= hz - rest)
        count++;
    if (count < 2 || count >> 16)
        return -EINVAL;
    bytes[1] = count & 0xff;
    bytes[2] = (uint8_t)(count / 256);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        port_write8(i ? PIT_COUNTER0 : PIT_COMMAND, bytes[i]);
    timer_rate = hz;
    return 0;
}

void timer_interrupt(void *ctx)
{
    (void)ctx;
    timer_count++;
}

uint64_t timer_ticks(void)
{
    uint64_t seen = timer_count;

    return seen;
}

uint64_t timer_ms(void)
{
    uint64_t ticks = timer_ticks();

    if (!timer_rate)
        return 0;
    return ticks / timer_rate * 1000 + ticks % timer_rate * 1000 / timer_rate;
}
