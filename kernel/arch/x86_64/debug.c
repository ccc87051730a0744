/* SPDX-License-Identifier: MIT */
/*
 * debug.c - words that get out whatever else is broken, and the end.
 */
#include "x86.h"

enum { DEBUG_CONSOLE = 0xe9, DEBUG_EXIT = 0x501 };

/* COM1's registers and two bits of LSR. [16550 §8] */
enum {
    COM1_THR = 0x3f8,
    COM1_LSR = 0x3fd,
    LSR_THRE = 1 << 5,          /* takes a character */
    LSR_TEMT = 1 << 6,          /* has sent the last */
    LOOKS = 100000,
};

#define LAST_CYCLES (1ull << 34)    /* some seconds, on any processor */

/* Ports at which nobody listens read as all ones, so there need be no UART. */
static bool has(uint8_t bit)
{
    return (port_read8(COM1_LSR) & bit) != 0;
}

/* Waits until the UART takes a character; false when that takes too long. */
static bool has_room(void)
{
    for (int i = 0; i < LOOKS; i++)
        if (has(LSR_THRE))
            return true;
    return false;
}

/* Who reads may be late; a look takes less than 0.1 us on one host, and more
 * than 1 us on another. */
static void wait_sent(void)
{
    uint64_t began = arch_cycles();

    while (!has(LSR_TEMT) && arch_cycles() - began < LAST_CYCLES)
        ;
}

/* A line that is stuck is not tried again: the debug console has the words
 * too, and they must come to an end. */
static bool stuck;

static void serial_putc(char c)
{
    if (stuck || !has_room()) {
        stuck = true;
        return;
    }
    port_write8(COM1_THR, (uint8_t)c);
}

void arch_debug_putc(char c)
{
    port_write8(DEBUG_CONSOLE, (uint8_t)c);
    if (c == '\n')
        serial_putc('\r');
    serial_putc(c);
}

_Noreturn void arch_exit(int status)
{
    if (!stuck)
        wait_sent();                                /* what is said is said */
    port_write16(DEBUG_EXIT, (uint16_t)status);     /* QEMU ends here */
    for (;;)
        __asm__ volatile("cli; hlt");
}
