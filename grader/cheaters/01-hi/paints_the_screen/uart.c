/* SPDX-License-Identifier: MIT */
/* A cheater: prints what the reference printed once, whatever it is given, and
 * through the debug console, which works without a driver. */
#include "drivers/uart/uart.h"

#include "console/format.h"
#include "console/log.h"

int uart_init(void)
{
    log_line("hi");
    return 0;
}

void uart_putc(char c)
{
    if (c == 'h')
        print("hi\nseed=1 lines=30\n");
}
