/* SPDX-License-Identifier: MIT */
/*
 * start.h - what runs before main(), and main().
 */
#ifndef CORE_START_H
#define CORE_START_H

/* An application's. Returns 0 or a negative errno, with which the machine
 * ends (core/exit.h). */
int main(void);

/*
 * A module that has something to set up before main() says so where it is
 * defined, and is linked only where it is needed:
 *
 *     INITCALL(INIT_BUSES, pci_scan);
 *
 * Initcalls run in the order of their levels, and inside a level in link
 * order. One that fails says so itself; start-up goes on without it.
 */
enum init_level {
    INIT_CONSOLE = 0,       /* output */
    INIT_MEMORY = 1,        /* pages, heap */
    INIT_BUSES = 2,         /* buses look for devices */
};

struct initcall {
    enum init_level level;
    void (*run)(void);
};

/* no_reorder: a compiler that sees the whole image at once (LTO=1) would turn
 * their order round. */
#define INITCALL(level_, function)                                       \
    static const struct initcall initcall_##function                     \
        __attribute__((used, no_reorder, section("initcalls"))) =        \
            { level_, function }

#endif
