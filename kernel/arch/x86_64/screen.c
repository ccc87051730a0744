/* SPDX-License-Identifier: MIT */
/*
 * screen.c - which pixels firmware has set up, if it has.
 *
 * The loader says so (loader.c), and it is held against what we can draw on:
 * 24 or 32 bits a pixel, three colors in bits of their own, and rows that don't
 * overlap and are not so far apart that to map them would take the page tables
 * of all other devices.
 */
#include "x86.h"

enum {
    SIDE_MAX = 16384,           /* pixels; more is no screen */
    PITCH_MAX = SIDE_MAX * 4,   /* bytes */
};

static struct framebuffer screen;
static bool known;

static bool color_fits(struct framebuffer_color color, uint8_t bits)
{
    return color.size > 0 && color.size <= 8 && color.shift <= bits &&
           color.size <= bits - color.shift;
}

void screen_set(const struct framebuffer *said)
{
    known = (said->bits == 24 || said->bits == 32) &&
            said->width > 0 && said->width <= SIDE_MAX &&
            said->height > 0 && said->height <= SIDE_MAX &&
            said->pitch / (said->bits / 8) >= said->width &&
            said->pitch <= PITCH_MAX &&
            color_fits(said->red, said->bits) &&
            color_fits(said->green, said->bits) &&
            color_fits(said->blue, said->bits);
    screen = *said;
}

bool arch_framebuffer(struct framebuffer *out)
{
    *out = screen;
    return known;
}
