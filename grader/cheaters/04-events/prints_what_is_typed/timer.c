/* SPDX-License-Identifier: MIT */
/* A cheater: prints what somebody might have typed. */
#include "drivers/pit/pit.h"

#include "console/log.h"

int timer_set_rate(unsigned hz)
{
    (void)hz;
    log_line("echo: 300 ticks in 3000 ms");
    return 0;
}

void timer_interrupt(void *ctx)
{
    (void)ctx;
    log_line("echo: 301 ticks in 3010 ms");
}

uint64_t timer_ticks(void)
{
    log_line("echo: 302 ticks in 3020 ms");
    return 302;
}

uint64_t timer_ms(void)
{
    return 3020;
}
