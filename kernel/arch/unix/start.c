/* SPDX-License-Identifier: MIT */
/*
 * start.c - brings a process to core_start().
 *
 * The C library wants to call main() itself. The application's main() is to
 * run only when the initcalls are through, as on any machine; so this runs
 * before, from where the library calls constructors, and never returns. (That
 * a constructor gets the arguments is glibc's doing.)
 */
#include <string.h>

#include "unix.h"

/* The process's arguments are what a boot loader's line is to a machine. */
static void read_arguments(int argc, char **argv)
{
    static char line[4096];
    size_t len = 0;

    for (int i = 1; i < argc; i++) {
        size_t n = strlen(argv[i]);

        if (n >= sizeof line - len)
            break;
        memcpy(line + len, argv[i], n);
        len += n;
        line[len++] = ' ';
    }
    cmdline_set(line, len);
}

/* It never returns, which is why it may change the stack canary on its way. */
__attribute__((constructor)) static void arch_start(int argc, char **argv)
{
    backtrace_init((uintptr_t)__builtin_frame_address(0));
    canary_init();
    output_init();
    traps_init();
    memory_init();
    sanitizers_init();
    clock_init();
    wait_init();
    stop_init();
    read_arguments(argc, argv);
    core_start();
}
