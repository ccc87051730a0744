/* SPDX-License-Identifier: MIT */
/*
 * framebuffer.c - characters into pixels. Stands on mmio_write*() and on what
 * the loader says of the screen, which arch/ has looked through.
 */
#include "drivers/framebuffer/framebuffer.h"

#include "drivers/framebuffer/font.h"
#include "lib/errno.h"
#include "lib/string.h"

/* column < columns and row < rows, between calls. cells[row][column] is what
 * stands there on the screen. */
static struct {
    struct framebuffer screen;
    uintptr_t pixels;
    uint32_t ink;               /* a pixel of light grey */
    unsigned columns, rows;
    unsigned column, row;
    char cells[ROWS_MAX][COLUMNS_MAX];
} fb;

enum { LIGHT_GREY = 0xaa };     /* of 255, in each color; paper is 0 */

static uint32_t component(struct framebuffer_color color)
{
    return (uint32_t)LIGHT_GREY >> (8 - color.size) << color.shift;
}

static void write_pixel(uintptr_t at, uint32_t value)
{
    if (fb.screen.bits == 32) {
        mmio_write32(at, value);
        return;
    }
    mmio_write8(at, (uint8_t)value);
    mmio_write8(at + 1, (uint8_t)(value >> 8));
    mmio_write8(at + 2, (uint8_t)(value >> 16));
}

static uintptr_t pixel_at(unsigned x, unsigned y)
{
    return fb.pixels + (uintptr_t)y * fb.screen.pitch +
           (uintptr_t)x * (fb.screen.bits / 8u);
}

/* A row of a shape: its dots in ink, on paper. */
static void draw_dots(uintptr_t at, uint8_t dots)
{
    for (unsigned x = 0; x < CELL_WIDTH; x++) {
        write_pixel(at, dots & 0x80 >> x ? fb.ink : 0);
        at += fb.screen.bits / 8u;
    }
}

static void draw(unsigned row, unsigned column, char c)
{
    static const uint8_t box[FONT_ROWS] = {
        0x7c, 0x44, 0x44, 0x44, 0x44, 0x44, 0x7c, 0x00
    };
    unsigned glyph = (uint8_t)c - (unsigned)FONT_FIRST;
    const uint8_t *shape = glyph < FONT_GLYPHS ? font[glyph] : box;

    fb.cells[row][column] = c;
    for (unsigned y = 0; y < CELL_HEIGHT; y++)
        draw_dots(pixel_at(column * CELL_WIDTH, row * CELL_HEIGHT + y),
                  shape[y * FONT_ROWS / CELL_HEIGHT]);
}

static void scroll(void)
{
    for (unsigned row = 0; row < fb.rows; row++)
        for (unsigned column = 0; column < fb.columns; column++) {
            char c = row + 1 < fb.rows ? fb.cells[row + 1][column] : ' ';
            if (c != fb.cells[row][column])
                draw(row, column, c);
        }
}

static void newline(void)
{
    fb.column = 0;
    if (fb.row + 1 < fb.rows)
        fb.row++;
    else
        scroll();
}

void framebuffer_putc(char c)
{
    if (c == '\n') {
        newline();
        return;
    }
    draw(fb.row, fb.column, c);
    if (++fb.column == fb.columns)
        newline();
}

int framebuffer_start(const struct framebuffer *screen, uintptr_t pixels)
{
    unsigned columns = screen->width / CELL_WIDTH;
    unsigned rows = screen->height / CELL_HEIGHT;

    if (columns == 0 || rows == 0)
        return -EINVAL;
    fb.screen = *screen;
    fb.pixels = pixels;
    fb.ink = component(screen->red) | component(screen->green) |
             component(screen->blue);
    fb.columns = columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
    fb.rows = rows < ROWS_MAX ? rows : ROWS_MAX;
    fb.row = fb.column = 0;
    memset(fb.cells, ' ', sizeof fb.cells);

    for (unsigned y = 0; y < screen->height; y++)
        for (unsigned x = 0; x < screen->width; x++)
            write_pixel(pixel_at(x, y), 0);
    return 0;
}
