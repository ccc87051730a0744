/* SPDX-License-Identifier: MIT */
/*
 * uart.c - the serial line: set it up, send a character.
 *
 * The driver at the bottom of everything that is printed. It looks, and waits
 * by looking; interrupts come later. What a console is, and who calls whom,
 * is in console/console.h and drivers/uart/.
 */
#include "drivers/uart/uart.h"

#include "arch/arch.h"
#include "core/panic.h"
#include "lib/errno.h"

int uart_init(void)
{
    /* TODO 1.1 uart_init: is anybody there? A UART keeps a byte that is
     * written to its scratch register; an empty port does not, and reads as
     * 0xff. Then, in this order: no interrupts; the divisor, low byte and
     * high byte, while LCR_DLAB is set (it shares their offsets with other
     * registers: clear it again); 8N1; both FIFOs on and cleared; DTR and RTS
     * on, which tell the other side that we are here. [16550 §8.1-8.7] */
    port_write8(UART_BASE + UART_SCR, 0x5a);
    if (port_read8(UART_BASE + UART_SCR) != 0x5a)
        return -ENODEV;

    const unsigned divisor = UART_CLOCK / UART_BAUD;
    port_write8(UART_BASE + UART_IER, 0);
    port_write8(UART_BASE + UART_LCR, UART_LCR_DLAB);
    port_write8(UART_BASE + UART_DLL, divisor & 0xff);
    port_write8(UART_BASE + UART_DLM, divisor >> 8);
    port_write8(UART_BASE + UART_LCR, UART_LCR_8_BITS);
    port_write8(UART_BASE + UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX |
                                          UART_FCR_CLEAR_TX);
    port_write8(UART_BASE + UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
    return 0;
    /* END 1.1 */
}

void uart_putc(char c)
{
    /* TODO 1.2 uart_putc: a character may be written to THR only while LSR
     * says THRE; one that is written earlier is lost. Look at most
     * UART_PATIENCE times. Before a '\n', send a '\r' in the same way.
     * [16550 §8.6] */
    if (c == '\n')
        uart_putc('\r');
    for (int i = 0; i < UART_PATIENCE; i++)
        if (port_read8(UART_BASE + UART_LSR) & UART_LSR_THRE) {
            port_write8(UART_BASE + UART_THR, (uint8_t)c);
            return;
        }
    /* END 1.2 */
}
