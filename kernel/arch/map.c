/* SPDX-License-Identifier: MIT */
/*
 * map.c - a list of memory regions that stays sorted and in whole pages.
 *
 * Pure arithmetic on what a boot loader says, which may be anything: ranges
 * that overlap, touch, are empty, or run past the end of the address space.
 */
#include "arch/map.h"

static const uint64_t PAGE = MEM_MAP_PAGE;

/* The end of a range, or the last page boundary when it has none. */
static uint64_t end_of(uint64_t base, uint64_t size)
{
    return size > UINT64_MAX - base ? ~(PAGE - 1) : base + size;
}

static void remove_at(struct mem_map *map, unsigned at)
{
    map->count--;
    for (unsigned i = at; i < map->count; i++)
        map->region[i] = map->region[i + 1];
}

static unsigned smallest(const struct mem_map *map)
{
    unsigned at = 0;
    for (unsigned i = 1; i < map->count; i++)
        if (map->region[i].size < map->region[at].size)
            at = i;
    return at;
}

/* Puts [base, end), which touches no region, in its place. */
static void insert(struct mem_map *map, uint64_t base, uint64_t end)
{
    if (map->count == MEM_MAP_MAX) {
        unsigned least = smallest(map);
        if (map->region[least].size >= end - base)
            return;
        remove_at(map, least);
    }
    unsigned at = map->count++;
    for (; at > 0 && map->region[at - 1].base > base; at--)
        map->region[at] = map->region[at - 1];
    map->region[at] = (struct mem_region){ base, end - base };
}

void map_add(struct mem_map *map, uint64_t base, uint64_t size)
{
    uint64_t end = end_of(base, size) & ~(PAGE - 1);
    if (base > ~(PAGE - 1))
        return;
    base = (base + PAGE - 1) & ~(PAGE - 1);
    if (base >= end)
        return;

    /* What it overlaps or touches becomes part of it. */
    for (unsigned i = map->count; i-- > 0;) {
        struct mem_region r = map->region[i];
        if (r.base > end || r.base + r.size < base)
            continue;
        if (r.base < base)
            base = r.base;
        if (r.base + r.size > end)
            end = r.base + r.size;
        remove_at(map, i);
    }
    insert(map, base, end);
}

void map_cut(struct mem_map *map, uint64_t base, uint64_t size)
{
    if (size == 0)
        return;
    uint64_t end = end_of(base, size);
    end = end > ~(PAGE - 1) ? ~(PAGE - 1) : (end + PAGE - 1) & ~(PAGE - 1);
    base &= ~(PAGE - 1);

    for (unsigned i = map->count; i-- > 0;) {
        struct mem_region r = map->region[i];
        uint64_t r_end = r.base + r.size;
        if (r.base >= end || r_end <= base)
            continue;
        remove_at(map, i);
        if (r.base < base)
            insert(map, r.base, base);
        if (r_end > end)
            insert(map, end, r_end);
    }
}
