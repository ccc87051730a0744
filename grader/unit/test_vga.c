/* SPDX-License-Identifier: MIT */
/*
 * test_vga.c - the text screen, cell by cell, against a model.
 */
#include <string.h>

#include "arch/arch.h"
#include "console/console.h"
#include "drivers/vga/vga.h"
#include "unit.h"

struct vga_cursor vga_cursor;

static uint16_t cells[VGA_CELLS];

uint16_t vga_read_cell(unsigned index)
{
    CHECK(index < VGA_CELLS, "the screen has %d cells; %u was read", VGA_CELLS,
          index);
    return cells[index];
}

void vga_write_cell(unsigned index, uint16_t cell)
{
    CHECK(index < VGA_CELLS, "the screen has %d cells; %u was written",
          VGA_CELLS, index);
    cells[index] = cell;
}

/* What a firmware leaves. */
static void machine(void)
{
    for (unsigned i = 0; i < VGA_CELLS; i++)
        cells[i] = (uint16_t)(0x1f00 | (i & 0xff));
    vga_cursor = (struct vga_cursor){ 7, 9, VGA_LIGHT_GREY };
    vga_clear();
}

static void put(const char *text)
{
    while (*text)
        vga_putc(*text++);
}

#define CHECK_CELL(row, column, wanted)                                        \
    CHECK(cells[(row) * VGA_COLUMNS + (column)] == (wanted),                   \
          "row %u, column %u is %#x; here %#x", (unsigned)(row),               \
          (unsigned)(column), (unsigned)(wanted),                              \
          cells[(row) * VGA_COLUMNS + (column)])

#define CHECK_CURSOR(row_, column_)                                            \
    CHECK(vga_cursor.row == (row_) && vga_cursor.column == (column_),          \
          "the cursor is in row %u, column %u; here %u, %u", (unsigned)(row_), \
          (unsigned)(column_), vga_cursor.row, vga_cursor.column)

TEST(test_the_screen_is_cleared_of_the_firmware_s_text)
{
    machine();
    for (unsigned i = 0; i < VGA_CELLS; i++)
        CHECK_CELL(i / VGA_COLUMNS, i % VGA_COLUMNS, 0x0720);
    CHECK_CURSOR(0, 0);
}

TEST(test_it_is_cleared_in_the_cursor_s_colors)
{
    vga_cursor.attribute = 0x1e;
    vga_clear();
    CHECK_CELL(0, 0, 0x1e20);
    CHECK_CELL(24, 79, 0x1e20);
    CHECK(vga_cursor.attribute == 0x1e, "which stay what they are");
}

TEST(test_characters_stand_side_by_side_in_the_cursor_s_colors)
{
    machine();
    put("Hi");
    vga_cursor.attribute = 0x4f;
    put("!");
    CHECK_CELL(0, 0, 0x0748);
    CHECK_CELL(0, 1, 0x0769);
    CHECK_CELL(0, 2, 0x4f21);
    CHECK_CELL(0, 3, 0x0720);
    CHECK_CURSOR(0, 3);
}

TEST(test_a_character_above_127_does_not_spill_into_the_colors)
{
    machine();
    vga_putc((char)0xe4);
    vga_putc((char)0xff);
    CHECK_CELL(0, 0, 0x07e4);
    CHECK_CELL(0, 1, 0x07ff);
}

TEST(test_a_new_line_begins_at_the_left_edge)
{
    machine();
    put("abc\nd\n\ne");
    CHECK_CELL(0, 3, 0x0720);
    CHECK_CELL(1, 0, 0x0764);
    CHECK_CELL(3, 0, 0x0765);
    CHECK_CURSOR(3, 1);
    vga_newline();
    CHECK_CURSOR(4, 0);
}

TEST(test_after_the_last_column_comes_the_next_row)
{
    machine();
    for (unsigned i = 0; i < VGA_COLUMNS; i++)
        vga_putc('x');
    CHECK_CURSOR(1, 0);
    CHECK_CELL(0, 79, 0x0778);
    CHECK_CELL(1, 0, 0x0720);
    vga_putc('y');
    CHECK_CELL(1, 0, 0x0779);
}

TEST(test_in_the_last_row_the_text_moves_up)
{
    machine();
    for (unsigned row = 0; row < VGA_ROWS; row++) {
        vga_putc((char)('a' + row));
        vga_putc('\n');
    }
    CHECK_CURSOR(24, 0);
    for (unsigned row = 0; row < 24; row++)
        CHECK_CELL(row, 0, 0x0700 | ('b' + row));
    CHECK_CELL(24, 0, 0x0720);
}

TEST(test_a_full_last_row_moves_up_at_once)
{
    machine();
    vga_cursor.row = 24;
    for (unsigned i = 0; i < VGA_COLUMNS; i++)
        vga_putc('z');
    CHECK_CURSOR(24, 0);
    CHECK_CELL(23, 79, 0x077a);
    CHECK_CELL(24, 79, 0x0720);
}

TEST(test_random_text_agrees_with_a_model)
{
    static char model[VGA_ROWS][VGA_COLUMNS];
    unsigned row = 0, column = 0;

    machine();
    memset(model, ' ', sizeof(model));
    for (unsigned n = 0; n < 20000; n++) {
        char c = unit_random_below(30) ? (char)('!' + unit_random_below(90))
                                       : '\n';

        vga_putc(c);
        if (c != '\n')
            model[row][column++] = c;
        if (c == '\n' || column == VGA_COLUMNS) {
            column = 0;
            if (row + 1 < VGA_ROWS) {
                row++;
            } else {
                memmove(model, model + 1, sizeof(model) - VGA_COLUMNS);
                memset(model + VGA_ROWS - 1, ' ', VGA_COLUMNS);
            }
        }
        CHECK_CURSOR(row, column);
    }
    for (unsigned i = 0; i < VGA_CELLS; i++)
        CHECK_CELL(i / VGA_COLUMNS, i % VGA_COLUMNS,
                   0x0700 | (&model[0][0])[i]);
}
