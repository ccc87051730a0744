/* SPDX-License-Identifier: MIT */
/*
 * debug.c - words that get out whatever else is broken, and the end.
 *
 * As on a machine they go where the console's go and to a debug console of
 * their own: the file LODGE_DEBUG, or the descriptor N if that says "fd:N".
 */
#include <execinfo.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unix.h"

static int debug_console(void)
{
    static int fd = -2;         /* not looked for yet */
    const char *name = getenv("LODGE_DEBUG");

    if (fd == -2)
        fd = !name ? -1
             : strncmp(name, "fd:", 3) == 0
                 ? atoi(name + 3)
                 : open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return fd;
}

static void put(int fd, char c)
{
    if (fd >= 0 && write(fd, &c, 1) != 1)
        _exit(1);
}

void arch_debug_putc(char c)
{
    put(debug_console(), c);
    put(STDOUT_FILENO, c);
}

/* The status that QEMU's debug-exit device gives. */
_Noreturn void arch_exit(int status)
{
    exit(status << 1 | 1);
}

unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    void *found[64];
    int count = backtrace(found, 64);
    unsigned n = 0;

    for (int i = 1; i < count && n < cap; i++)
        addresses[n++] = (uintptr_t)found[i] - 1;
    return n;
}
