/* SPDX-License-Identifier: MIT */
/*
 * font.h - the shapes of the printable ASCII characters, from ' ' on.
 */
#ifndef DRIVERS_FONT_H
#define DRIVERS_FONT_H

#include <stdint.h>

enum {
    FONT_FIRST = ' ',
    FONT_GLYPHS = '~' - ' ' + 1,
    FONT_COLUMNS = 8,           /* dots; a bit each, the leftmost is bit 7 */
    FONT_ROWS = 8,              /* dots; a byte each */
};

extern const uint8_t font[FONT_GLYPHS][FONT_ROWS];

#endif
