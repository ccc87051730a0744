/* SPDX-License-Identifier: MIT */
/*
 * cache_slot.h - what a block cache is made of; nobody else's business.
 *
 * A cache is an array of slots, allocated once, each with memory for one block
 * of the disk. Slots lie in places of `run` of them. In a place each slot is
 * by itself, with any block or none; or all of them are one run, with as many
 * blocks that lie together on the disk: read at once, pinned at once, gone at
 * once. The first slot of a run is its head and speaks for all of it; a slot
 * by itself is its own head. Nothing of a place is touched before its first
 * use, so that a large cache is opened as fast as a small one.
 *
 *     slots, in places:  ... never used  |  64  65  66  67 | 7 | 90 | 3 | - |
 *                                            a run of four     by themselves
 *
 *     chains, by number:   [0] -> slot -> slot     [1] -> slot     ...
 *     idle, by last use:   head <-> head <-> head <-> head
 *                          taken first ...    ... taken last
 *
 * Invariants, between calls:
 *   - only the last `begun` slots were ever used; others are in no list;
 *   - of the heads before, one that is pinned or READING is not in `idle`;
 *     every other is; what is no head is in it never;
 *   - a run begins at a multiple of `run`, in the array as on the disk, and has
 *     `run` blocks;
 *   - a slot is in the chain of its number exactly when its head isn't EMPTY,
 *     and no two slots there have the same number;
 *   - usage.ahead is the sum of the blocks of those heads that are `unasked`;
 *   - who waits for a block is in the list of the head that is READING it;
 *   - who waits for any slot is in the cache's list; when that has somebody in
 *     it, nothing is idle or `room_work` is posted.
 */
#ifndef BLOCK_CACHE_SLOT_H
#define BLOCK_CACHE_SLOT_H

#include <stdbool.h>

#include "block/cache.h"
#include "lib/list.h"

enum cache_state { CACHE_EMPTY, CACHE_READING, CACHE_HERE, CACHE_FAILED };

/* Event works in the order in which they came, by their `next`. */
struct waiters {
    struct event_work *first, **end;
};

static inline void waiters_init(struct waiters *w)
{
    w->first = NULL;
    w->end = &w->first;
}

static inline void waiters_add(struct waiters *w, struct event_work *work)
{
    work->next = NULL;
    *w->end = work;
    w->end = &work->next;
}

/* Posts the first one; there must be one. */
static inline void waiters_post(struct waiters *w)
{
    struct event_work *work = w->first;

    w->first = work->next;
    if (w->first == NULL)
        w->end = &w->first;
    event_post(work);
}

struct cache_slot {
    struct cache_block block;       /* what users see; its data is for good */
    struct cache *cache;
    struct cache_slot *head;        /* of its run, or itself */
    struct cache_slot *chain_next;

    /* A head's, for all of its run. */
    unsigned blocks;                /* cache->run, or 1 */
    enum cache_state state;
    unsigned pins;
    bool promised;                  /* somebody was told -EAGAIN for it, and
                                       has not had it since */
    bool unasked;                   /* it was read ahead, and nobody has asked
                                       for it so far */
    bool passing, used;             /* see cache_put() */
    struct list idle_link;
    struct waiters waiters;
    struct block_piece piece;
    struct block_request request;
};

struct cache {
    struct block_dev *dev;
    struct cache_slot *slots;
    uint8_t *data;                  /* a block for each, in their order */
    size_t begun;                   /* slots that were used, from the end */
    size_t run;                     /* a power of two up to CACHE_RUN_MAX */
    unsigned passed;                /* runs that were read in passing */
    struct cache_slot **chains;     /* 1 << chains_log of them */
    unsigned chains_log;
    struct list idle;
    struct cache_slot *asked;       /* the latest -EAGAIN was for it; NULL: for
                                       any slot */
    struct waiters room_waiters;
    struct event_work room_work;
    struct cache_usage usage;
};

/* ---- cache.c ---- */

/* For cache_open(): the body of a cache's room_work. */
void cache_offer_room(struct event_work *work);

/* Puts a head that nobody uses any more into the line of those that may be
 * taken: to its end, or to its beginning. */
void cache_now_idle(struct cache *cache, struct cache_slot *head, bool first);

/* ---- cache_room.c: which memory ---- */

/* The slot with block `number`, or NULL. */
struct cache_slot *cache_find(struct cache *cache, uint64_t number);

/* Enters it, by slot->block.number; and takes it out. */
void cache_enter(struct cache *cache, struct cache_slot *slot);
void cache_forget(struct cache *cache, struct cache_slot *slot);

/* A slot by itself, EMPTY and not idle; NULL when all are busy. One that was
 * never used, or the one that was not for longest; but one that is promised
 * goes to the end of the line instead, once, so that who waits for it finds it
 * when it wakes, and a promise that nobody wants kept does not last for ever.
 */
struct cache_slot *cache_take(struct cache *cache);

/* Whether cache_take() would find a slot, and break no promise for it. */
bool cache_has_room(const struct cache *cache);

/* The same for a run: the first slot of a place of slots by themselves, all of
 * them EMPTY and none idle. No promise is broken for it. */
struct cache_slot *cache_take_run(struct cache *cache);

/* ---- cache_read.c: the disk ---- */

/* How many bytes of the disk block `number` has; 0 when it is beyond it. */
uint32_t cache_length(const struct cache *cache, uint64_t number);

/* Begins to read block `number` into a slot of cache_take(). 0, or -EIO, and
 * then the slot is idle. */
int cache_read(struct cache *cache, struct cache_slot *slot, uint64_t number);

/* Begins to read the run with block `number`, of which `count` are of use from
 * there on. The head; NULL when it isn't worth it or can't be done. */
struct cache_slot *cache_read_run(struct cache *cache, uint64_t number,
                                  size_t count);

#endif
