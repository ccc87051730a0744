/* SPDX-License-Identifier: MIT */
/*
 * heap.c - memory by the byte: blocks cut from areas of pages, joined again
 * when they come back.
 *
 * mem/heap_block.h has the picture, the invariants and the small steps from a
 * block to its neighbours, its payload and its bin. Stands on the page
 * allocator, from which heap_area_new() takes and to which heap_area_free()
 * gives.
 */
#include "mem/heap.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mem/heap_block.h"

size_t heap_block_size(size_t size)
{
    /* TODO 3.5 heap_block_size: add the head and round up to HEAP_ALIGN, but
     * look first whether the sum still fits. */
    const size_t round = HEAP_ALIGN - 1;

    if (size > SIZE_MAX - sizeof(struct heap_block) - round)
        return 0;
    size = (size + sizeof(struct heap_block) + round) & ~round;
    return size < HEAP_BLOCK_MIN ? HEAP_BLOCK_MIN : size;
    /* END 3.5 */
}

struct heap_block *heap_find(size_t size)
{
    /* TODO 3.6 heap_find: look into the bin for `size`, where some blocks may
     * be too small, then into those above; take out the first that will do
     * (heap_bin_take). */
    for (unsigned bin = heap_bin(size); bin < HEAP_BINS; bin++) {
        struct list *head = &heap.bins[bin];

        for (struct list *l = head->next; l != head; l = l->next) {
            if (heap_listed(l)->size < size)
                continue;
            heap_bin_take(heap_listed(l));
            return heap_listed(l);
        }
    }
    return NULL;
    /* END 3.6 */
}

void heap_release(struct heap_block *block)
{
    /* TODO 3.7 heap_release: mark the block FREE first, so that a pointer to
     * it that is freed again is noticed even when the block has become part
     * of another. Take a FREE neighbour out of its bin before you join it;
     * and whichever block ends up behind the joined one must learn its size.
     */
    struct heap_block *before = heap_before(block);
    struct heap_block *after = heap_after(block);

    block->mark = HEAP_FREE;
    if (after->mark == HEAP_FREE) {
        heap_bin_take(after);
        block->size += after->size;
    }
    if (before && before->mark == HEAP_FREE) {
        heap_bin_take(before);
        before->size += block->size;
        block = before;
    }
    heap_after(block)->before = block->size;

    if (heap_area_whole(block))
        heap_area_free(block);
    else
        heap_bin_put(block);
    /* END 3.7 */
}

void heap_cut(struct heap_block *block, size_t size)
{
    /* TODO 3.8 heap_cut: if the rest would be HEAP_BLOCK_MIN bytes or more,
     * give it a head of its own and release it. */
    if (block->size - size < HEAP_BLOCK_MIN)
        return;
    struct heap_block *rest = (void *)((char *)block + size);

    rest->size = block->size - size;
    rest->before = size;
    block->size = size;
    heap_release(rest);
    /* END 3.8 */
}

void *heap_alloc(size_t size)
{
    /* TODO 3.9 heap_alloc: find a free block of heap_block_size(size), or take
     * a new area; mark it USED, and only then cut it down; count it in
     * heap.usage, with the bytes as asked for. */
    size_t need = heap_block_size(size);
    struct heap_block *block;

    if (need == 0)
        return NULL;
    block = heap_find(need);
    if (!block)
        block = heap_area_new(need);
    if (!block)
        return NULL;
    block->mark = HEAP_USED;
    block->asked = size;
    heap_cut(block, need);
    heap.usage.bytes += size;
    heap.usage.blocks++;
    return heap_payload(block);
    /* END 3.9 */
}

struct heap_block *heap_used(void *payload)
{
    /* TODO 3.10 heap_used: panic if there can't be a block (heap_possible), if
     * it isn't USED (of one that is FREE, say that it is "free"), or if the
     * block behind it no longer knows its size: then somebody wrote beyond the
     * end. */
    if (!heap_possible(payload))
        panic("The heap was given a pointer that it never gave.");
    struct heap_block *block = heap_head(payload);

    if (block->mark == HEAP_FREE)
        panic("The heap was given a block that is free already.");
    if (block->mark != HEAP_USED)
        panic("The heap was given a pointer that it never gave.");
    if (heap_after(block)->before != block->size)
        panic("A block of the heap was written beyond its end.");
    return block;
    /* END 3.10 */
}

void heap_free(void *payload)
{
    /* TODO 3.11 heap_free: let NULL pass; count, and release the block. */
    if (!payload)
        return;
    struct heap_block *block = heap_used(payload);

    heap.usage.bytes -= block->asked;
    heap.usage.blocks--;
    heap_release(block);
    /* END 3.11 */
}

void *heap_realloc(void *payload, size_t size)
{
    /* TODO 3.12 heap_realloc: if the block is large enough, or becomes so
     * with a FREE block behind it, keep it, cut it, and count the difference.
     * Otherwise allocate, copy, free. Mind what is kept on failure, and what
     * a NULL means. */
    if (!payload)
        return heap_alloc(size);
    struct heap_block *block = heap_used(payload);
    struct heap_block *after = heap_after(block);
    size_t need = heap_block_size(size);

    if (need == 0)
        return NULL;
    if (need > block->size && after->mark == HEAP_FREE &&
        need - block->size <= after->size) {
        heap_bin_take(after);
        block->size += after->size;
        heap_after(block)->before = block->size;
    }
    if (need <= block->size) {
        heap.usage.bytes += size - block->asked;
        block->asked = size;
        heap_cut(block, need);
        return payload;
    }
    void *copy = heap_alloc(size);

    if (!copy)
        return NULL;
    memcpy(copy, payload, block->asked);
    heap_free(payload);
    return copy;
    /* END 3.12 */
}

void *heap_alloc_array(size_t n, size_t size)
{
    /* TODO 3.13 heap_alloc_array: nothing if n * size overflows; else zeroed
     * memory. */
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    void *array = heap_alloc(n * size);

    if (array)
        memset(array, 0, n * size);
    return array;
    /* END 3.13 */
}

struct heap_usage heap_usage(void)
{
    /* TODO 3.14 heap_usage: bytes as asked for, and blocks. */
    return heap.usage;
    /* END 3.14 */
}
