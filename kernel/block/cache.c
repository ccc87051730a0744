/* SPDX-License-Identifier: MIT */
/*
 * cache.c - the block cache: hands out blocks, and keeps those that were used
 * last.
 *
 * Between file systems above and block_submit() below. Which blocks are worth
 * having is left to those who ask; which memory they get to cache_room.c, how
 * they are read to cache_read.c, and how many there is room for to
 * cache_open.c. cache_slot.h has the picture and the invariants.
 */
#include "block/cache_slot.h"

#include "core/panic.h"
#include "lib/errno.h"

enum { ONE_STAYS_OF = 8 };      /* runs that are read in passing */

/* ---- Who waits for any slot ----------------------------------------------*/

/* A slot may be had: one of those who wait for any is told, and no more. After
 * it has had its turn this looks again, so a slot that it did not want goes to
 * the next one. */
void cache_offer_room(struct event_work *work)
{
    struct cache *cache = container_of(work, struct cache, room_work);

    if (cache->room_waiters.first == NULL || list_empty(&cache->idle))
        return;
    waiters_post(&cache->room_waiters);
    event_post(work);
}

void cache_now_idle(struct cache *cache, struct cache_slot *head, bool first)
{
    list_insert_before(first ? cache->idle.next : &cache->idle,
                       &head->idle_link);
    if (cache->room_waiters.first != NULL)
        event_post(&cache->room_work);
}

/* ---- For users -----------------------------------------------------------*/

/* What was read as one of many, and is not the one in so many that stays. One
 * that stays is what makes something of the many be there the next time, when
 * all of them are more than there is room for. */
static void set_passing(struct cache *cache, struct cache_slot *head,
                        unsigned how)
{
    head->passing =
        (how & CACHE_PASSING) != 0 && ++cache->passed % ONE_STAYS_OF != 0;
}

/* Begins to read what is not here: -EAGAIN, or why it can't. */
static int miss(struct cache *cache, uint64_t number, size_t count,
                unsigned how)
{
    if (cache_length(cache, number) == 0)
        return -ERANGE;

    struct cache_slot *head = cache_read_run(cache, number, count);
    if (head == NULL) {
        head = cache_take(cache);
        cache->asked = head;
        if (head == NULL)
            return -EAGAIN;
        int error = cache_read(cache, head, number);
        if (error != 0)
            return error;
    }
    set_passing(cache, head, how);
    head->promised = true;
    cache->asked = head;
    return -EAGAIN;
}

/* It is asked for. */
static void was_asked(struct cache *cache, struct cache_slot *head)
{
    if (head->unasked) {
        head->unasked = false;
        cache->usage.ahead -= head->blocks;
    }
}

int cache_get_run(struct cache *cache, uint64_t number, size_t count,
                  unsigned how, struct cache_block **out)
{
    struct cache_slot *slot = cache_find(cache, number);

    if (slot == NULL)
        return miss(cache, number, count, how);

    struct cache_slot *head = slot->head;
    was_asked(cache, head);
    if (head->state == CACHE_READING) {
        head->promised = true;
        cache->asked = head;
        return -EAGAIN;
    }
    if (head->state == CACHE_FAILED) {
        cache_forget(cache, head);
        list_remove(&head->idle_link);
        cache_now_idle(cache, head, true);
        return -EIO;
    }

    if (!head->promised)
        cache->usage.hits++;
    head->promised = false;
    if (head->pins++ == 0) {
        list_remove(&head->idle_link);
        cache->usage.pinned += head->blocks;
        if (head->used)
            head->passing = false; /* somebody has come back for it */
    }
    *out = &slot->block;
    return 0;
}

int cache_get(struct cache *cache, uint64_t number, struct cache_block **out)
{
    return cache_get_run(cache, number, 1, 0, out);
}

/* What was read in passing has had its use, and is the first to be taken. */
void cache_put(struct cache *cache, struct cache_block *block)
{
    struct cache_slot *head =
        container_of(block, struct cache_slot, block)->head;

    assert(head->cache == cache && head->pins > 0);
    if (--head->pins > 0)
        return;
    cache->usage.pinned -= head->blocks;
    head->used = true;
    cache_now_idle(cache, head, head->passing);
}

/* Reads what nobody waits for: it goes only where no promise is broken. The
 * slot of `number`, or NULL. */
static struct cache_slot *read_ahead(struct cache *cache, uint64_t number,
                                     size_t count, unsigned how)
{
    bool urgent = (how & CACHE_URGENT) != 0;
    size_t ahead = cache->usage.ahead + cache->run;

    if (cache_length(cache, number) == 0 ||
        (!urgent && (ahead > cache->usage.blocks / 2 ||
                     cache->usage.reading >= CACHE_READING_MAX)))
        return NULL;
    struct cache_slot *head = cache_read_run(cache, number, count);
    if (head == NULL) {
        if (!cache_has_room(cache))
            return NULL;
        head = cache_take(cache);
        if (cache_read(cache, head, number) != 0)
            return NULL;
    }
    set_passing(cache, head, how);
    head->unasked = !urgent;
    cache->usage.ahead += urgent ? 0 : head->blocks;
    return head + (number - head->block.number);
}

size_t cache_prefetch(struct cache *cache, uint64_t number, size_t count,
                      unsigned how, bool *begun)
{
    struct cache_slot *slot = cache_find(cache, number);

    if (slot == NULL) {
        slot = read_ahead(cache, number, count, how);
        if (slot == NULL)
            return 0;
        *begun = true;
    }
    size_t here =
        (slot->block.together + CACHE_BLOCK_SIZE - 1) / CACHE_BLOCK_SIZE;
    return here < count ? here : count;
}

void cache_wait(struct cache *cache, struct event_work *again)
{
    struct cache_slot *head = cache->asked;

    assert(!again->posted);
    if (head != NULL && head->state == CACHE_READING)
        waiters_add(&head->waiters, again);
    else if (head == NULL && list_empty(&cache->idle))
        waiters_add(&cache->room_waiters, again);
    else
        event_post(again);
}

struct cache_usage cache_usage(const struct cache *cache)
{
    return cache->usage;
}
