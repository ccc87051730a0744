/* SPDX-License-Identifier: MIT */
/*
 * print.c - the two callers of format_v() that take their arguments as they
 * come. What a conversion looks like is format_v()'s (lab 02), where the
 * characters go is console_write()'s.
 */
#include "console/console.h"
#include "console/format.h"
#include "lib/string.h"

int format(char *buf, size_t cap, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = format_v(buf, cap, format, args);
    va_end(args);
    return len;
}

int print(const char *format, ...)
{
    char text[PRINT_MAX + 1];
    va_list args;
    int len;

    va_start(args, format);
    len = format_v(text, sizeof(text), format, args);
    va_end(args);
    if (len > PRINT_MAX)
        memcpy(text + PRINT_MAX - 3, "...", 3);
    console_write(text, len > PRINT_MAX ? PRINT_MAX : (size_t)len);
    return len;
}
