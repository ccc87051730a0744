/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line for a person, on the console.
 *
 * "net0: 52:54:00:12:34:56, link up". The line break is added. A line is
 * LOG_LINE_MAX characters at most; what is beyond is cut and marked with
 * "...". Not to be called from an interrupt handler.
 */
#ifndef CONSOLE_LOG_H
#define CONSOLE_LOG_H

#include <stdarg.h>

enum { LOG_LINE_MAX = 240 };

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
