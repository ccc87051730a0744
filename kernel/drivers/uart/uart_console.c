/* SPDX-License-Identifier: MIT */
/*
 * uart_console.c - makes the serial line a console, if there is one.
 */
#include "console/console.h"
#include "core/start.h"
#include "drivers/uart/uart.h"

static struct console console = { .name = "uart", .putc = uart_putc };

static void uart_console_init(void)
{
    if (uart_init() == 0)
        console_add(&console);
}
INITCALL(INIT_CONSOLE, uart_console_init);
