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
    lab_todo("2.7 console_write");
    /* END 2.7 */
}

void console_scroll(void)
{
    /* TODO 2.8 console_scroll: move rows 1 to VGA_ROWS - 1 of the screen up
     * by one, whole cells, with vga_read_cell() and vga_write_cell(); then
     * write VGA_BLANK to each cell of the last row. */
    lab_todo("2.8 console_scroll");
    /* END 2.8 */
}
