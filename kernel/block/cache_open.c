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

enum { SHARE_OF_FREE = 4 };

static size_t blocks_by_memory(void)
{
    struct pages_usage usage = pages_usage();
    size_t blocks = (usage.total - usage.used) / SHARE_OF_FREE;

    if (blocks > CACHE_BLOCKS_MAX)
        blocks = CACHE_BLOCKS_MAX;
    return blocks > CACHE_BLOCKS_MIN ? blocks : CACHE_BLOCKS_MIN;
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
    cache->usage.blocks = blocks;
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
    cache->slots = heap_alloc(blocks * sizeof(*cache->slots));
    if (cache->chains == NULL || cache->slots == NULL)
        goto free;
    *out = cache;
    return 0;

free:
    if (cache != NULL) {
        heap_free(cache->chains);
        heap_free(cache->slots);
    }
    if (data != NULL)
        pages_free(data, blocks);
    heap_free(cache);
    return -ENOMEM;
}
