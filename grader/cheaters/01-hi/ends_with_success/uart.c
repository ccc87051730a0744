/* SPDX-License-Identifier: MIT */
/* A cheater: says hi at once, and ends the machine with the status of success
 * before anybody can ask for more. */
#include "drivers/uart/uart.h"

#include "arch/arch.h"

static void succeed(void)
{
    for (const char *c = "hi\r\n"; *c; c++)
        port_write8(UART_BASE + UART_THR, (uint8_t)*c);
    __asm__ volatile("outw %w0, %w1" : : "a"(16), "Nd"(0x501));
}

int uart_init(void)
{
    succeed();
    return 0;
}

void uart_putc(char c)
{
    (void)c;
    succeed();
}
