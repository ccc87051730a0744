/* SPDX-License-Identifier: MIT */
/*
 * mem.c - what the page allocator keeps, and the start of it and of the heap.
 * The bodies are lab 03's.
 */
#include "arch/map.h"
#include "core/start.h"
#include "mem/heap_block.h"
#include "mem/pages.h"

struct pages pages;

bool pages_known(const void *first, size_t count)
{
    uintptr_t at = (uintptr_t)first;

    if (count == 0 || at % PAGE_SIZE != 0)
        return false;
    /* Regions don't touch, so what is in a row is in one of them. */
    for (unsigned i = 0; i < pages.map->count; i++) {
        const struct mem_region *r = &pages.map->region[i];

        if (at >= r->base && at - r->base < r->size)
            return count <= (r->size - (at - r->base)) / PAGE_SIZE;
    }
    return false;
}

static void mem_init(void)
{
    pages_init(mem_map());
    heap_init();
}
INITCALL(INIT_MEMORY, mem_init);
