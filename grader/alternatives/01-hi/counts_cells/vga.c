/* SPDX-License-Identifier: MIT */
/*
 * vga.c - another right answer to lab 01: the cursor is one number, the index
 * of its cell, and row and column are worked out of it each time.
 */
#include "drivers/vga/vga.h"

#include "arch/arch.h"
#include "console/console.h"

static unsigned cursor(void)
{
    return vga_cursor.row * VGA_COLUMNS + vga_cursor.column;
}

/* Puts the cursor to cell `index`, which may be the one behind the last. */
static void move_to(unsigned index)
{
    if (index >= VGA_CELLS) {
        console_scroll();
        index -= VGA_COLUMNS;
    }
    vga_cursor.row = index / VGA_COLUMNS;
    vga_cursor.column = index % VGA_COLUMNS;
}

void vga_clear(void)
{
    unsigned i = VGA_CELLS;

    while (i > 0)
        vga_write_cell(--i, (uint16_t)(vga_cursor.attribute << 8 | 0x20));
    move_to(0);
}

void vga_newline(void)
{
    move_to((cursor() / VGA_COLUMNS + 1) * VGA_COLUMNS);
}

void vga_putc(char c)
{
    unsigned at = cursor();

    if (c == '\n') {
        vga_newline();
    } else {
        uint8_t byte = (uint8_t)c;

        vga_write_cell(at, (uint16_t)(byte | vga_cursor.attribute << 8));
        move_to(at + 1);
    }
}
