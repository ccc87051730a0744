/* SPDX-License-Identifier: MIT */
/*
 * processor.c - offences against an x86: exceptions that C has no words for.
 */
#include "apps/protect/offence.h"

#include <stddef.h>
#include <stdint.h>

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

const struct offence processor_offences[] = {
    { "divide-by-zero", divide_by_zero },
    { "breakpoint", breakpoint },
    { "invalid-opcode", invalid_opcode },
    { "write-noncanonical", write_noncanonical },
    { "lose-stack", lose_stack },
    { "double-fault", double_fault },
    { NULL, NULL },
};
