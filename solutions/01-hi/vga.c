/* SPDX-License-Identifier: MIT */
/*
 * vga.c - the screen: clear it, begin a line, write a character.
 *
 * The cells are reached by vga_write_cell() of arch.h; the cursor is a struct
 * of ours, which drivers/vga/vga_console.c shows on the screen.
 */
#include "drivers/vga/vga.h"

#include "arch/arch.h"
#include "console/console.h"
#include "core/panic.h"

void vga_clear(void)
{
    /* TODO 1.3 vga_clear: make each of the VGA_CELLS cells a space in the
     * cursor's attribute, whatever that is (the firmware has left text of its
     * own), and move the cursor to row 0, column 0. */
    for (unsigned i = 0; i < VGA_CELLS; i++)
        vga_write_cell(i, (uint16_t)(vga_cursor.attribute << 8 | ' '));
    vga_cursor.row = 0;
    vga_cursor.column = 0;
    /* END 1.3 */
}

void vga_newline(void)
{
    /* TODO 1.4 vga_newline: to the left edge, and a row down; if there is no
     * row further down, stay in the last and have the text moved up. */
    vga_cursor.column = 0;
    if (vga_cursor.row == VGA_ROWS - 1)
        console_scroll();
    else
        vga_cursor.row++;
    /* END 1.4 */
}

void vga_putc(char c)
{
    /* TODO 1.5 vga_putc: '\n' is vga_newline(). Anything else goes into the
     * cursor's cell, the attribute in the upper 8 bits and the character in
     * the lower; mind that a char may be negative, and must not spill into
     * the attribute. Then the cursor moves on, at the end of the row to the
     * next. */
    if (c == '\n') {
        vga_newline();
        return;
    }
    vga_write_cell(vga_cursor.row * VGA_COLUMNS + vga_cursor.column,
                   (uint16_t)(vga_cursor.attribute << 8 | (uint8_t)c));
    if (++vga_cursor.column == VGA_COLUMNS)
        vga_newline();
    /* END 1.5 */
}
