/* SPDX-License-Identifier: MIT */
/*
 * heap_area.c - where the heap's blocks come from and where the free ones are
 * kept. Stands on pages_alloc() and pages_free(), and leaves to lab 03 how
 * blocks are cut and joined.
 */
#include "mem/heap_block.h"

#include "core/panic.h"

struct heap heap;

void heap_init(void)
{
    for (unsigned i = 0; i < HEAP_BINS; i++)
        list_init(&heap.bins[i]);
}

void heap_bin_put(struct heap_block *block)
{
    struct list *link = heap_payload(block);

    block->mark = HEAP_FREE;
    /* In front: what was used last is the likeliest to be in a cache. */
    list_insert_before(heap.bins[heap_bin(block->size)].next, link);
}

void heap_bin_take(struct heap_block *block)
{
    list_remove(heap_payload(block));
}

/* The pages of an area whose one block has `size` bytes: they hold the END
 * as well. */
static size_t area_pages(size_t size)
{
    return size / PAGE_SIZE +
           (size % PAGE_SIZE + sizeof(struct heap_block) + PAGE_SIZE - 1) /
               PAGE_SIZE;
}

struct heap_block *heap_area_new(size_t size)
{
    struct heap_block *block, *end;

    /* The END follows a large block at once: the rest of its last page is
     * lent to no other block, which would keep the area from going back. */
    if (size <= HEAP_AREA / 2)
        size = HEAP_AREA - sizeof(struct heap_block);
    block = pages_alloc(area_pages(size));
    if (!block)
        return NULL;
    *block = (struct heap_block){ .mark = HEAP_FREE, .size = size };
    end = heap_after(block);
    *end = (struct heap_block){ .mark = HEAP_END, .before = size };
    return block;
}

bool heap_area_whole(struct heap_block *block)
{
    return block->before == 0 && heap_after(block)->mark == HEAP_END;
}

void heap_area_free(struct heap_block *block)
{
    assert(heap_area_whole(block));
    pages_free(block, area_pages(block->size));
}

bool heap_possible(const void *payload)
{
    uintptr_t head = (uintptr_t)payload - sizeof(struct heap_block);

    return head % HEAP_ALIGN == 0 &&
           pages_known((const void *)(head & ~(uintptr_t)(PAGE_SIZE - 1)), 1);
}
