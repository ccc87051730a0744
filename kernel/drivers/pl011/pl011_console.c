/* SPDX-License-Identifier: MIT */
/*
 * pl011_console.c - makes the board's serial line, a PL011, a console.
 * [Arm PrimeCell UART, DDI 0183]
 *
 * How fast it is, the firmware has set: that needs the clock behind it, and a
 * guest's line has no speed at all.
 */
#include "arch/aarch64/board.h"
#include "arch/arch.h"
#include "console/console.h"
#include "core/start.h"

enum {                          /* [PL011 §3.2] */
    UARTDR = 0x000,
    UARTFR = 0x018,
    UARTLCR_H = 0x02c,
    UARTCR = 0x030,
    UARTIMSC = 0x038,
    REGISTERS = 0x1000,

    FR_BUSY = 1 << 3,           /* is sending */
    FR_TXFF = 1 << 5,           /* can take no character */
    LCR_H_FEN = 1 << 4,         /* use the FIFOs */
    LCR_H_8_BITS = 3 << 5,      /* no parity, one stop bit: 8N1 */
    CR_UARTEN = 1 << 0,
    CR_TXE = 1 << 8,
    CR_RXE = 1 << 9,

    PATIENCE = 1 << 23,         /* how often to look before giving up */
};

static uintptr_t uart;

/* Waits until FR has not `bit`; false when that takes too long. */
static bool wait_for_no(uint32_t bit)
{
    for (int i = 0; i < PATIENCE; i++)
        if (!(mmio_read32(uart + UARTFR) & bit))
            return true;
    return false;
}

static void send(char c)
{
    if (wait_for_no(FR_TXFF))
        mmio_write32(uart + UARTDR, (uint8_t)c);
}

/* To a terminal, '\n' alone means straight down. */
static void pl011_putc(char c)
{
    if (c == '\n')
        send('\r');
    send(c);
}

static struct console console = { .name = "pl011", .putc = pl011_putc };

static void pl011_console_init(void)
{
    const struct board_device *device = &board()->uart;

    if (device->base == 0 || device->size < REGISTERS)
        return;
    uart = arch_map_device(device->base, device->size);
    if (!uart)
        return;

    /* Numbered as [PL011 §3.3.8]. */
    mmio_write32(uart + UARTCR, 0);                     /* 1. disable */
    wait_for_no(FR_BUSY);                               /* 2. last character */
    mmio_write32(uart + UARTLCR_H, LCR_H_8_BITS);       /* 3. flush the FIFO */
    mmio_write32(uart + UARTIMSC, 0);                   /* no interrupts */
    mmio_write32(uart + UARTLCR_H, LCR_H_8_BITS | LCR_H_FEN);
    mmio_write32(uart + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);   /* 4. enable */
    console_add(&console);
}
INITCALL(INIT_CONSOLE, pl011_console_init);
