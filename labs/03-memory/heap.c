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
    lab_todo("3.5 heap_block_size");
    /* END 3.5 */
}

struct heap_block *heap_find(size_t size)
{
    /* TODO 3.6 heap_find: look into the bin for `size`, where some blocks may
     * be too small, then into those above; take out the first that will do
     * (heap_bin_take). */
    lab_todo("3.6 heap_find");
    /* END 3.6 */
}

void heap_release(struct heap_block *block)
{
    /* TODO 3.7 heap_release: mark the block FREE first, so that a pointer to
     * it that is freed again is noticed even when the block has become part
     * of another. Take a FREE neighbour out of its bin before you join it;
     * and whichever block ends up behind the joined one must learn its size.
     */
    lab_todo("3.7 heap_release");
    /* END 3.7 */
}

void heap_cut(struct heap_block *block, size_t size)
{
    /* TODO 3.8 heap_cut: if the rest would be HEAP_BLOCK_MIN bytes or more,
     * give it a head of its own and release it. */
    lab_todo("3.8 heap_cut");
    /* END 3.8 */
}

void *heap_alloc(size_t size)
{
    /* TODO 3.9 heap_alloc: find a free block of heap_block_size(size), or take
     * a new area; mark it USED, and only then cut it down; count it in
     * heap.usage, with the bytes as asked for. */
    lab_todo("3.9 heap_alloc");
    /* END 3.9 */
}

struct heap_block *heap_used(void *payload)
{
    /* TODO 3.10 heap_used: panic if there can't be a block (heap_possible), if
     * it isn't USED (of one that is FREE, say that it is "free"), or if the
     * block behind it no longer knows its size: then somebody wrote beyond the
     * end. */
    lab_todo("3.10 heap_used");
    /* END 3.10 */
}

void heap_free(void *payload)
{
    /* TODO 3.11 heap_free: let NULL pass; count, and release the block. */
    lab_todo("3.11 heap_free");
    /* END 3.11 */
}

void *heap_realloc(void *payload, size_t size)
{
    /* TODO 3.12 heap_realloc: if the block is large enough, or becomes so
     * with a FREE block behind it, keep it, cut it, and count the difference.
     * Otherwise allocate, copy, free. Mind what is kept on failure, and what
     * a NULL means. */
    lab_todo("3.12 heap_realloc");
    /* END 3.12 */
}

void *heap_alloc_array(size_t n, size_t size)
{
    /* TODO 3.13 heap_alloc_array: nothing if n * size overflows; else zeroed
     * memory. */
    lab_todo("3.13 heap_alloc_array");
    /* END 3.13 */
}

struct heap_usage heap_usage(void)
{
    /* TODO 3.14 heap_usage: bytes as asked for, and blocks. */
    lab_todo("3.14 heap_usage");
    /* END 3.14 */
}
