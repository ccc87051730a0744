/* SPDX-License-Identifier: MIT */
/*
 * pages.h - memory by the page. The bodies are lab 03's.
 *
 * Nothing here costs memory or time by how much memory there is: a machine of
 * 6 MiB and one of 6 GiB are the same. Not from an interrupt handler.
 */
#ifndef MEM_PAGES_H
#define MEM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/map.h"

enum { PAGE_SIZE = MEM_MAP_PAGE };

/* Takes over every page of `map`. Called once, before any other. */
void pages_init(const struct mem_map *map);

/* `count` adjacent pages, aligned to PAGE_SIZE, their content undefined.
 * NULL when there are not so many in a row, or when count is 0. */
void *pages_alloc(size_t count);

/* Gives back exactly what one pages_alloc(count) gave. Pages that are free
 * already, or that were never ours to give, are a fault of ours: panic; so is
 * a count of 0, which was never given. Pages side by side can be had in a row
 * again once all of them are free. */
void pages_free(void *first, size_t count);

/* How many pages there are, and how many are handed out. */
struct pages_usage { size_t total, used; };
struct pages_usage pages_usage(void);

/*
 * Given, for the bodies: what is free, kept in the free pages themselves. Each
 * run of adjacent free pages begins with one of these.
 *
 *     free                 next                  next: NULL
 *       |    +--------+     |    +-----------+
 *       '--> | 2      | ----'--> | 3         |
 *     -------+--------+----------+-----------+-----------> addresses
 *      used  | run    |   used   | run       |   used
 *
 * Invariants, between calls:
 *   - runs lie in the order of their addresses;
 *   - between two runs there is at least one page that isn't free;
 *   - pages in runs + used == total.
 * Who keeps pages in another way may leave it alone.
 */
struct page_run {
    size_t count;               /* pages in this run, at least 1 */
    struct page_run *next;
};

struct pages {
    const struct mem_map *map;  /* what pages_init() was given */
    struct page_run *free;      /* the first run, or NULL */
    size_t total, used;         /* pages */
};
extern struct pages pages;

/* The address behind the last of `count` pages. */
static inline uintptr_t pages_end(const void *first, size_t count)
{
    return (uintptr_t)first + count * PAGE_SIZE;
}

/* Whether these are `count` whole pages of the map, 1 or more, free or not. */
bool pages_known(const void *first, size_t count);

#endif
