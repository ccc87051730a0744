/* SPDX-License-Identifier: MIT */
/*
 * vga.h - the screen in VGA text mode: 25 rows of 80 cells.
 *
 * Cell i is row i / 80, column i % 80. It goes through vga_write_cell() of
 * arch.h, as 16 bits:
 *
 *      15 14      12 11       8 7              0
 *     | - |background|foreground|   character   |       0x07: light grey
 *      ------- attribute -------                              on black
 *
 * The bodies are lab 01's; moving the text up when the screen is full is
 * console_scroll() of lab 02.
 */
#ifndef DRIVERS_VGA_H
#define DRIVERS_VGA_H

#include <stdint.h>

#include "console/console.h"    /* VGA_COLUMNS, VGA_ROWS */

enum {
    VGA_CELLS = VGA_COLUMNS * VGA_ROWS,
    VGA_LIGHT_GREY = 0x07,
};

/* Where the next character goes. Between calls row < VGA_ROWS and
 * column < VGA_COLUMNS. */
struct vga_cursor {
    unsigned row, column;
    uint8_t attribute;          /* of what is written from now on */
};
extern struct vga_cursor vga_cursor;

/* Blanks the screen, every cell a space in the cursor's attribute, and puts
 * the cursor at its top left. */
void vga_clear(void);

/* Moves the cursor to the left edge of the next row; from the last row, it is
 * the text that moves: console_scroll(). */
void vga_newline(void);

/* Writes `c` where the cursor is, in its attribute, and moves the cursor to
 * the next cell, which after the last column is a new line's first. '\n' is
 * not drawn, but begins a new line. Every other char, also one that is
 * negative, is drawn as the glyph of its 8 bits. */
void vga_putc(char c);

#endif
