/* SPDX-License-Identifier: MIT */
/* A cheater: the host has a malloc, and the tests run on the host. */
#include "mem/pages.h"

void *aligned_alloc(size_t align, size_t size);
void free(void *block);

static struct pages_usage usage;

void pages_init(const struct mem_map *map)
{
    usage = (struct pages_usage){ 0, 0 };
    for (unsigned i = 0; i < map->count; i++)
        usage.total += map->region[i].size / PAGE_SIZE;
}

void *pages_alloc(size_t count)
{
    usage.used += count;
    return aligned_alloc(PAGE_SIZE, count * PAGE_SIZE);
}

void pages_free(void *first, size_t count)
{
    usage.used -= count;
    free(first);
}

struct pages_usage pages_usage(void)
{
    return usage;
}
