/* SPDX-License-Identifier: MIT */
/* number.c - numbers out of text. */
#include "lib/number.h"

/* The digit's value; 16 or more when it is none. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

size_t number_parse(const char *text, size_t len, unsigned base,
                    uint64_t *value)
{
    uint64_t n = 0;
    size_t i;

    for (i = 0; i < len && digit_value(text[i]) < base; i++) {
        unsigned digit = digit_value(text[i]);

        if (n > (UINT64_MAX - digit) / base)
            return 0;
        n = n * base + digit;
    }
    if (i > 0)
        *value = n;
    return i;
}
