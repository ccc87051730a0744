/* SPDX-License-Identifier: MIT */
/*
 * heap.c - another right answer to lab 03: the block that fits best is taken,
 * neighbours are joined one at a time, and what grows always moves.
 */
#include "mem/heap.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mem/heap_block.h"

size_t heap_block_size(size_t size)
{
    const size_t head = sizeof(struct heap_block);
    size_t lines = size / HEAP_ALIGN + (size % HEAP_ALIGN != 0);

    if (lines == 0)
        lines = 1;
    if (lines > (SIZE_MAX - head) / HEAP_ALIGN)
        return 0;
    return head + lines * HEAP_ALIGN;
}

struct heap_block *heap_find(size_t size)
{
    struct heap_block *best = NULL;

    for (unsigned bin = heap_bin(size); bin < HEAP_BINS && !best; bin++)
        for (struct list *l = heap.bins[bin].next; l != &heap.bins[bin];
             l = l->next) {
            struct heap_block *block = heap_listed(l);

            if (block->size >= size && (!best || block->size < best->size))
                best = block;
        }
    if (best)
        heap_bin_take(best);
    return best;
}

/* Adds `right` to `left`, which lies before it. */
static struct heap_block *join(struct heap_block *left,
                               struct heap_block *right)
{
    left->size += right->size;
    heap_after(left)->before = left->size;
    return left;
}

void heap_release(struct heap_block *block)
{
    struct heap_block *neighbour = heap_before(block);

    block->mark = HEAP_FREE;
    if (neighbour != NULL && neighbour->mark == HEAP_FREE) {
        heap_bin_take(neighbour);
        heap_release(join(neighbour, block));
        return;
    }
    neighbour = heap_after(block);
    if (neighbour->mark == HEAP_FREE) {
        heap_bin_take(neighbour);
        heap_release(join(block, neighbour));
        return;
    }
    if (!heap_area_whole(block))
        heap_bin_put(block);
    else
        heap_area_free(block);
}

void heap_cut(struct heap_block *block, size_t size)
{
    size_t left = block->size - size;

    if (left >= HEAP_BLOCK_MIN) {
        block->size = size;
        struct heap_block *rest = heap_after(block);

        *rest = (struct heap_block){ .mark = HEAP_USED, .size = left,
                                     .before = size };
        heap_after(rest)->before = left;
        heap_release(rest);
    }
}

void *heap_alloc(size_t size)
{
    struct heap_block *block = NULL;
    size_t need = heap_block_size(size);

    if (need > 0) {
        block = heap_find(need);
        if (block == NULL)
            block = heap_area_new(need);
    }
    if (block == NULL)
        return NULL;
    block->asked = size;
    block->mark = HEAP_USED;
    heap_cut(block, need);
    heap.usage = (struct heap_usage){ heap.usage.bytes + size,
                                      heap.usage.blocks + 1 };
    return heap_payload(block);
}

struct heap_block *heap_used(void *payload)
{
    struct heap_block *block = heap_head(payload);

    if (!heap_possible(payload) ||
        (block->mark != HEAP_USED && block->mark != HEAP_FREE))
        panic("There is no block of the heap at this pointer.");
    if (block->mark == HEAP_FREE)
        panic("This block is free: it was given back before.");
    if (block->size != heap_after(block)->before)
        panic("What lies behind this block has been overwritten.");
    return block;
}

void heap_free(void *payload)
{
    if (payload != NULL) {
        struct heap_block *block = heap_used(payload);

        heap.usage.blocks -= 1;
        heap.usage.bytes -= block->asked;
        heap_release(block);
    }
}

void *heap_realloc(void *payload, size_t size)
{
    struct heap_block *block = payload ? heap_used(payload) : NULL;
    size_t kept = block ? block->asked : 0, need = heap_block_size(size);

    if (block && need != 0 && need <= block->size) {
        heap.usage.bytes = heap.usage.bytes - kept + size;
        block->asked = size;
        heap_cut(block, need);
        return payload;
    }
    void *other = heap_alloc(size);

    if (other && payload) {
        memcpy(other, payload, kept < size ? kept : size);
        heap_free(payload);
    }
    return other;
}

void *heap_alloc_array(size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    unsigned char *array = heap_alloc(bytes);

    for (size_t i = 0; array && i < bytes; i++)
        array[i] = 0;
    return array;
}

struct heap_usage heap_usage(void)
{
    return (struct heap_usage){ .blocks = heap.usage.blocks,
                                .bytes = heap.usage.bytes };
}
