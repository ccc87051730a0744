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
    lab_todo("1.1 uart_init");
    /* END 1.1 */
}

void uart_putc(char c)
{
    /* TODO 1.2 uart_putc: a character may be written to THR only while LSR
     * says THRE; one that is written earlier is lost. Look at most
     * UART_PATIENCE times. Before a '\n', send a '\r' in the same way.
     * [16550 §8.6] */
    lab_todo("1.2 uart_putc");
    /* END 1.2 */
}
