/* SPDX-License-Identifier: MIT */
/*
 * test_console.c - text to every console, and the screen that moves up.
 */
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "console/console.h"
#include "console/format.h"
#include "unit.h"

static char first_text[2000], second_text[2000];
static size_t first_len, second_len;

static void first_putc(char c)
{
    first_text[first_len++] = c;
}

static void second_putc(char c)
{
    second_text[second_len++] = c;
}

static struct console first = { .name = "first", .putc = first_putc };
static struct console second = { .name = "second", .putc = second_putc };

/* The screen, and what must never be touched behind it. */
static uint16_t cells[VGA_COLUMNS * VGA_ROWS];

uint16_t vga_read_cell(unsigned index)
{
    CHECK(index < VGA_COLUMNS * VGA_ROWS,
          "the screen has %d cells; cell %u "
          "was read",
          VGA_COLUMNS * VGA_ROWS, index);
    return cells[index];
}

void vga_write_cell(unsigned index, uint16_t cell)
{
    CHECK(index < VGA_COLUMNS * VGA_ROWS,
          "the screen has %d cells; cell %u "
          "was written",
          VGA_COLUMNS * VGA_ROWS, index);
    cells[index] = cell;
}

TEST(test_write_goes_nowhere_when_there_is_no_console)
{
    console_write("lost", 4);
    CHECK(first_len == 0, "a console that is not plugged in gets nothing; here "
          "%zu characters", first_len);
}

TEST(test_write_gives_every_console_every_character_once_and_in_order)
{
    console_add(&first);
    console_add(&second);
    console_write("hi\n", 3);
    console_write("", 0);
    console_write("there", 5);
    CHECK(first_len == 8 && memcmp(first_text, "hi\nthere", 8) == 0,
          "the first console gets \"hi\\nthere\", 8 characters; here %zu: "
          "\"%.*s\"", first_len, (int)first_len, first_text);
    CHECK(second_len == 8 && memcmp(second_text, "hi\nthere", 8) == 0,
          "the second console gets \"hi\\nthere\", 8 characters; here %zu: "
          "\"%.*s\"", second_len, (int)second_len, second_text);
}

TEST(test_write_believes_the_length_and_not_a_nul)
{
    console_add(&first);
    console_write("a\0b and more", 3);
    CHECK(first_len == 3 && memcmp(first_text, "a\0b", 3) == 0,
          "the console gets three characters, the second a NUL; here %zu: "
          "%02hhx %02hhx %02hhx", first_len, first_text[0], first_text[1],
          first_text[2]);
}

TEST(test_print_cuts_a_long_text_and_says_so)
{
    static char text[PRINT_MAX + 100];

    memset(text, 'x', sizeof(text) - 1);
    console_add(&first);
    int len = print("%s", text);
    CHECK(len == PRINT_MAX + 99, "print returns the whole length, %d; here %d",
          PRINT_MAX + 99, len);
    CHECK(first_len == PRINT_MAX &&
              memcmp(first_text + PRINT_MAX - 4, "x...", 4) == 0,
          "the console gets %d characters that end with \"x...\"; here %zu "
          "that end with \"%.4s\"", PRINT_MAX, first_len,
          first_len < 4 ? first_text : first_text + first_len - 4);
    first_len = 0;
    len = print("%.*s", PRINT_MAX, text);
    CHECK(first_len == PRINT_MAX && first_text[PRINT_MAX - 1] == 'x',
          "what fits exactly is not cut: %d characters that end with \"x\"; "
          "here %zu that end with \"%.1s\"", PRINT_MAX, first_len,
          first_len ? first_text + first_len - 1 : "");
}

TEST(test_scroll_moves_each_row_up_with_its_colors)
{
    for (unsigned i = 0; i < VGA_COLUMNS * VGA_ROWS; i++)
        cells[i] = (uint16_t)(i * 7 + 0x1234);
    console_scroll();
    for (unsigned i = 0; i < VGA_COLUMNS * (VGA_ROWS - 1); i++)
        CHECK(cells[i] == (uint16_t)((i + VGA_COLUMNS) * 7 + 0x1234),
              "row %u, column %u holds %04x, which was one row below; here "
              "%04x", i / VGA_COLUMNS, i % VGA_COLUMNS,
              (uint16_t)((i + VGA_COLUMNS) * 7 + 0x1234), cells[i]);
}

TEST(test_scroll_blanks_the_whole_last_row_and_no_other)
{
    for (unsigned i = 0; i < VGA_COLUMNS * VGA_ROWS; i++)
        cells[i] = 0x1f41;
    console_scroll();
    for (unsigned i = 0; i < VGA_COLUMNS * VGA_ROWS; i++) {
        bool last = i >= VGA_COLUMNS * (VGA_ROWS - 1);

        CHECK(cells[i] == (last ? VGA_BLANK : 0x1f41),
              "row %u, column %u is %s; here it holds %04x", i / VGA_COLUMNS,
              i % VGA_COLUMNS, last ? "blank, 0720" : "as it was, 1f41",
              cells[i]);
    }
}
