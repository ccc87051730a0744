/* SPDX-License-Identifier: MIT */
/*
 * uart_input.c - characters that come in on the serial line, by its interrupt.
 *
 * The UART raises its line when a character comes into an empty FIFO, and lets
 * go when the FIFO is empty again. So the handler only posts, and the work
 * reads until nothing is left: what comes later raises the line anew.
 */
#include "drivers/uart/input/uart_input.h"

#include "arch/arch.h"
#include "core/irq.h"
#include "drivers/uart/uart.h"
#include "event/event.h"
#include "lib/errno.h"

enum {
    COM1_LINE = 4,              /* of the I/O APIC */
    IER_RECEIVED = 1 << 0,      /* [16550 §8.4] */
    LSR_READY = 1 << 0,         /* a character is there [16550 §8.6] */
    MCR_OUT2 = 1 << 3,          /* lets the interrupt out, on a PC */
    BATCH = 64,                 /* at most so many, then others' turn */
};

static void (*listener)(char c);

static char plain(uint8_t c)
{
    return c == '\r' ? '\n' : c == 127 ? '\b' : (char)c;
}

static void read_all(struct event_work *work)
{
    for (int i = 0; i < BATCH; i++) {
        if (!(port_read8(UART_BASE + UART_LSR) & LSR_READY))
            return;
        listener(plain(port_read8(UART_BASE + UART_RBR)));
    }
    event_post(work);
}

static struct event_work work = { .run = read_all };

static void interrupt(void *ctx)
{
    (void)ctx;
    event_post(&work);
}

int uart_listen(void (*typed)(char c))
{
    struct irq_source source = { .kind = IRQ_LINE, .line = COM1_LINE };

    if (port_read8(UART_BASE + UART_LSR) == 0xff)
        return -ENODEV;
    listener = typed;
    int error = irq_request(&source, interrupt, 0);
    if (error)
        return error;
    port_write8(UART_BASE + UART_MCR,
                UART_MCR_DTR | UART_MCR_RTS | MCR_OUT2);
    port_write8(UART_BASE + UART_IER, IER_RECEIVED);
    event_post(&work);          /* what came before */
    return 0;
}
