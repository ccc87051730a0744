/* SPDX-License-Identifier: MIT */
/*
 * log.c - a line at a time, whole or marked as cut.
 */
#include "console/log.h"

#include "console/console.h"
#include "console/format.h"
#include "lib/string.h"

void log_line(const char *format, ...)
{
    char line[LOG_LINE_MAX + 1];    /* and the line break */
    va_list args;
    va_start(args, format);
    int len = format_v(line, sizeof line, format, args);
    va_end(args);
    if (len < 0)
        return;
    if (len > LOG_LINE_MAX) {
        memcpy(line + LOG_LINE_MAX - 3, "...", 3);
        len = LOG_LINE_MAX;
    }
    line[len] = '\n';
    console_write(line, (size_t)len + 1);
}
