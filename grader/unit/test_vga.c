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
    CHECK(index < VGA_CELLS, "cell %u was read: expected 0 to %d, as the "
          "screen has %d cells", index, VGA_CELLS - 1, VGA_CELLS);
    return cells[index];
}

void vga_write_cell(unsigned index, uint16_t cell)
{
    CHECK(index < VGA_CELLS, "cell %u was written: expected 0 to %d, as the "
          "screen has %d cells", index, VGA_CELLS - 1, VGA_CELLS);
    cells[index] = cell;
}

/* An empty screen. */
static void machine(void)
{
    for (unsigned i = 0; i < VGA_CELLS; i++)
        cells[i] = VGA_BLANK;
    vga_cursor = (struct vga_cursor){ 0, 0, VGA_LIGHT_GREY };
}

/* One as a firmware leaves it. */
static void used_machine(void)
{
    for (unsigned i = 0; i < VGA_CELLS; i++)
        cells[i] = (uint16_t)(0x1f00 | (i & 0xff));
    vga_cursor = (struct vga_cursor){ 7, 9, VGA_LIGHT_GREY };
}

static void put(const char *text)
{
    while (*text)
        vga_putc(*text++);
}

#define CHECK_CELL(row, column, wanted)                                        \
    CHECK(cells[(row) * VGA_COLUMNS + (column)] == (wanted),                   \
          "row %u, column %u has attribute %02x and character %02x: "          \
          "expected attribute %02x and character %02x", (unsigned)(row),       \
          (unsigned)(column), cells[(row) * VGA_COLUMNS + (column)] >> 8,      \
          cells[(row) * VGA_COLUMNS + (column)] & 0xff,                        \
          (unsigned)(wanted) >> 8, (unsigned)(wanted) & 0xff)

#define CHECK_CURSOR(row_, column_)                                            \
    CHECK(vga_cursor.row == (row_) && vga_cursor.column == (column_),          \
          "the cursor is in row %u, column %u: expected row %u, column %u",    \
          vga_cursor.row, vga_cursor.column, (unsigned)(row_),                 \
          (unsigned)(column_))

/* ---- Clear -------------------------------------------------------------- */

TEST(test_clear_removes_the_text_of_the_firmware)
{
    used_machine();
    vga_clear();
    for (unsigned i = 0; i < VGA_CELLS; i++)
        CHECK_CELL(i / VGA_COLUMNS, i % VGA_COLUMNS, 0x0720);
}

TEST(test_clear_puts_the_cursor_to_the_top_left)
{
    used_machine();
    vga_clear();
    CHECK_CURSOR(0, 0);
}

TEST(test_clear_is_in_the_colors_of_the_cursor)
{
    used_machine();
    vga_cursor.attribute = 0x1e;
    vga_clear();
    CHECK_CELL(0, 0, 0x1e20);
    CHECK_CELL(24, 79, 0x1e20);
    CHECK(vga_cursor.attribute == 0x1e, "the cursor's attribute is %02x: "
          "expected that it stays what it is, 1e", vga_cursor.attribute);
}

/* ---- New line ----------------------------------------------------------- */

TEST(test_newline_goes_to_the_left_edge_of_the_next_row)
{
    machine();
    vga_cursor.column = 33;
    vga_newline();
    CHECK_CURSOR(1, 0);
    vga_newline();
    CHECK_CURSOR(2, 0);
    for (unsigned i = 0; i < VGA_CELLS; i++)
        CHECK_CELL(i / VGA_COLUMNS, i % VGA_COLUMNS, VGA_BLANK);
}

TEST(test_newline_moves_no_text_before_the_last_row)
{
    machine();
    cells[0] = 0x4f41;
    for (unsigned row = 1; row < VGA_ROWS; row++) {
        vga_newline();
        CHECK_CURSOR(row, 0);
        CHECK_CELL(0, 0, 0x4f41);
    }
}

TEST(test_newline_in_the_last_row_moves_the_text)
{
    machine();
    cells[5 * VGA_COLUMNS + 3] = 0x4f41;
    vga_cursor.row = VGA_ROWS - 1;
    vga_cursor.column = 70;
    vga_newline();
    CHECK_CURSOR(24, 0);
    CHECK_CELL(4, 3, 0x4f41);
    CHECK_CELL(5, 3, VGA_BLANK);
    vga_newline();
    CHECK_CURSOR(24, 0);
    CHECK_CELL(3, 3, 0x4f41);
}

/* ---- Characters --------------------------------------------------------- */

TEST(test_putc_writes_side_by_side_in_the_colors_of_the_cursor)
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

TEST(test_putc_finds_its_cell_in_every_row)
{
    machine();
    vga_cursor.row = 12;
    vga_cursor.column = 34;
    put("x");
    CHECK_CELL(12, 34, 0x0778);
    CHECK_CURSOR(12, 35);
}

TEST(test_putc_keeps_a_character_above_127_out_of_the_colors)
{
    machine();
    vga_putc((char)0xe4);
    vga_putc((char)0xff);
    CHECK_CELL(0, 0, 0x07e4);
    CHECK_CELL(0, 1, 0x07ff);
    CHECK_CURSOR(0, 2);
}

TEST(test_putc_begins_a_new_line_and_draws_nothing_for_it)
{
    machine();
    put("abc\nd\n\ne");
    CHECK_CELL(0, 3, 0x0720);
    CHECK_CELL(1, 0, 0x0764);
    CHECK_CELL(3, 0, 0x0765);
    CHECK_CURSOR(3, 1);
}

TEST(test_putc_goes_on_in_the_next_row_after_the_last_column)
{
    machine();
    for (unsigned i = 0; i < VGA_COLUMNS; i++)
        vga_putc('x');
    CHECK_CELL(0, 79, 0x0778);
    CHECK_CELL(1, 0, 0x0720);
    CHECK_CURSOR(1, 0);
    vga_putc('y');
    CHECK_CELL(1, 0, 0x0779);
}

TEST(test_putc_moves_the_text_up_in_the_last_row)
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

TEST(test_putc_moves_a_full_last_row_up_at_once)
{
    machine();
    vga_cursor.row = 24;
    for (unsigned i = 0; i < VGA_COLUMNS; i++)
        vga_putc('z');
    CHECK_CURSOR(24, 0);
    CHECK_CELL(23, 79, 0x077a);
    CHECK_CELL(24, 79, 0x0720);
}

TEST(test_putc_of_random_text_agrees_with_a_model)
{
    static uint8_t model[VGA_ROWS][VGA_COLUMNS];
    unsigned row = 0, column = 0;

    machine();
    memset(model, ' ', sizeof(model));
    for (unsigned n = 0; n < 20000; n++) {
        char c = unit_random_below(60) ? (char)('!' + unit_random_below(222))
                                       : '\n';

        vga_putc(c);
        if (c != '\n')
            model[row][column++] = (uint8_t)c;
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
