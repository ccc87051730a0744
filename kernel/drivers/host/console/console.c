/* SPDX-License-Identifier: MIT */
/*
 * console.c - a process's standard output as a console.
 */
#include <unistd.h>

#include "console/console.h"
#include "core/start.h"

static void put(char c)
{
    while (write(STDOUT_FILENO, &c, 1) < 0)
        ;
}

static struct console console = { .name = "stdout", .putc = put };

static void host_console_init(void)
{
    console_add(&console);
}
INITCALL(INIT_CONSOLE, host_console_init);
