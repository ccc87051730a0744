/* SPDX-License-Identifier: MIT */
/*
 * format.h - the printf family. The core, format_v(), is lab 02's.
 *
 *     %  [flags]  [width]  [.precision]  [length]  conversion
 *
 *     flags       - 0 + space #
 *     width       a number, or * for an int argument (negative: flag - too)
 *     precision   the same (negative: as if there were none)
 *     length      hh h l ll z t j
 *     conversion  d i u x X o c s p %
 *
 * Each as ISO C has it [C11 7.21.6.1], and where C leaves it open: %s of NULL
 * is "(null)"; %p is %x of the address behind 0x; a conversion that is not in
 * the list stands for itself with its %, without what is between; a format that
 * ends in the middle leaves its %. No floating point.
 */
#ifndef CONSOLE_FORMAT_H
#define CONSOLE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Formats into buf[cap], always NUL-terminated when cap > 0. Returns the
 * length that the whole text has, of which min(length, cap - 1) characters
 * were stored. With a cap of 0 nothing is stored and buf may be NULL. */
int format_v(char *buf, size_t cap, const char *format, va_list args);

int format(char *buf, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Formats to the console; what is beyond PRINT_MAX characters is cut and
 * marked with "...". Returns the length before the cut. Not from a handler. */
enum { PRINT_MAX = 1000 };
int print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
