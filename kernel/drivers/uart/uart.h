/* SPDX-License-Identifier: MIT */
/*
 * uart.h - the serial line COM1: a 16550 UART at eight ports. [16550 §8]
 *
 * The bodies are lab 01's. Registers, by their offset from UART_BASE:
 *
 *     0  THR  to send      | RBR  received     while LCR_DLAB is set: divisor,
 *     1  IER  interrupts wanted                low byte and high byte
 *     2  FCR  FIFO control
 *     3  LCR  line control: format of a character
 *     4  MCR  modem control
 *     5  LSR  line status
 *     7  SCR  scratch: keeps a byte for whoever wants
 */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

enum {
    UART_BASE = 0x3f8,

    UART_THR = 0,               /* write */
    UART_RBR = 0,               /* read */
    UART_DLL = 0,               /* with LCR_DLAB */
    UART_DLM = 1,               /* with LCR_DLAB */
    UART_IER = 1,
    UART_FCR = 2,
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCR = 7,

    UART_FCR_ENABLE = 1 << 0,   /* use the FIFOs */
    UART_FCR_CLEAR_RX = 1 << 1,
    UART_FCR_CLEAR_TX = 1 << 2,
    UART_LCR_8_BITS = 3 << 0,   /* with no parity and one stop bit: 8N1 */
    UART_LCR_DLAB = 1 << 7,     /* divisor latch access */
    UART_MCR_DTR = 1 << 0,
    UART_MCR_RTS = 1 << 1,
    UART_LSR_THRE = 1 << 5,     /* the transmitter can take a character */

    UART_CLOCK = 115200,        /* baud at a divisor of 1 */
    UART_BAUD = 115200,
    UART_PATIENCE = 1 << 23,    /* how often to look before giving up */
};

/* Finds out whether there is a UART, and sets it to UART_BAUD, 8N1, FIFOs on
 * and empty, no interrupts. Returns 0, or -ENODEV when nobody answers. */
int uart_init(void);

/* Sends `c`, waiting until the line can take it, but for no more than
 * UART_PATIENCE looks: then the character is lost, and the guest lives.
 * '\n' goes out as "\r\n": to a terminal, '\n' alone means straight down. */
void uart_putc(char c);

#endif
