/* SPDX-License-Identifier: MIT */
/*
 * traps.c - a process's exceptions: the signals that the host sends to it for
 * faults of its own. They are told as a machine's traps are, and end it with
 * the same status.
 *
 * A signal that somebody has taken before us stays with him: a sanitizer has
 * better words.
 */
#include <signal.h>
#include <unistd.h>

#include "unix.h"

enum { BACKTRACE_MAX = 24, ROOM = 64 << 10, NEAR = 1 << 20 };

static const struct trap {
    int signal;
    const char *name;
} traps[] = {
    { SIGSEGV, "segmentation fault (SIGSEGV)" },
    { SIGBUS, "bus error (SIGBUS)" },
    { SIGFPE, "arithmetic fault (SIGFPE)" },
    { SIGILL, "illegal instruction (SIGILL)" },
    { SIGTRAP, "breakpoint (SIGTRAP)" },
    { SIGABRT, "abort (SIGABRT)" },
};

enum { TRAPS = sizeof traps / sizeof *traps };

static const char *name_of(int signal)
{
    for (int i = 0; i < TRAPS; i++)
        if (traps[i].signal == signal)
            return traps[i].name;
    return "an unknown signal";
}

/* Right before or behind the memory that the host has given us. */
static bool beside_memory(uintptr_t address)
{
    const struct mem_map *map = mem_map();

    for (unsigned i = 0; i < map->count; i++) {
        const struct mem_region *r = &map->region[i];

        if (address - (r->base - MEM_MAP_PAGE) < MEM_MAP_PAGE ||
            address - (r->base + r->size) < MEM_MAP_PAGE)
            return true;
    }
    return false;
}

/* What a person would think of first. */
static const char *guess(uintptr_t address, bool mapped, uintptr_t sp)
{
    if (address < MEM_MAP_PAGE)
        return " (a null pointer?)";
    if (beside_memory(address))
        return " (just outside of the machine's memory)";
    if (backtrace_is_code(address))
        return " (the program's code)";
    if (!mapped && address - (sp - NEAR) < NEAR + MEM_MAP_PAGE)
        return " (the stack has overflowed?)";
    return "";
}

static void explain(const siginfo_t *info, const struct context *at)
{
    uintptr_t address = (uintptr_t)info->si_addr;

    panic_text(": ");
    if (info->si_signo == SIGFPE) {
        panic_text(info->si_code == FPE_INTDIV ? "division by zero"
                                               : "a result that does not fit");
        return;
    }
    if (info->si_code == SI_KERNEL) {
        panic_text("no memory can have such an address");
        return;
    }
    panic_text(at->doing);
    panic_hex(address);
    if (info->si_signo == SIGSEGV)
        panic_text(info->si_code == SEGV_MAPERR   ? ", not mapped"
                   : info->si_code == SEGV_ACCERR ? ", forbidden"
                                                  : "");
    panic_text(guess(address, info->si_code != SEGV_MAPERR, at->sp));
}

static void print_callers(const struct context *at)
{
    uintptr_t addresses[BACKTRACE_MAX] = { at->pc };
    unsigned count = 1;

    if (backtrace_is_code(at->pc))
        count += backtrace_from(at->frame, at->sp, addresses + 1,
                                BACKTRACE_MAX - 1);
    else
        count += backtrace_through(at, addresses + 1, BACKTRACE_MAX - 1);
    panic_backtrace(addresses, count);
}

static void report(int signal, siginfo_t *info, void *ucontext)
{
    static bool reporting;
    struct context at = context_of(ucontext);

    if (reporting) {
        panic_text("\nexception: another one, while that was told.\n");
        panic_end();
    }
    reporting = true;
    panic_text("\nexception: ");
    panic_text(name_of(signal));
    panic_text(" at ");
    panic_hex(at.pc);
    /* Only the processor knows an address; another process does not. */
    if (info->si_code > 0 && signal != SIGILL && signal != SIGTRAP)
        explain(info, &at);
    panic_text(".\n");
    print_callers(&at);
    panic_end();
}

void traps_init(void)
{
    static char stack[ROOM];        /* the other one may be what overflowed */
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack }, old;
    struct sigaction ours = {
        .sa_sigaction = report,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
    };
    struct sigaction there;

    sigemptyset(&ours.sa_mask);
    if (sigaltstack(NULL, &old) == 0 && old.ss_flags & SS_DISABLE)
        sigaltstack(&alternate, NULL);
    for (int i = 0; i < TRAPS; i++)
        if (sigaction(traps[i].signal, NULL, &there) == 0 &&
            there.sa_handler == SIG_DFL)
            sigaction(traps[i].signal, &ours, NULL);
}
