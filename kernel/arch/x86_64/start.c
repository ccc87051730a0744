/* SPDX-License-Identifier: MIT */
/*
 * start.c - brings the processor from long mode to core_start().
 *
 * Exceptions come early in the list, so that whatever goes wrong after them
 * is told in a sentence.
 */
#include "x86.h"

static struct mem_map map;

const struct mem_map *mem_map(void)
{
    return &map;
}

/* Called by boot.S with what the loader left in EAX and EBX. Never returns,
 * which is why it may change the stack canary on its way. */
_Noreturn void arch_start(uint32_t magic, uint32_t info);
_Noreturn void arch_start(uint32_t magic, uint32_t info)
{
    canary_init();
    segments_init();                /* where exceptions find their stacks */
    traps_init();
    loader_read(magic, info, &map); /* memory, command line */
    paging_init(&map);
    i8259_init();                   /* while the APIC listens: what it had to
                                       tell is taken back, not forgotten */
    local_apic_init();
    clock_begin();                  /* a millisecond, ended by clock_init() */
    io_apic_init();
    clock_init();
    core_start();
}
