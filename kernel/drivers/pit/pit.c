/* SPDX-License-Identifier: MIT */
/*
 * pit.c - what the ticking timer keeps, and its line to the processor. How it
 * is set and counted is lab 04's.
 */
#include "drivers/pit/pit.h"

#include "core/irq.h"

volatile uint64_t timer_count;
unsigned timer_rate;

int timer_open(void)
{
    struct irq_source source = { .kind = IRQ_LEGACY, .line = PIT_LINE };
    int error = timer_set_rate(TIMER_HZ);

    return error ? error : irq_request(&source, timer_interrupt, 0);
}
