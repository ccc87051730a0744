/* SPDX-License-Identifier: MIT */
/*
 * cache_slot.h - what a block cache is made of; nobody else's business.
 *
 * A cache is an array of slots, allocated once. A slot holds one block of the
 * disk, is being filled with one, or is free for any. Nothing of a slot is
 * touched before its first use, so that a large cache is opened as fast as a
 * small one.
 *
 *     chains, by number:   [0] -> slot -> slot     [1] -> slot     ...
 *     idle, by last use:   slot <-> slot <-> slot <-> slot
 *                          taken first ...    ... taken last
 *
 * Invariants, between calls:
 *   - slots from `begun` on were never used, and are in no list;
 *   - of the others, one that is pinned or READING is not in `idle`; every
 *     other is;
 *   - a slot is in the chain of its number exactly when it isn't EMPTY, and no
 *     two slots there have the same number;
 *   - who waits for a block is in the list of the slot that is READING it;
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
    enum cache_state state;
    unsigned pins;
    bool promised;                  /* somebody was told -EAGAIN for it, and
                                       has not had it since */
    struct cache_slot *chain_next;
    struct list idle_link;
    struct waiters waiters;
    struct block_piece piece;
    struct block_request request;
};

struct cache {
    struct block_dev *dev;
    struct cache_slot *slots;
    uint8_t *data;                  /* a block for each, in their order */
    size_t begun;
    struct cache_slot **chains;     /* 1 << chains_log of them */
    unsigned chains_log;
    struct list idle;
    struct cache_slot *asked;       /* the latest -EAGAIN was for it; NULL: for
                                       any slot */
    struct waiters room_waiters;
    struct event_work room_work;
    struct cache_usage usage;
};

/* For cache_open(): the body of a cache's room_work. */
void cache_offer_room(struct event_work *work);

#endif
