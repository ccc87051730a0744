/* SPDX-License-Identifier: MIT */
/* memset.c - for a port whose folder has none that is quicker. */
#include "lib/copy.h"
#include "lib/string.h"

void *memset(void *to, int byte, size_t n)
{
    unsigned char *t = to;
    uint64_t word = (unsigned char)byte * 0x0101010101010101ull;

    for (; n >= sizeof(word_t); n -= sizeof(word_t)) {
        *(word_t *)t = word;
        t += sizeof(word_t);
    }
    while (n-- > 0)
        *t++ = (unsigned char)byte;
    return to;
}
