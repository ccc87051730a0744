/* SPDX-License-Identifier: MIT */
/*
 * debug.c - words that get out whatever else is broken, and the end.
 */
#include "x86.h"

enum { DEBUG_CONSOLE = 0xe9, DEBUG_EXIT = 0x501 };

/* COM1's registers, and one bit. [16550 §8] */
enum { COM1_THR = 0x3f8, COM1_LSR = 0x3fd, LSR_THRE = 1 << 5 };

/* Ports at which nobody listens swallow what is written and read as all ones,
 * so neither the console nor the line needs to be there; the line gets a
 * while to drain, and no more. */
void arch_debug_putc(char c)
{
    port_write8(DEBUG_CONSOLE, (uint8_t)c);
    for (int i = 0; i < 100000; i++)
        if (port_read8(COM1_LSR) & LSR_THRE)
            break;
    if (c == '\n')
        port_write8(COM1_THR, '\r');
    port_write8(COM1_THR, (uint8_t)c);
}

_Noreturn void arch_exit(int status)
{
    port_write16(DEBUG_EXIT, (uint16_t)status);     /* QEMU ends here */
    for (;;)
        __asm__ volatile("cli; hlt");
}
