/* SPDX-License-Identifier: MIT */
/*
 * console.h - what a console is: a place for characters to go.
 *
 * Drivers plug in (uart, vga); whatever is written goes to all of them. The
 * bodies of console_write() and console_scroll() are lab 02's.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <stddef.h>

struct console {
    const char *name;
    /* One character. '\n' begins a new line at the left edge. */
    void (*putc)(char c);
    struct console *next;
};

/* Plugs `c` in for good. The struct stays the driver's. */
void console_add(struct console *c);

/* All that is plugged in, in the order of plugging; NULL when nothing is. */
struct console *console_list(void);

/* Writes the `len` characters at `text`, a NUL like any other, to every
 * console. What is written before there is one is lost. Not from a handler. */
void console_write(const char *text, size_t len);

/*
 * The VGA text screen: cell number row * VGA_COLUMNS + column, reached by
 * vga_read_cell() and vga_write_cell() of arch/arch.h.
 *
 *      15    12 11     8 7              0
 *      +-------+--------+----------------+
 *      | paper |  ink   | character      |       7 on 0: light grey on black
 *      +-------+--------+----------------+
 */
enum { VGA_COLUMNS = 80, VGA_ROWS = 25, VGA_BLANK = 0x0700 | ' ' };

/* Moves the VGA text up by a row, each cell with its colours, and fills the
 * last row with VGA_BLANK: light grey on black, whatever the cursor's attribute
 * is. */
void console_scroll(void);

#endif
