/* SPDX-License-Identifier: MIT */
#include "fake_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { KEEP_MAX = 64 };

struct cache {
    const uint8_t *data;
    uint64_t size, gets;
    uint64_t kept[KEEP_MAX];            /* numbers plus 1; 0: none */
    unsigned keep, turn;
    unsigned pinned;
    unsigned fail_in;
    int fail_error;
    bool fail_once;
};

static struct cache cache_state;

struct cache *fake_cache(const uint8_t *data, uint64_t size, unsigned keep)
{
    MUST(keep > 0 && keep <= KEEP_MAX, "%u blocks can't be kept", keep);
    cache_state =
        (struct cache){ .data = data, .size = size, .keep = keep };
    return &cache_state;
}

unsigned fake_cache_pinned(void)
{
    return cache_state.pinned;
}

uint64_t fake_cache_gets(void)
{
    return cache_state.gets;
}

void fake_cache_fail(unsigned n, int error, bool once)
{
    cache_state.fail_in = n;
    cache_state.fail_error = error;
    cache_state.fail_once = once;
}

static bool is_kept(struct cache *cache, uint64_t number)
{
    for (unsigned i = 0; i < cache->keep; i++)
        if (cache->kept[i] == number + 1)
            return true;
    return false;
}

int cache_get(struct cache *cache, uint64_t number, struct cache_block **out)
{
    uint64_t at = number * CACHE_BLOCK_SIZE;

    cache->gets++;
    if (number > cache->size / CACHE_BLOCK_SIZE || at >= cache->size)
        return -ERANGE;
    if (cache->fail_in > 0 && --cache->fail_in == 0) {
        cache->fail_in = cache->fail_once ? 0 : 1;
        return cache->fail_error;
    }
    if (!is_kept(cache, number)) {
        cache->kept[cache->turn++ % cache->keep] = number + 1;
        return -EAGAIN;
    }
    uint64_t len = cache->size - at;
    if (len > CACHE_BLOCK_SIZE)
        len = CACHE_BLOCK_SIZE;

    struct cache_block *block = malloc(sizeof *block);
    MUST(block != NULL, "the host has no memory for a block");
    block->data = (uint8_t *)fuzz_copy(cache->data + at, len);
    block->len = block->together = (uint32_t)len;
    block->number = number;
    cache->pinned++;
    *out = block;
    return 0;
}

int cache_get_run(struct cache *cache, uint64_t number, size_t count,
                  unsigned how, struct cache_block **out)
{
    MUST(count > 0, "a run of no blocks is asked for");
    (void)how;
    return cache_get(cache, number, out);
}

size_t cache_prefetch(struct cache *cache, uint64_t number, size_t count,
                      unsigned how, bool *begun)
{
    (void)how;
    MUST(count > 0, "a run of no blocks is to be read");
    if (number * CACHE_BLOCK_SIZE >= cache->size)
        return 0;
    if (!is_kept(cache, number)) {
        cache->kept[cache->turn++ % cache->keep] = number + 1;
        *begun = true;
    }
    return 1;
}

void cache_put(struct cache *cache, struct cache_block *block)
{
    MUST(cache->pinned > 0, "a block is put back that was not pinned");
    cache->pinned--;
    free((void *)block->data);
    free(block);
}

void cache_wait(struct cache *cache, struct event_work *again)
{
    (void)cache;
    event_post(again);
}

struct cache_usage cache_usage(const struct cache *cache)
{
    return (struct cache_usage){ .blocks = 64,
                                 .run = 1,
                                 .pinned = cache->pinned };
}

int cache_open(struct block_dev *dev, size_t blocks, struct cache **out)
{
    (void)dev, (void)blocks, (void)out;
    return -ENOMEM;
}
