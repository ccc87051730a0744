/* SPDX-License-Identifier: MIT */
/* memcmp.c - which of two pieces of memory is the greater, by bytes. */
#include "lib/copy.h"
#include "lib/string.h"

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    while (n >= sizeof(word_t) && *(const word_t *)x == *(const word_t *)y) {
        x += sizeof(word_t);
        y += sizeof(word_t);
        n -= sizeof(word_t);
    }
    for (; n > 0; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}
