/* SPDX-License-Identifier: MIT */
/*
 * lines.c - lines of any characters, for a wire and a screen to show. Some are
 * longer than a row of the screen, some are exactly one, and more than half of
 * the characters are not ASCII's. They come from numbers,
 *
 *     state = state * 6364136223846793005 + 1442695040888963407
 *     number = state >> 33                                   (modulo 2^64)
 *
 * of which the first is for a line's length (number % 200, or a whole row if
 * that is a multiple of 3), and each of the next for a character: 33 + number %
 * 222.
 */
#include "apps/hi/lines.h"

#include "console/console.h"

static uint64_t state;

static unsigned next(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33);
}

void write_lines(unsigned long count, uint64_t seed)
{
    for (state = seed; count > 0; count--) {
        unsigned len = next() % 200;

        if (len % 3 == 0)
            len = VGA_COLUMNS;
        while (len-- > 0) {
            char c = (char)(33 + next() % 222);
            console_write(&c, 1);
        }
        console_write("\n", 1);
    }
}
