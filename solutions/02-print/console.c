/* SPDX-License-Identifier: MIT */
/*
 * console.c - text to every console, and a screen that moves up when it is
 * full. Stands on the drivers that plugged themselves in (console/console.h)
 * and leaves to them what a character looks like.
 */
#include "console/console.h"
#include "arch/arch.h"
#include "core/panic.h"

void console_write(const char *text, size_t len)
{
    /* TODO 2.7 console_write: give each of the `len` characters, in order, to
     * the putc() of every console in console_list(). There may be none. */
    for (struct console *c = console_list(); c; c = c->next)
        for (size_t i = 0; i < len; i++)
            c->putc(text[i]);
    /* END 2.7 */
}

void console_scroll(void)
{
    /* TODO 2.8 console_scroll: move rows 1 to VGA_ROWS - 1 of the screen up
     * by one, whole cells, with vga_read_cell() and vga_write_cell(); then
     * write VGA_BLANK to each cell of the last row. */
    const unsigned last_row = VGA_COLUMNS * (VGA_ROWS - 1);

    for (unsigned i = 0; i < last_row; i++)
        vga_write_cell(i, vga_read_cell(i + VGA_COLUMNS));
    for (unsigned i = last_row; i < last_row + VGA_COLUMNS; i++)
        vga_write_cell(i, VGA_BLANK);
    /* END 2.8 */
}
