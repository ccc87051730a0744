/* SPDX-License-Identifier: MIT */
/*
 * processor.c - offences against an x86: exceptions that C has no words for,
 * and one thing that is none: to silence a line.
 */
#include "arch/offences/offence.h"

#include <stddef.h>
#include <stdint.h>

#include "console/format.h"
#include "core/clock.h"
#include "core/irq.h"

static void divide_by_zero(void)
{
    __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx"
                     : : : "eax", "ecx", "edx", "cc");
}

static void breakpoint(void)
{
    __asm__ volatile("int3");
}

static void invalid_opcode(void)
{
    __asm__ volatile("ud2");
}

/* Bits 47 to 63 of an address must be alike. */
static void write_noncanonical(void)
{
    __asm__ volatile("movl $1, (%0)" : : "r"(1ull << 63) : "memory");
}

/* An exception for which there is no stack but its own. */
static void lose_stack(void)
{
    __asm__ volatile("xorl %%esp, %%esp; pushq %%rax" : : : "memory");
}

/* Leaves the interrupt table nothing after the double fault's entry: the
 * invalid opcode (6) would be found, the page fault (14) is not, nor is the
 * general protection fault (13) which that brings. */
static void double_fault(void)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) idt;
    __asm__ volatile("sidt %0" : "=m"(idt));
    idt.limit = 9 * 16 - 1;
    __asm__ volatile("lidt %0; movl $1, 0" : : "m"(idt) : "memory");
}

/* ---- A line that is silenced -------------------------------------------- */

/* COM1 raises line 4 of the I/O APIC when it is told that we want to know that
 * it can send. [16550 §8.4, §8.5] */
enum { COM1_IER = 0x3f9, COM1_IIR = 0x3fa, IER_CAN_SEND = 1 << 1 };

static volatile unsigned came;

static void line_came(void *ctx)
{
    (void)ctx;
    port_read8(COM1_IIR);           /* which takes it back */
    came = came + 1;
}

/* Has the line raised, and sleeps until it comes, or for 20 ms. */
static unsigned raise_line(void)
{
    uint64_t end = clock_ns() + 20 * NS_PER_MS;
    unsigned before = came;

    arch_irq_disable();
    port_write8(COM1_IER, IER_CAN_SEND);
    while (came == before && clock_ns() < end) {
        arch_timer_set(end);
        arch_irq_enable_and_wait();
    }
    port_write8(COM1_IER, 0);
    return came - before;
}

static void mask_line(void)
{
    struct irq_source source = { .kind = IRQ_LINE, .line = 4 };

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
    { "divide-by-zero", divide_by_zero },
    { "breakpoint", breakpoint },
    { "invalid-opcode", invalid_opcode },
    { "write-noncanonical", write_noncanonical },
    { "lose-stack", lose_stack },
    { "double-fault", double_fault },
    { NULL, NULL },
};
