/* SPDX-License-Identifier: MIT */
/*
 * pages.c - another right answer to lab 03: the run that fits best is taken,
 * and cut at its front, so that its head moves.
 */
#include "mem/pages.h"
#include "core/panic.h"

static bool touches(const struct page_run *run, const struct page_run *next)
{
    return pages_end(run, run->count) == (uintptr_t)next;
}

/* Where the pointer stands to the first run that is not below `at`, and in
 * *before the run that holds it. */
static struct page_run **find(const void *at, struct page_run **before)
{
    struct page_run **link = &pages.free;

    *before = NULL;
    while (*link && (uintptr_t)*link < (uintptr_t)at) {
        *before = *link;
        link = &(*link)->next;
    }
    return link;
}

void pages_init(const struct mem_map *map)
{
    struct page_run **link = &pages.free;

    pages.map = map;
    pages.total = pages.used = 0;
    for (unsigned i = 0; i < map->count; i++) {
        struct page_run *run = (void *)map->region[i].base;

        run->count = map->region[i].size / PAGE_SIZE;
        pages.total += run->count;
        *link = run;
        link = &run->next;
    }
    *link = NULL;
}

void *pages_alloc(size_t count)
{
    struct page_run **best = NULL;

    for (struct page_run **link = &pages.free; *link; link = &(*link)->next)
        if ((*link)->count >= count &&
            (!best || (*link)->count < (*best)->count))
            best = link;
    if (count == 0 || !best)
        return NULL;

    struct page_run *taken = *best;
    if (taken->count == count) {
        *best = taken->next;
    } else {
        struct page_run *rest = (void *)pages_end(taken, count);

        *rest = (struct page_run){ taken->count - count, taken->next };
        *best = rest;
    }
    pages.used += count;
    return taken;
}

void pages_free(void *first, size_t count)
{
    struct page_run *before, *run = first;

    if (!pages_known(first, count))
        panic("These pages are not memory of this machine.");
    struct page_run **link = find(first, &before), *next = *link;

    if (next && count > ((uintptr_t)next - (uintptr_t)first) / PAGE_SIZE)
        panic("Some of these pages are free already.");
    if (before && pages_end(before, before->count) > (uintptr_t)first)
        panic("These pages begin inside of free ones.");

    *run = (struct page_run){ count, next };
    *link = run;
    pages.used -= count;
    if (next && touches(run, next)) {
        run->count += next->count;
        run->next = next->next;
    }
    if (before && touches(before, run)) {
        before->count += run->count;
        before->next = run->next;
    }
}

struct pages_usage pages_usage(void)
{
    struct pages_usage usage = { .total = pages.total };

    usage.used = usage.total;
    for (const struct page_run *run = pages.free; run; run = run->next)
        usage.used -= run->count;
    return usage;
}
