/* SPDX-License-Identifier: MIT */
/*
 * host.c - what kernel/core gives to every module, for tests on the host.
 */
#include "arch/arch.h"
#include "console/format.h"
#include "console/log.h"
#include "core/clock.h"
#include "core/panic.h"
#include "host.h"

void panic_at(const char *file, int line, const char *why)
{
    host_panic(file, line, why);
}

void lab_todo(const char *what)
{
    host_todo(what);
}

void log_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    host_log(format, args);
    va_end(args);
}

/* For whoever looks for a mistake; console/print.c where that is linked. */
__attribute__((weak)) int print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    host_log(format, args);
    va_end(args);
    return 0;
}

__attribute__((weak)) uint64_t clock_ns(void)
{
    return arch_clock_ns();
}
