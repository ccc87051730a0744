/* SPDX-License-Identifier: MIT */
/*
 * text.c - a text that grows, for heads. What does not fit is counted, and not
 * stored.
 */
#include <stdarg.h>

#include "console/format.h"
#include "http/response.h"

void http_append(struct http_text *text, const char *format, ...)
{
    size_t used = text->len < text->cap ? text->len : text->cap;
    va_list args;

    va_start(args, format);
    text->len +=
        (size_t)format_v(text->buf + used, text->cap - used, format, args);
    va_end(args);
}

void http_append_bytes(struct http_text *text, const char *data, size_t len)
{
    /* One is for the NUL. */
    if (text->len < text->cap) {
        size_t room = text->cap - text->len - 1;
        size_t fits = len < room ? len : room;

        memcpy(text->buf + text->len, data, fits);
        text->buf[text->len + fits] = '\0';
    }
    text->len += len;
}

void http_append_number(struct http_text *text, uint64_t number)
{
    char digits[20]; /* 64 bits are no more */
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    http_append_bytes(text, digits + at, sizeof digits - at);
}

void http_append_hex(struct http_text *text, uint64_t number)
{
    char digits[16];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[number % 16];
        number /= 16;
    } while (number != 0);
    http_append_bytes(text, digits + at, sizeof digits - at);
}
