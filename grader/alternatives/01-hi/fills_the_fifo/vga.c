/* SPDX-License-Identifier: MIT */
/*
 * vga.c - another right answer to lab 01: the screen is cleared by writing
 * blanks, from its end to its beginning, and a new line by filling nothing.
 */
#include "drivers/vga/vga.h"

#include "arch/arch.h"

static uint16_t cell_of(unsigned char c)
{
    return (uint16_t)((vga_cursor.attribute * 256u) + c);
}

static unsigned here(void)
{
    return vga_cursor.column + VGA_COLUMNS * vga_cursor.row;
}

void vga_newline(void)
{
    bool last = vga_cursor.row == VGA_ROWS - 1;

    if (last)
        console_scroll();
    vga_cursor.row += !last;
    vga_cursor.column = 0;
}

void vga_putc(char c)
{
    switch (c) {
    case '\n':
        vga_newline();
        break;
    default:
        vga_write_cell(here(), cell_of((unsigned char)c));
        if (vga_cursor.column == VGA_COLUMNS - 1)
            vga_newline();
        else
            vga_cursor.column++;
    }
}

void vga_clear(void)
{
    for (int row = VGA_ROWS - 1; row >= 0; row--)
        for (int column = VGA_COLUMNS - 1; column >= 0; column--) {
            vga_cursor.row = (unsigned)row;
            vga_cursor.column = (unsigned)column;
            vga_write_cell(here(), cell_of(' '));
        }
}
