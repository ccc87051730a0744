/* SPDX-License-Identifier: MIT */
/*
 * host.h - between host.c, which speaks the kernel's language (panic.h,
 * log.h), and unit.c, which speaks the host's.
 */
#ifndef UNIT_HOST_H
#define UNIT_HOST_H

#include <stdarg.h>

_Noreturn void host_panic(const char *file, int line, const char *why);
_Noreturn void host_todo(const char *what);
void host_log(const char *format, va_list args);

#endif
