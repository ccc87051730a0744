/* SPDX-License-Identifier: MIT */
/*
 * strings.c - searching and comparing, a byte at a time: strings are short, and
 * beyond their ends nothing may be read. Of memory the length is known.
 */
#include <stdbool.h>

#include "lib/copy.h"
#include "lib/string.h"

/* Is one of the eight bytes of `word` zero? To take one from each borrows from
 * its highest bit where it was zero, and where that bit was set already. */
static bool has_zero(uint64_t word)
{
    return ((word - 0x0101010101010101) & ~word & 0x8080808080808080) != 0;
}

void *memchr(const void *s, int byte, size_t n)
{
    const uint64_t all = (unsigned char)byte * 0x0101010101010101ull;
    const unsigned char *p = s;

    while (n >= sizeof(word_t) && !has_zero(*(const word_t *)p ^ all)) {
        p += sizeof(word_t);
        n -= sizeof(word_t);
    }
    for (; n > 0; n--, p++)
        if (*p == (unsigned char)byte)
            return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *end = s;

    while (*end)
        end++;
    return (size_t)(end - s);
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b)
            return (unsigned char)*a - (unsigned char)*b;
        if (*a == '\0')
            break;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

/* Also finds the NUL at the end, if that is what is asked for. */
char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (*s == '\0')
            return NULL;
    return (char *)s;
}
