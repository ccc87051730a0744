/* SPDX-License-Identifier: MIT */
/*
 * pages.c - the page allocator: the machine's memory, by the page.
 *
 * Free pages are kept as runs in the order of their addresses; mem/pages.h
 * has the picture and the invariants. Stands on the memory map alone, and
 * leaves smaller pieces than a page to the heap.
 */
#include "mem/pages.h"
#include "core/panic.h"

void pages_init(const struct mem_map *map)
{
    /* TODO 3.1 pages_init: keep `map` in `pages`, count its pages, and make
     * them all free, the lowest addresses first. (If at first they all count
     * as used, pages_free() does the rest; but then this works only once that
     * is written.) */
    pages = (struct pages){ .map = map };
    for (unsigned i = 0; i < map->count; i++)
        pages.total += map->region[i].size / PAGE_SIZE;
    pages.used = pages.total;
    for (unsigned i = 0; i < map->count; i++)
        pages_free((void *)map->region[i].base,
                   map->region[i].size / PAGE_SIZE);
    /* END 3.1 */
}

void *pages_alloc(size_t count)
{
    /* TODO 3.2 pages_alloc: find a run of at least `count` pages and cut them
     * off it. Cut at its end: then its head stays where it is. A run of which
     * nothing is left goes off the list. */
    if (count == 0)
        return NULL;
    for (struct page_run **link = &pages.free; *link; link = &(*link)->next) {
        struct page_run *run = *link;

        if (run->count < count)
            continue;
        run->count -= count;
        if (run->count == 0)
            *link = run->next;
        pages.used += count;
        return (void *)pages_end(run, run->count);
    }
    return NULL;
    /* END 3.2 */
}

void pages_free(void *first, size_t count)
{
    /* TODO 3.3 pages_free: find the runs before and after these pages; panic
     * if the pages are not all of this machine (pages_known) or overlap one
     * of the two; then make a run of them and join it with what it touches,
     * on both sides. */
    struct page_run *run = first, *before = NULL, *after = pages.free;

    if (!pages_known(first, count))
        panic("pages_free was given pages that pages_alloc never gave.");
    while (after && after < run) {
        before = after;
        after = after->next;
    }
    if ((before && pages_end(before, before->count) > (uintptr_t)run) ||
        (after && pages_end(run, count) > (uintptr_t)after))
        panic("pages_free was given pages that are free already.");

    run->count = count;
    run->next = after;
    if (after && pages_end(run, count) == (uintptr_t)after) {
        run->count += after->count;
        run->next = after->next;
    }
    if (!before) {
        pages.free = run;
    } else if (pages_end(before, before->count) == (uintptr_t)run) {
        before->count += run->count;
        before->next = run->next;
    } else {
        before->next = run;
    }
    pages.used -= count;
    /* END 3.3 */
}

struct pages_usage pages_usage(void)
{
    /* TODO 3.4 pages_usage: pages in all, and pages handed out. */
    return (struct pages_usage){ pages.total, pages.used };
    /* END 3.4 */
}
