/* SPDX-License-Identifier: MIT */
/*
 * copy.h - for memory functions only: memory by the word, at any address.
 *
 * A file that includes this is one of those that the compiler calls when it
 * meets a loop that copies or fills; so it must not do so here, or the
 * function would call itself for ever.
 */
#ifndef LIB_COPY_H
#define LIB_COPY_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* Eight bytes that may be a part of anything and lie anywhere. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

/* Copies from the low end to the high end. The two may overlap if `to` is
 * below `from`: what is overwritten has then been read already. */
static inline void copy_up(unsigned char *to, const unsigned char *from,
                           size_t n)
{
    for (; n >= 4 * sizeof(word_t); n -= 4 * sizeof(word_t)) {
        const word_t *f = (const word_t *)from;
        word_t *t = (word_t *)to;
        uint64_t a = f[0], b = f[1], c = f[2], d = f[3];

        t[0] = a, t[1] = b, t[2] = c, t[3] = d;
        from += 4 * sizeof(word_t);
        to += 4 * sizeof(word_t);
    }
    for (; n >= sizeof(word_t); n -= sizeof(word_t)) {
        *(word_t *)to = *(const word_t *)from;
        from += sizeof(word_t);
        to += sizeof(word_t);
    }
    while (n-- > 0)
        *to++ = *from++;
}

#endif
