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
    lab_todo("3.1 pages_init");
    /* END 3.1 */
}

void *pages_alloc(size_t count)
{
    /* TODO 3.2 pages_alloc: find a run of at least `count` pages and cut them
     * off it. Cut at its end: then its head stays where it is. A run of which
     * nothing is left goes off the list. */
    lab_todo("3.2 pages_alloc");
    /* END 3.2 */
}

void pages_free(void *first, size_t count)
{
    /* TODO 3.3 pages_free: find the runs before and after these pages; panic
     * if the pages are not all of this machine (pages_known) or overlap one
     * of the two; then make a run of them and join it with what it touches,
     * on both sides. */
    lab_todo("3.3 pages_free");
    /* END 3.3 */
}

struct pages_usage pages_usage(void)
{
    /* TODO 3.4 pages_usage: pages in all, and pages handed out. */
    lab_todo("3.4 pages_usage");
    /* END 3.4 */
}
