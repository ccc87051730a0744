/* SPDX-License-Identifier: MIT */
/*
 * panic.c - last words.
 *
 * They leave a character at a time by arch_debug_putc(), and need no memory,
 * no console and nothing that a student writes.
 */
#include "core/panic.h"

#include "arch/arch.h"
#include "core/exit.h"

enum { BACKTRACE_MAX = 24 };

void panic_text(const char *text)
{
    while (*text)
        arch_debug_putc(*text++);
}

void panic_hex(unsigned long long value)
{
    int digits = 8;
    while (digits < 16 && value >> 4 * digits)
        digits++;
    panic_text("0x");
    while (digits-- > 0)
        arch_debug_putc("0123456789abcdef"[value >> 4 * digits & 15]);
}

static void panic_decimal(unsigned value)
{
    if (value >= 10)
        panic_decimal(value / 10);
    arch_debug_putc("0123456789"[value % 10]);
}

void panic_backtrace(const uintptr_t *addresses, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        panic_text("  at ");
        panic_hex(addresses[i]);
        panic_text("\n");
    }
}

_Noreturn void panic_end(void)
{
    arch_exit(EXIT_PANIC);
}

/* Who called panic_at() or lab_todo(): the first two of the list are the call
 * in here and the call of this. */
__attribute__((noinline)) static void print_callers(void)
{
    uintptr_t addresses[BACKTRACE_MAX];
    unsigned count = arch_backtrace(addresses, BACKTRACE_MAX);
    if (count > 2)
        panic_backtrace(addresses + 2, count - 2);
}

_Noreturn void panic_at(const char *file, int line, const char *why)
{
    static bool panicking;
    arch_irq_disable();
    if (panicking)
        panic_end();
    panicking = true;

    panic_text("\npanic: ");
    panic_text(file);
    panic_text(":");
    panic_decimal((unsigned)line);
    panic_text(": ");
    panic_text(why);
    panic_text("\n");
    print_callers();
    panic_end();
}

_Noreturn void lab_todo(const char *what)
{
    arch_irq_disable();
    panic_text("\nnot written yet: ");
    panic_text(what);
    panic_text("\n");
    print_callers();
    arch_exit(EXIT_TODO);
}
