/* SPDX-License-Identifier: MIT */
/*
 * test_framebuffer.c - text on pixels of every kind that a firmware may give,
 * held against the font, dot by dot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "drivers/framebuffer/font.h"
#include "drivers/framebuffer/framebuffer.h"
#include "lib/errno.h"
#include "unit.h"

/* ---- The screen --------------------------------------------------------- */

enum { DIRT = 0x5a };           /* what is there at first */

static struct framebuffer screen;
static uint8_t *memory;
static size_t size;
static unsigned writes;

static uint8_t *place(uintptr_t addr, size_t width)
{
    size_t offset = addr - (uintptr_t)memory;

    CHECK(offset < size && width <= size - offset,
          "only the screen's %zu bytes are written; here at %zd", size,
          (ptrdiff_t)offset);
    CHECK(offset % screen.pitch + width <=
              (size_t)screen.width * (screen.bits / 8),
          "the bytes between two rows are nobody's; here %zu of a row is "
          "written", offset % screen.pitch);
    writes++;
    return memory + offset;
}

void mmio_write8(uintptr_t addr, uint8_t value)
{
    *place(addr, 1) = value;
}

void mmio_write32(uintptr_t addr, uint32_t value)
{
    memcpy(place(addr, 4), &value, 4);
}

uint8_t mmio_read8(uintptr_t addr)
{
    FAIL("nothing is read from the screen; here %p", (void *)addr);
}

uint32_t mmio_read32(uintptr_t addr)
{
    FAIL("nothing is read from the screen; here %p", (void *)addr);
}

static struct framebuffer make(unsigned width, unsigned height, unsigned bits,
                               unsigned padding)
{
    return (struct framebuffer){
        .width = width, .height = height, .bits = (uint8_t)bits,
        .pitch = width * bits / 8 + padding,
        .red = { 16, 8 }, .green = { 8, 8 }, .blue = { 0, 8 },
    };
}

static int start(struct framebuffer fb)
{
    screen = fb;
    size = (size_t)fb.pitch * (fb.height - 1) + fb.width * (fb.bits / 8u);
    memory = unit_memory(size, 1, DIRT);
    return framebuffer_start(&screen, (uintptr_t)memory);
}

static uint32_t pixel(unsigned x, unsigned y)
{
    uint32_t value = 0;

    memcpy(&value, memory + (size_t)y * screen.pitch + x * (screen.bits / 8u),
           screen.bits / 8u);
    return value;
}

/* ---- What must be there ------------------------------------------------- */

static void put(const char *text)
{
    while (*text)
        framebuffer_putc(*text++);
}

/* The cell shows `c`, or a box where the font has none. */
static void check_cell(unsigned row, unsigned column, char c, uint32_t ink)
{
    for (unsigned y = 0; y < 16; y++)
        for (unsigned x = 0; x < 8; x++) {
            bool dot = font[c - ' '][y / 2] >> (7 - x) & 1;
            uint32_t seen = pixel(column * 8 + x, row * 16 + y);

            CHECK(seen == (dot ? ink : 0), "row %u, column %u shows '%c': dot "
                  "%u of line %u is %#x; here %#x", row, column, c, x, y,
                  dot ? ink : 0, seen);
        }
}

static void check_row(unsigned row, const char *text, uint32_t ink)
{
    unsigned columns = screen.width / 8;

    for (unsigned column = 0; column < columns; column++)
        check_cell(row, column, column < strlen(text) ? text[column] : ' ',
                   ink);
}

enum { GREY = 0xaaaaaa };

TEST(test_at_first_every_pixel_is_black)
{
    start(make(83, 37, 32, 0));
    for (unsigned y = 0; y < screen.height; y++)
        for (unsigned x = 0; x < screen.width; x++)
            CHECK(pixel(x, y) == 0, "pixel %u, %u is black", x, y);
}

static void check_text(struct framebuffer fb)
{
    CHECK(start(fb) == 0, "there is room for text");
    put("Hi, {x}\nok~");
    check_row(0, "Hi, {x}", GREY);
    check_row(1, "ok~", GREY);
    check_row(2, "", GREY);
}

TEST(test_text_with_32_bits_a_pixel)
{
    check_text(make(160, 48, 32, 0));
}

TEST(test_text_with_24_bits_a_pixel)
{
    check_text(make(160, 48, 24, 0));
}

TEST(test_rows_may_be_further_apart_than_they_are_long)
{
    check_text(make(160, 48, 32, 128));
    check_text(make(160, 48, 32, 4));
    check_text(make(160, 48, 24, 7));
    check_text(make(161, 50, 24, 1));
}

TEST(test_every_character_of_the_font)
{
    start(make(FONT_GLYPHS * 8 + 8, 16, 32, 0));
    for (char c = ' '; c <= '~'; c++)
        framebuffer_putc(c);
    for (char c = ' '; c <= '~'; c++)
        check_cell(0, (unsigned)(c - ' '), c, GREY);
}

TEST(test_no_two_characters_look_the_same_and_only_blank_is_blank)
{
    for (unsigned i = 0; i < FONT_GLYPHS; i++)
        for (unsigned j = 0; j < i; j++)
            CHECK(memcmp(font[i], font[j], FONT_ROWS) != 0,
                  "'%c' and '%c' differ", (char)(i + ' '), (char)(j + ' '));
}

TEST(test_a_character_without_a_shape_is_a_box_and_nothing_worse)
{
    start(make(2048, 16, 24, 0));
    for (int c = 0; c < 256; c++)
        if (c != '\n' && (c < ' ' || c > '~')) {
            framebuffer_putc((char)c);
            framebuffer_putc('x');
        }
    for (unsigned y = 0; y < 14; y++)
        CHECK(pixel(1, y) == GREY, "the box's left side is drawn");
    check_cell(0, 1, 'x', GREY);
}

TEST(test_colors_go_into_the_bits_that_the_loader_names)
{
    struct framebuffer fb = make(80, 16, 32, 0);

    fb.red = (struct framebuffer_color){ 0, 8 };
    fb.green = (struct framebuffer_color){ 10, 6 };
    fb.blue = (struct framebuffer_color){ 27, 5 };
    start(fb);
    put("color");
    uint32_t ink = 0xaa | (0xaa >> 2) << 10 | (uint32_t)(0xaa >> 3) << 27;

    check_row(0, "color", ink);
}

TEST(test_a_full_row_goes_on_in_the_next)
{
    start(make(40, 64, 32, 0));
    put("abcdefgh");
    check_row(0, "abcde", GREY);
    check_row(1, "fgh", GREY);
    put("\nx");
    check_row(2, "x", GREY);
}

TEST(test_in_the_last_row_the_text_moves_up)
{
    start(make(43, 59, 24, 3)); /* 5 columns, 3 rows, and a rest of each */
    put("one\ntwo\nthree");     /* the fifth character begins a new line */
    check_row(0, "two", GREY);
    check_row(1, "three", GREY);
    check_row(2, "", GREY);
    put("\n\n\n");
    for (unsigned row = 0; row < 3; row++)
        check_row(row, "", GREY);
    for (unsigned y = 48; y < 59; y++)
        for (unsigned x = 0; x < 43; x++)
            CHECK(pixel(x, y) == 0, "the rest of the screen stays black");
}

TEST(test_moving_up_draws_only_what_changes)
{
    start(make(640, 480, 32, 0));
    for (unsigned row = 0; row < 40; row++)
        put("the same\n");
    unsigned before = writes;

    put("\n");
    /* One row of eight letters is wiped out: its 8 cells of 128 pixels. */
    CHECK(writes - before <= 8 * 128, "at most 1024 pixels are written; here "
          "%u", writes - before);
}

TEST(test_one_cell_is_a_screen)
{
    CHECK(start(make(8, 16, 24, 0)) == 0, "one character fits");
    put("ab");
    check_cell(0, 0, ' ', GREY);
}

TEST(test_a_screen_without_room_for_a_character_is_refused)
{
    CHECK(start(make(7, 16, 32, 0)) == -EINVAL, "7 pixels are too narrow");
    CHECK(start(make(8, 15, 32, 0)) == -EINVAL, "15 pixels are too low");
}

TEST(test_of_a_huge_screen_the_upper_left_is_used)
{
    start(make(COLUMNS_MAX * 8 + 80, ROWS_MAX * 16 + 160, 32, 0));
    for (unsigned i = 0; i <= COLUMNS_MAX; i++)
        framebuffer_putc('w');
    check_cell(0, COLUMNS_MAX - 1, 'w', GREY);
    check_cell(0, COLUMNS_MAX, ' ', GREY);
    check_cell(1, 0, 'w', GREY);
    for (unsigned i = 0; i < ROWS_MAX; i++)
        framebuffer_putc('\n');
    framebuffer_putc('e');
    check_cell(ROWS_MAX - 1, 0, 'e', GREY);
    check_cell(ROWS_MAX, 0, ' ', GREY);
}

TEST(test_random_text_on_random_screens_agrees_with_a_model)
{
    for (unsigned round = 0; round < 40; round++) {
        unsigned bits = unit_random_below(2) ? 24 : 32;
        struct framebuffer fb = make(8 + unit_random_below(120),
                                     16 + unit_random_below(90), bits,
                                     unit_random_below(9));
        unsigned columns = fb.width / 8, rows = fb.height / 16;
        unsigned row = 0, column = 0;
        char model[8][17];

        memset(model, ' ', sizeof(model));
        start(fb);
        for (unsigned n = unit_random_below(300); n > 0; n--) {
            char c = unit_random_below(9) ? (char)('!' + unit_random_below(90))
                                          : '\n';

            framebuffer_putc(c);
            if (c != '\n')
                model[row][column++] = c;
            if (c == '\n' || column == columns) {
                column = 0;
                if (row + 1 < rows) {
                    row++;
                    continue;
                }
                memmove(model, model + 1, sizeof(model) - sizeof(model[0]));
                memset(model[rows - 1], ' ', sizeof(model[0]));
            }
        }
        for (unsigned y = 0; y < rows; y++)
            for (unsigned x = 0; x < columns; x++)
                check_cell(y, x, model[y][x], GREY);
    }
}
