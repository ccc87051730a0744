/* SPDX-License-Identifier: MIT */
/*
 * console.c - a process's standard output as a console. Where the characters
 * go, and when, is said by the port (arch/unix/output.h), which has words of
 * its own for the same place.
 */
#include "arch/unix/output.h"
#include "console/console.h"
#include "core/start.h"

static void put(char c)
{
    output_putc(OUTPUT_CONSOLE, c);
}

static struct console console = { .name = "stdout", .putc = put };

static void host_console_init(void)
{
    console_add(&console);
}
INITCALL(INIT_CONSOLE, host_console_init);
