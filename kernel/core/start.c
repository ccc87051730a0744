/* SPDX-License-Identifier: MIT */
/*
 * start.c - initcalls, main(), the end.
 *
 * The port calls core_start() when the processor is sane; from there on
 * nothing is special to one machine.
 */
#include "core/start.h"

#include "arch/arch.h"
#include "arch/upcalls.h"
#include "core/exit.h"

/* Collected by the linker from every module in the image. */
extern const struct initcall __start_initcalls[], __stop_initcalls[];

static void run_initcalls(enum init_level level)
{
    for (const struct initcall *c = __start_initcalls; c < __stop_initcalls;
         c++)
        if (c->level == level)
            c->run();
}

_Noreturn void core_start(void)
{
    for (int level = INIT_CONSOLE; level <= INIT_BUSES; level++)
        run_initcalls((enum init_level)level);
    int status = main();
    if (status < 0) {
        panic_text("failed: main() returned an error, ");
        panic_hex((unsigned)-status);
        panic_text(" (lib/errno.h).\n");
    }
    arch_exit(status < 0 ? EXIT_FAILED : EXIT_DONE);
}

_Noreturn void core_refuse(const char *why)
{
    panic_text("cannot start: ");
    panic_text(why);
    panic_text("\n");
    arch_exit(EXIT_FAILED);
}
