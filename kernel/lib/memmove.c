/* SPDX-License-Identifier: MIT */
/* memmove.c - memcpy for what may overlap. */
#include <stdint.h>

#include "lib/copy.h"
#include "lib/string.h"

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    /* Unsigned, so that this is large as well when `to` lies below `from`:
     * in both cases nothing is overwritten before it has been read. */
    if ((uintptr_t)t - (uintptr_t)f >= n) {
        copy_up(t, f, n);
        return to;
    }
    for (; n >= sizeof(word_t); n -= sizeof(word_t))
        *(word_t *)(t + n - sizeof(word_t)) =
            *(const word_t *)(f + n - sizeof(word_t));
    while (n-- > 0)
        t[n] = f[n];
    return to;
}
