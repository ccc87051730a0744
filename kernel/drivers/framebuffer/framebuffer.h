/* SPDX-License-Identifier: MIT */
/*
 * framebuffer.h - text on a screen of pixels, where firmware has left one
 * instead of VGA's text (UEFI does).
 *
 *     |<--------- width pixels --------->|
 *     +--------+--------+--- ... ----+---+-------+
 *     | 8 x 16 |        |            |   | what the next row begins
 *     +--------+--------+--- ... ----+---+ behind: not ours
 *     |<----------------- pitch bytes ---------->|
 *
 * What is shown is kept here as characters, so nothing is ever read from the
 * device: to move the text up is to draw the cells that change.
 */
#ifndef DRIVERS_FRAMEBUFFER_H
#define DRIVERS_FRAMEBUFFER_H

#include <stdint.h>

#include "arch/arch.h"

enum {
    CELL_WIDTH = 8,             /* pixels */
    CELL_HEIGHT = 16,           /* pixels: each row of the font twice */
    COLUMNS_MAX = 240,          /* of a larger screen the upper left is used */
    ROWS_MAX = 90,
};

/* Takes over the pixels that `screen` tells of, mapped at `pixels`, and turns
 * all of them black. Returns 0, or -EINVAL when not one cell fits. */
int framebuffer_start(const struct framebuffer *screen, uintptr_t pixels);

/* Draws `c` and moves on; '\n' begins a new line; what has no shape in the
 * font is a box. At the end of a row the next one begins, in the last row the
 * text moves up. Only after framebuffer_start() has returned 0. */
void framebuffer_putc(char c);

#endif
