/* SPDX-License-Identifier: MIT */
/* A cheater's other half: does nothing. */
#include "drivers/vga/vga.h"

void vga_clear(void)
{
}

void vga_newline(void)
{
}

void vga_putc(char c)
{
    (void)c;
}
