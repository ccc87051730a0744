/* SPDX-License-Identifier: MIT */
/*
 * cache.h - the block cache: pieces of a disk in memory, each once.
 *
 * A block of the cache is CACHE_BLOCK_SIZE bytes of the disk, whatever size
 * the file system's own blocks have; the last one is shorter when the disk is
 * no whole number of them.
 *
 *              cache_get              done             cache_get
 *     [ empty ] --------> [ reading ] -------> [ here ] <-------> [ pinned ]
 *         ^                    |                  |     cache_put
 *         |    cache_get: -EIO | failed           | taken for another,
 *         '--- [ failed ] <----'                  | least recently used first
 *         '---------------------------------------'
 *
 * Invariants: a block that is being read or is pinned is never taken for
 * another; a number is in the cache at most once.
 */
#ifndef BLOCK_CACHE_H
#define BLOCK_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "block/block.h"
#include "event/event.h"

enum { CACHE_BLOCK_SIZE = 4096 };

/* A pinned block, to be read only. */
struct cache_block {
    const uint8_t *data;
    uint32_t len;               /* CACHE_BLOCK_SIZE, or less for the last */
    uint64_t number;            /* its first byte is byte number *
                                   CACHE_BLOCK_SIZE of the disk */
};

struct cache;

/*
 * A cache over `dev` of `blocks` blocks, which may not be fewer than
 * CACHE_BLOCKS_MIN; 0 means a quarter of the memory that is free now, but no
 * fewer than that, and no more than CACHE_BLOCKS_MAX. The cache is there for
 * good. Returns 0, -EINVAL or -ENOMEM.
 */
enum { CACHE_BLOCKS_MIN = 16, CACHE_BLOCKS_MAX = 16384 };
int cache_open(struct block_dev *dev, size_t blocks, struct cache **out);

/*
 * Pins block `number` and gives it in *out; cache_put() it later. Never
 * waits. -EAGAIN: it is being read now, or everything is pinned; ask
 * cache_wait(), and then again. (Until you do, the block is kept for longer
 * than others, but not for ever.) -EIO: reading failed; the next call tries
 * anew. -ERANGE: the disk has no such block.
 */
int cache_get(struct cache *cache, uint64_t number, struct cache_block **out);
void cache_put(struct cache *cache, struct cache_block *block);

/* Posts `again` when what the latest cache_get() gave -EAGAIN for is to be
 * had, or has failed. To be called before any other cache_get() is. Until it
 * runs, `again` is the cache's: it must stay, and not be posted by others. */
void cache_wait(struct cache *cache, struct event_work *again);

struct cache_usage {
    size_t blocks;              /* there are */
    size_t pinned, reading;     /* of these */
    uint64_t hits;              /* calls that had their block at once */
    uint64_t misses;            /* reads that were begun */
    uint64_t errors;            /* and those that failed, or were refused */
};
struct cache_usage cache_usage(const struct cache *cache);

#endif
