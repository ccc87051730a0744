/* SPDX-License-Identifier: MIT */
/*
 * heap_block.h - the pieces that the heap is made of; nobody else's business.
 *
 * The heap takes areas from the page allocator and cuts them into blocks that
 * lie side by side, each behind its head. A head says how large its block and
 * the one before it are, so that both neighbours can be found:
 *
 *     area
 *     +------+-----------+------+----------------------+------+
 *     | USED | payload   | FREE | link, then nothing   | END  |
 *     +------+-----------+------+----------------------+------+
 *     |<----- size ----->|<----------- size ---------->|
 *                        '- before: the size of this block's left neighbour
 *
 * A free block is in one of the bins, lists by size, in no order:
 *
 *     bins[0] <-> 32 to 63 bytes     bins[1] <-> 64 to 127     ...
 *
 * Invariants, between calls:
 *   - the sizes of an area's blocks, heads included, add up to the END;
 *   - block->before is the size of the left neighbour, 0 for an area's first;
 *   - a block is in a bin exactly when it is FREE;
 *   - no two neighbours are both FREE, and no area is all FREE.
 *
 * Who writes the heap in another way needs none of this.
 */
#ifndef MEM_HEAP_BLOCK_H
#define MEM_HEAP_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "mem/heap.h"
#include "mem/pages.h"

enum heap_mark {
    HEAP_USED = 0x75736564,     /* "used" */
    HEAP_FREE = 0x66726565,     /* "free" */
    HEAP_END = 0x656e6421,      /* "end!" */
};

/*      0      8      16       24      32
 *      +------+------+--------+-------+---------------------+
 *      | mark | size | before | asked | payload ...         |
 *      +------+------+--------+-------+---------------------+     */
struct heap_block {
    uint64_t mark;              /* enum heap_mark */
    size_t size;                /* of this block in bytes, with its head; a
                                   multiple of HEAP_ALIGN; END: 0 */
    size_t before;              /* of the block before it; 0: none */
    size_t asked;               /* USED: as heap_alloc() was asked */
};
_Static_assert(sizeof(struct heap_block) % HEAP_ALIGN == 0,
               "a payload is aligned when its head is");

enum {
    HEAP_BINS = 32,
    HEAP_AREA = 16 * PAGE_SIZE, /* bytes; a block above half of that gets an
                                   area of its own */
    HEAP_BLOCK_MIN = sizeof(struct heap_block) + sizeof(struct list),
};

struct heap {
    struct list bins[HEAP_BINS];
    struct heap_usage usage;
};
extern struct heap heap;

/* ---- Given: from one thing to another ---------------------------------- */

static inline void *heap_payload(struct heap_block *block)
{
    return block + 1;
}

static inline struct heap_block *heap_head(void *payload)
{
    return (struct heap_block *)payload - 1;
}

static inline struct heap_block *heap_after(struct heap_block *block)
{
    return (void *)((char *)block + block->size);
}

/* NULL for the first of an area. */
static inline struct heap_block *heap_before(struct heap_block *block)
{
    return block->before == 0
               ? NULL
               : (void *)((char *)block - block->before);
}

/* The bin for blocks of `size` bytes, at least HEAP_BLOCK_MIN. */
static inline unsigned heap_bin(size_t size)
{
    unsigned bin = 58 - (unsigned)__builtin_clzll(size);    /* 32: bin 0 */

    return bin < HEAP_BINS ? bin : HEAP_BINS - 1;
}

/* The block whose link in a bin this is. */
static inline struct heap_block *heap_listed(struct list *link)
{
    return heap_head(link);
}

/* ---- Given: heap_area.c ------------------------------------------------ */

/* Makes all bins empty. Called once, before any other. */
void heap_init(void);

/* Marks `block` FREE and puts it into its bin; takes it out again. */
void heap_bin_put(struct heap_block *block);
void heap_bin_take(struct heap_block *block);

/* A new area, which is one block of at least `size` bytes in no bin, marked
 * FREE. NULL when there are no pages. */
struct heap_block *heap_area_new(size_t size);

/* Whether `block` is all of its area; and gives that area's pages back. */
bool heap_area_whole(struct heap_block *block);
void heap_area_free(struct heap_block *block);

/* Whether `payload` lies where the payload of a block can lie: it is aligned,
 * and its head in memory of ours. (Whether a block is there, only the mark
 * tells.) */
bool heap_possible(const void *payload);

/* ---- The student's, lab 03 --------------------------------------------- */

/* The size of the block that a payload of `size` bytes needs: with its head,
 * a multiple of HEAP_ALIGN, at least HEAP_BLOCK_MIN. 0 when a size_t doesn't
 * hold it. */
size_t heap_block_size(size_t size);

/* Takes a free block of `size` bytes or more out of the bins; NULL when there
 * is none. */
struct heap_block *heap_find(size_t size);

/* Makes `block`, which is in no bin, free: joins it with the neighbours that
 * are FREE, and then gives a whole area back to the page allocator, or puts
 * what is less into its bin. */
void heap_release(struct heap_block *block);

/* The block with this payload; panics when it isn't one that is handed out, or
 * when its end has been overwritten. Of a block that was given back already
 * the panic says that it is "free". */
struct heap_block *heap_used(void *payload);

/* Cuts `block`, which is USED, down to `size` bytes and releases the rest; if
 * the rest is too small for a block, lets it be. */
void heap_cut(struct heap_block *block, size_t size);

#endif
