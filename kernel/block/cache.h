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
 * What nobody asked for and fails is empty again at once.
 *
 * Who reads in order says so, by cache_get_run() and cache_prefetch(). Then
 * blocks that lie together on the disk are read by one request, into memory
 * that lies together, as a run; and one pin holds all of it.
 *
 * Invariants: a block that is being read or is pinned is never taken for
 * another; a number is in the cache at most once.
 */
#ifndef BLOCK_CACHE_H
#define BLOCK_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"
#include "event/event.h"

enum { CACHE_BLOCK_SIZE = 4096, CACHE_RUN_MAX = 16 };

/* A pinned block, to be read only. */
struct cache_block {
    const uint8_t *data;
    uint32_t len;               /* CACHE_BLOCK_SIZE, or less for the last */
    uint32_t together;          /* bytes from data on that this pin holds: of
                                   this block, and of those behind it on the
                                   disk that are in its run; at least len */
    uint64_t number;            /* its first byte is byte number *
                                   CACHE_BLOCK_SIZE of the disk */
};

struct cache;

/*
 * A cache over `dev` of `blocks` blocks (or some fewer, for a whole number of
 * runs), which may not be fewer than CACHE_BLOCKS_MIN; 0 means by the memory
 * that is free now: a quarter of the first 8 MiB of it, half of what is beyond,
 * but no fewer than that, and no more than CACHE_BLOCKS_MAX. The cache is there
 * for good. Returns 0, -EINVAL or -ENOMEM.
 */
enum { CACHE_BLOCKS_MIN = 16, CACHE_BLOCKS_MAX = 32768 };
int cache_open(struct block_dev *dev, size_t blocks, struct cache **out);

/*
 * Pins block `number` and gives it in *out; cache_put() it later. Never
 * waits. -EAGAIN: it is being read now, or everything is pinned; ask
 * cache_wait(), and then again. (Until you do, the block is kept for longer
 * than others, but not for ever.) -EIO: it was read because somebody asked for
 * it, and that failed; this is told once, and the next call tries anew.
 * -ERANGE: the disk has no such block.
 */
int cache_get(struct cache *cache, uint64_t number, struct cache_block **out);
void cache_put(struct cache *cache, struct cache_block *block);

/*
 * For who reads in order. `count` blocks from `number` on, 1 at least, will be
 * of use together: it may be anything up to all that there are, and the cache
 * makes of it what suits it. CACHE_PASSING: of so many others that they should
 * not push out what is there; most of them are the first to go when they were
 * used, and only one in eight stays.
 */
enum { CACHE_URGENT = 1, CACHE_PASSING = 2, CACHE_READING_MAX = 256 };

/* As cache_get(), but may read and pin others with it: see block->together. */
int cache_get_run(struct cache *cache, uint64_t number, size_t count,
                  unsigned how, struct cache_block **out);

/* Begins to read block `number`, and perhaps others with it, if they aren't
 * here. How many from `number` on, 1 to count, are now here, being read, or
 * known not to be readable; 0 when there is no room now, or no such block.
 * Nobody is promised anything, and cache_wait() has nothing to do with it. At
 * most half of the cache is filled in this way with what nobody has asked for
 * yet, and no more of it is begun while CACHE_READING_MAX blocks are being
 * read; but what is CACHE_URGENT is asked for, and only not by cache_get().
 * *begun becomes true when there was something to read. */
size_t cache_prefetch(struct cache *cache, uint64_t number, size_t count,
                      unsigned how, bool *begun);

/* Posts `again` when what the latest cache_get() gave -EAGAIN for is to be
 * had, or has failed. To be called before any other cache_get() is. Until it
 * runs, `again` is the cache's: it must stay, and not be posted by others. */
void cache_wait(struct cache *cache, struct event_work *again);

struct cache_usage {
    size_t blocks;              /* there are */
    size_t run;                 /* of them are read together, at most */
    size_t pinned, reading;     /* of these */
    size_t ahead;               /* that nobody has asked for so far */
    uint64_t hits;              /* calls that had their block at once */
    uint64_t misses;            /* blocks that were read, or were to be */
    uint64_t errors;            /* and of which that failed, or was refused */
};
struct cache_usage cache_usage(const struct cache *cache);

#endif
