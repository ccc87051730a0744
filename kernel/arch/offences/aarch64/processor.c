/* SPDX-License-Identifier: MIT */
/*
 * processor.c - offences against an Arm: exceptions that C has no words for,
 * and one thing that is none: to silence a line. (A division by zero is no
 * offence here: it gives 0.)
 */
#include "arch/offences/offence.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/aarch64/board.h"
#include "console/format.h"
#include "core/clock.h"
#include "core/irq.h"

static void breakpoint(void)
{
    __asm__ volatile("brk #1");
}

static void invalid_opcode(void)
{
    __asm__ volatile("udf #1");
}

/* The kernel uses no vector registers, and nobody keeps what is in them. */
static void use_vectors(void)
{
    __asm__ volatile(".inst 0x1e6e1000");       /* fmov d0, #1.0 */
}

/* Bits 48 to 63 of an address must be zero: there is no upper half. */
static void write_noncanonical(void)
{
    __asm__ volatile("str wzr, [%0]" : : "r"(1ull << 63) : "memory");
}

static void call_unaligned(void)
{
    __asm__ volatile("blr %0" : : "r"((uintptr_t)breakpoint + 2)
                     : "x30", "memory");
}

/* Four bytes at an address that is no multiple of four: other processors
 * forgive it, and so would this one, if boot.S had not told it otherwise. */
static void read_unaligned(void)
{
    static const uint32_t words[2] = { 1, 2 };
    __asm__ volatile("ldr w1, [%0]" : : "r"((uintptr_t)words + 1)
                     : "x1", "memory");
}

/* An exception for which there is no stack but its own. */
static void lose_stack(void)
{
    __asm__ volatile("mov x1, #0; mov sp, x1; str xzr, [sp, #-16]!"
                     : : : "x1", "memory");
}

/* An exception that can't even be taken on its own stack. */
static void lose_both_stacks(void)
{
    __asm__ volatile("msr spsel, #1; mov x1, #0; mov sp, x1; "
                     "str xzr, [sp, #-16]!" : : : "x1", "memory");
}

/* ---- A line that is silenced -------------------------------------------- */

/* The serial line raises its line when it has sent a character and is told
 * that we want to know. [PL011 §3.3.10, §3.3.13] */
enum { UARTDR = 0x000, UARTIMSC = 0x038, UARTICR = 0x044, TX = 1 << 5 };

static uintptr_t uart;
static volatile unsigned came;

static void line_came(void *ctx)
{
    (void)ctx;
    mmio_write32(uart + UARTICR, TX);   /* which takes it back */
    came = came + 1;
}

/* Has the line raised, and sleeps until it comes, or for 20 ms. */
static unsigned raise_line(void)
{
    uint64_t end = clock_ns() + 20 * NS_PER_MS;
    unsigned before = came;

    arch_irq_disable();
    mmio_write32(uart + UARTICR, TX);
    mmio_write32(uart + UARTIMSC, TX);
    mmio_write32(uart + UARTDR, '\r');
    while (came == before && clock_ns() < end) {
        arch_timer_set(end);
        arch_irq_enable_and_wait();
    }
    mmio_write32(uart + UARTIMSC, 0);
    return came - before;
}

static void mask_line(void)
{
    struct irq_source source = { .kind = IRQ_LINE, .line = board()->uart.line };

    uart = arch_map_device(board()->uart.base, board()->uart.size);
    if (irq_request(&source, line_came, NULL) != 0)
        return;
    unsigned open = raise_line();
    arch_irq_mask(source.line);
    unsigned masked = raise_line();
    arch_irq_mask(1000);            /* there is none: nothing happens */
    print("line: %u while it is open, %u when it is masked\n", open, masked);
}

const struct offence processor_offences[] = {
    { "mask-line", mask_line },
    { "breakpoint", breakpoint },
    { "invalid-opcode", invalid_opcode },
    { "use-vectors", use_vectors },
    { "write-noncanonical", write_noncanonical },
    { "call-unaligned", call_unaligned },
    { "read-unaligned", read_unaligned },
    { "lose-stack", lose_stack },
    { "lose-both-stacks", lose_both_stacks },
    { NULL, NULL },
};
