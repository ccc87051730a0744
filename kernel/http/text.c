/* SPDX-License-Identifier: MIT */
/*
 * text.c - a text that grows, for heads.
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
