/* SPDX-License-Identifier: MIT */
/*
 * fuzz_host.c - what host.c asks of unit.c, for a fuzz entry that is run by
 * libFuzzer: nothing is said, and a panic is a finding.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"

void host_log(const char *format, va_list args)
{
    (void)format, (void)args;
}

_Noreturn void host_panic(const char *file, int line, const char *why)
{
    fprintf(stderr, "panic: %s\n  (%s:%d)\n", why, file, line);
    abort();
}

_Noreturn void host_todo(const char *what)
{
    fprintf(stderr, "not written yet: %s\n", what);
    abort();
}
