/* SPDX-License-Identifier: MIT */
/* memset.c - eight bytes at a time, at multiples of 8; see memcpy.c. */
#include "lib/copy.h"   /* for what it asks of the compiler */
#include "lib/string.h"

enum { WORD = sizeof(uint64_t) };

void *memset(void *to, int byte, size_t n)
{
    unsigned char *t = to;
    uint64_t word = (unsigned char)byte * 0x0101010101010101ull;

    if (n >= 2 * WORD) {
        for (; (uintptr_t)t % WORD != 0; n--)
            *t++ = (unsigned char)byte;
        uint64_t *w = (uint64_t *)(uintptr_t)t;
        for (; n >= 4 * WORD; n -= 4 * WORD, w += 4)
            w[0] = word, w[1] = word, w[2] = word, w[3] = word;
        for (; n >= WORD; n -= WORD)
            *w++ = word;
        t = (unsigned char *)w;
    }
    while (n-- > 0)
        *t++ = (unsigned char)byte;
    return to;
}
