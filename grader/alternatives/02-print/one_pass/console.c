/* SPDX-License-Identifier: MIT */
/*
 * console.c - another right answer to lab 02: all consoles get a character
 * before any gets the next, and rows are moved through a copy.
 */
#include "console/console.h"

#include "arch/arch.h"

void console_write(const char *text, size_t len)
{
    const char *end = text + len;

    for (; text != end; text++)
        for (struct console *c = console_list(); c != NULL; c = c->next)
            c->putc(*text);
}

void console_scroll(void)
{
    uint16_t row[VGA_COLUMNS];

    for (unsigned to = 0; to < VGA_ROWS; to++) {
        for (unsigned i = 0; i < VGA_COLUMNS; i++)
            row[i] = to + 1 < VGA_ROWS
                         ? vga_read_cell((to + 1) * VGA_COLUMNS + i)
                         : VGA_BLANK;
        for (unsigned i = 0; i < VGA_COLUMNS; i++)
            vga_write_cell(to * VGA_COLUMNS + i, row[i]);
    }
}
