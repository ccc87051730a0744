/* SPDX-License-Identifier: MIT */
/* memcmp.c - which of two pieces of memory is the greater, by bytes. */
#include "lib/copy.h"
#include "lib/string.h"

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    const size_t whole = n;

    while (n >= sizeof(word_t) && *(const word_t *)x == *(const word_t *)y) {
        x += sizeof(word_t);
        y += sizeof(word_t);
        n -= sizeof(word_t);
    }
    /* Of what is the same, the last bytes make a word with some before them
     * that have been compared already. */
    if (n < sizeof(word_t) && whole >= sizeof(word_t) &&
        *(const word_t *)(x + n - sizeof(word_t)) ==
            *(const word_t *)(y + n - sizeof(word_t)))
        return 0;
    for (; n > 0; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}
