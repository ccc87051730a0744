/* SPDX-License-Identifier: MIT */
/*
 * start.c - brings the processor from boot.S to core_start().
 *
 * Exceptions are told in a sentence from the first line on: boot.S has set the
 * vector table.
 */
#include "aarch64.h"

static struct mem_map map;

const struct mem_map *mem_map(void)
{
    return &map;
}

/* Called by boot.S with what the loader left in X0. Never returns, which is
 * why it may change the stack canary on its way. */
_Noreturn void arch_start(uintptr_t tree);
_Noreturn void arch_start(uintptr_t tree)
{
    canary_init();
    board_read(tree, &map);         /* memory, command line, devices */
    debug_init();                   /* words by the serial line as well */
    paging_init(&map);
    gic_init();
    clock_init();
    __asm__ volatile("msr daifclr, #4" ::: "memory");   /* SError: tell us */
    core_start();
}
