/* SPDX-License-Identifier: MIT */
/*
 * host_format.c - console/format.h by the host's C library, for tests of what
 * writes text and leaves how to lab 02.
 */
#include <stdarg.h>
#include <stdio.h>

#include "console/format.h"

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    return vsnprintf(buf, cap, format, args);
}

int format(char *buf, size_t cap, const char *text, ...)
{
    va_list args;

    va_start(args, text);
    int len = vsnprintf(buf, cap, text, args);
    va_end(args);
    return len;
}
