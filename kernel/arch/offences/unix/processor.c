/* SPDX-License-Identifier: MIT */
/*
 * processor.c - offences of a process. Most of them no processor notices, but
 * those do who can watch a process: AddressSanitizer, UBSan, valgrind, or the C
 * library itself; with HEAP=host, as otherwise a block is nobody's but ours.
 */
#include "arch/offences/offence.h"

#include <stddef.h>
#include <stdint.h>

#include "console/format.h"
#include "mem/heap.h"

enum { BLOCK = 24 };

/* A block of which the compiler knows nothing. */
static volatile uint8_t *block(void)
{
    uint8_t *at = heap_alloc(BLOCK);

    __asm__("" : "+r"(at));
    return at;
}

static void give_back(volatile uint8_t *at)
{
    heap_free((void *)(uintptr_t)at);
}

static void overflow_heap(void)
{
    volatile uint8_t *at = block();

    at[BLOCK] = 1;
    give_back(at);
}

static void use_after_free(void)
{
    volatile uint8_t *at = block();

    give_back(at);
    at[0] = 1;
}

static void free_twice(void)
{
    volatile uint8_t *at = block();

    give_back(at);
    give_back(at);
}

static void lose_memory(void)
{
    block()[0] = 1;
}

static void read_uninitialised(void)
{
    volatile uint8_t *at = block();

    if (at[0] == 0)
        print("a block that nobody has written to begins with 0\n");
    give_back(at);
}

static void shift_too_far(void)
{
    volatile unsigned bits = 32;

    /* On purpose: NOLINTNEXTLINE(clang-analyzer-core.*) */
    print("1 << 32 is %u\n", 1u << bits);
}

static void divide_by_zero(void)
{
    volatile int seven = 7, zero = 0;

    /* On purpose: NOLINTNEXTLINE(clang-analyzer-core.*) */
    print("7 / 0 is %d\n", seven / zero);
}

/* An address of which the processor itself says that there is no such. */
static void write_noncanonical(void)
{
    volatile uint8_t *at = (volatile uint8_t *)0x8000000000000000;

    __asm__("" : "+r"(at));
    *at = 1;
}

static void give_up(void)
{
    __builtin_trap();
}

/* With a line that has no end yet, and nothing that lets an interrupt in. */
static void hang(void)
{
    print("hang: for ever\nand a day");
    for (;;)
        __asm__ volatile("");
}

const struct offence processor_offences[] = {
    { "overflow-heap", overflow_heap },
    { "use-after-free", use_after_free },
    { "free-twice", free_twice },
    { "lose-memory", lose_memory },
    { "read-uninitialised", read_uninitialised },
    { "shift-too-far", shift_too_far },
    { "divide-by-zero", divide_by_zero },
    { "write-noncanonical", write_noncanonical },
    { "give-up", give_up },
    { "hang", hang },
    { NULL, NULL },
};
