/* SPDX-License-Identifier: MIT */
/*
 * map.h - which memory this machine has for us.
 *
 * A port reads it from the boot loader, takes off the null page, the kernel's
 * image and what it needs for itself, and gives what is left: page-aligned,
 * sorted, neither overlapping nor touching, all of it mapped.
 *
 *     0   4K            1M     image                              top of RAM
 *     |///|  region 0   |//////|/page tables/|      region 1      |
 *
 * Ports build their map with the two calls below, which are the same on every
 * machine.
 */
#ifndef ARCH_MAP_H
#define ARCH_MAP_H

#include <stdint.h>

enum { MEM_MAP_MAX = 16, MEM_MAP_PAGE = 4096 };

struct mem_region {
    uintptr_t base;         /* address of the first byte, page-aligned */
    uintptr_t size;         /* in bytes, a multiple of the page size */
};

struct mem_map {
    unsigned count;
    struct mem_region region[MEM_MAP_MAX];
};

const struct mem_map *mem_map(void);

/* Adds the whole pages of `size` bytes from `base` on, which may overlap what
 * is there. When the map is full its smallest region is forgotten. */
void map_add(struct mem_map *map, uint64_t base, uint64_t size);

/* Takes away every page that `size` bytes from `base` on touch. */
void map_cut(struct mem_map *map, uint64_t base, uint64_t size);

#endif
