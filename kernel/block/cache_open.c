/* SPDX-License-Identifier: MIT */
/*
 * cache_open.c - makes a block cache: how large, and out of which memory. What
 * is done with it is cache.c's.
 */
#include "block/cache_slot.h"
#include "lib/errno.h"
#include "mem/heap.h"
#include "mem/pages.h"

_Static_assert((int)CACHE_BLOCK_SIZE == (int)PAGE_SIZE, "a block is a page");

/* Of little memory a quarter: the network, and what serves, must have room in
 * it as well. What they take grows more slowly than memory does, so of the rest
 * it is half. */
enum {
    LITTLE = 8 * 1024 * 1024 / PAGE_SIZE,
    SHARE_OF_LITTLE = 4,
    SHARE_OF_REST = 2,
    RUNS_MIN = 64,              /* in a cache, so that pins are not too few */
};

static size_t blocks_by_memory(void)
{
    struct pages_usage usage = pages_usage();
    size_t free = usage.total - usage.used;
    size_t little = free < LITTLE ? free : LITTLE;
    size_t blocks =
        little / SHARE_OF_LITTLE + (free - little) / SHARE_OF_REST;

    if (blocks > CACHE_BLOCKS_MAX)
        blocks = CACHE_BLOCKS_MAX;
    return blocks > CACHE_BLOCKS_MIN ? blocks : CACHE_BLOCKS_MIN;
}

/* The more runs, the longer they may be; and one must fit into one piece of a
 * request. */
static size_t run_for(const struct block_dev *dev, size_t blocks)
{
    size_t run = 1;

    while (run < CACHE_RUN_MAX && 2 * run * RUNS_MIN <= blocks &&
           2 * run * CACHE_BLOCK_SIZE <= dev->piece_len_max &&
           2 * run * CACHE_BLOCK_SIZE <= dev->len_max)
        run *= 2;
    return run;
}

/* As many as `*blocks` pages in a row, or the half, or the half of that: but
 * no fewer than `min`. */
static uint8_t *get_memory(size_t *blocks, size_t min)
{
    uint8_t *data = pages_alloc(*blocks);

    while (data == NULL && *blocks / 2 >= min) {
        *blocks /= 2;
        data = pages_alloc(*blocks);
    }
    return data;
}

static size_t slot_pages(size_t blocks)
{
    return (blocks * sizeof(struct cache_slot) + PAGE_SIZE - 1) / PAGE_SIZE;
}

int cache_open(struct block_dev *dev, size_t blocks, struct cache **out)
{
    size_t min = blocks;

    if (blocks == 0) {
        blocks = blocks_by_memory();
        min = CACHE_BLOCKS_MIN;
    }
    if (blocks < CACHE_BLOCKS_MIN)
        return -EINVAL;

    struct cache *cache = heap_alloc_array(1, sizeof(*cache));
    uint8_t *data = get_memory(&blocks, min);
    if (cache == NULL || data == NULL)
        goto free;
    cache->dev = dev;
    cache->data = data;
    cache->run = run_for(dev, blocks);
    cache->usage.run = cache->run;
    cache->usage.blocks = blocks - blocks % cache->run;
    list_init(&cache->idle);
    waiters_init(&cache->room_waiters);
    cache->room_work.run = cache_offer_room;
    cache->chains_log = 1;
    while ((size_t)1 << cache->chains_log < blocks)
        cache->chains_log++;
    /* Pointers they are: NOLINTNEXTLINE(bugprone-sizeof-expression) */
    size_t chain_size = sizeof(*cache->chains);
    cache->chains =
        heap_alloc_array((size_t)1 << cache->chains_log, chain_size);
    /* Pages below those of `data`: what is used first of both (begin_place) is
     * close together, and the rest not touched. A host that gives its memory
     * out by 2 MiB has to give less. */
    cache->slots = pages_alloc(slot_pages(blocks));
    if (cache->chains == NULL || cache->slots == NULL)
        goto free;
    *out = cache;
    return 0;

free:
    if (cache != NULL) {
        heap_free(cache->chains);
        if (cache->slots != NULL)
            pages_free(cache->slots, slot_pages(blocks));
    }
    if (data != NULL)
        pages_free(data, blocks);
    heap_free(cache);
    return -ENOMEM;
}
