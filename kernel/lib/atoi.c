/* SPDX-License-Identifier: MIT */
/* atoi.c - for third-party code; ours uses number_parse(), which tells when
 * there was no number. */
#include <stdbool.h>
#include <stdint.h>

#include "lib/number.h"

int atoi(const char *text)
{
    long n = 0;
    bool negative;

    while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        text++;
    negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    for (; *text >= '0' && *text <= '9' && n <= INT32_MAX; text++)
        n = n * 10 + (*text - '0');
    if (negative)
        return n > INT32_MAX ? INT32_MIN : (int)-n;
    return n > INT32_MAX ? INT32_MAX : (int)n;
}
