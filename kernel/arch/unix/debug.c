/* SPDX-License-Identifier: MIT */
/*
 * debug.c - words that get out whatever else is broken, and the end.
 *
 * As on a machine they go to a debug console of their own and to where the
 * console's go.
 */
#include <stdlib.h>
#include <unistd.h>

#include "output.h"
#include "unix.h"

static bool had_last_words;

void arch_debug_putc(char c)
{
    had_last_words = true;
    output_putc(OUTPUT_DEBUG, c);
    output_putc(OUTPUT_CONSOLE, c);
}

/*
 * With the status that QEMU's debug-exit device makes of it, so that whoever
 * watches a run need not know what it runs on.
 *
 * A process that is done leaves in order, and a sanitizer may then look for
 * memory that nobody has given back. One that gave up has said why, and leaves
 * at once.
 */
_Noreturn void arch_exit(int status)
{
    output_flush();
    if (had_last_words)
        _exit(status << 1 | 1);
    exit(status << 1 | 1);
}
