/* SPDX-License-Identifier: MIT */
/*
 * cache_room.c - which block lies in which slot of a cache, and which slots are
 * taken for others.
 *
 * A place is taken as it is wanted: as a run, or as slots by themselves. So the
 * cache is all of small pieces for a site of small files, all of runs for one
 * of large ones, and for the rest what their use makes of it.
 *
 * Below cache.c; cache_slot.h has the picture.
 */
#include "block/cache_slot.h"

enum { LOOKS_MAX = 64 };        /* at idle heads, for a place for a run */

/* ---- Slots by number -----------------------------------------------------*/

/* Multiplies by 2^64 divided by the golden ratio: neighbours, and numbers a
 * power of two apart, go to different chains. */
static struct cache_slot **chain_of(struct cache *cache, uint64_t number)
{
    uint64_t hash = number * 0x9e3779b97f4a7c15u;

    return &cache->chains[hash >> (64 - cache->chains_log)];
}

struct cache_slot *cache_find(struct cache *cache, uint64_t number)
{
    struct cache_slot *slot = *chain_of(cache, number);

    while (slot != NULL && slot->block.number != number)
        slot = slot->chain_next;
    return slot;
}

void cache_enter(struct cache *cache, struct cache_slot *slot)
{
    struct cache_slot **chain = chain_of(cache, slot->block.number);

    slot->chain_next = *chain;
    *chain = slot;
}

static void leave_chain(struct cache *cache, struct cache_slot *slot)
{
    struct cache_slot **at = chain_of(cache, slot->block.number);

    while (*at != slot)
        at = &(*at)->chain_next;
    *at = slot->chain_next;
}

/* All of a run: what is left are slots by themselves. */
void cache_forget(struct cache *cache, struct cache_slot *head)
{
    size_t blocks = head->blocks;

    if (head->unasked)
        cache->usage.ahead -= blocks;
    for (size_t i = 0; i < blocks; i++) {
        leave_chain(cache, &head[i]);
        head[i].head = &head[i];
        head[i].blocks = 1;
        head[i].state = CACHE_EMPTY;
    }
    head->promised = head->unasked = false;
}

/* ---- Places --------------------------------------------------------------*/

/* The next place, if there is one that was never used. The last slots have the
 * first memory, as cache_open() has laid them side by side. */
static struct cache_slot *begin_place(struct cache *cache)
{
    size_t left = cache->usage.blocks - cache->begun;

    if (left == 0)
        return NULL;
    struct cache_slot *first = &cache->slots[left - cache->run];
    for (size_t i = 0; i < cache->run; i++) {
        struct cache_slot *slot = &first[i];

        *slot = (struct cache_slot){
            .cache = cache,
            .head = slot,
            .blocks = 1,
            .state = CACHE_EMPTY,
            .block.data = cache->data + (cache->begun + i) * CACHE_BLOCK_SIZE,
        };
        list_init(&slot->idle_link);
        waiters_init(&slot->waiters);
    }
    cache->begun += cache->run;
    return first;
}

/* Of a place that is EMPTY only the first slot is wanted. */
static struct cache_slot *take_first(struct cache *cache,
                                     struct cache_slot *place, size_t slots)
{
    for (size_t i = slots; i-- > 1;)
        cache_now_idle(cache, &place[i], true);
    return place;
}

static struct cache_slot *first_idle(const struct cache *cache)
{
    return container_of(cache->idle.next, struct cache_slot, idle_link);
}

bool cache_has_room(const struct cache *cache)
{
    return cache->begun < cache->usage.blocks ||
           (!list_empty(&cache->idle) && !first_idle(cache)->promised);
}

/* Takes an idle head, and gives how many slots that makes. */
static size_t empty(struct cache *cache, struct cache_slot *head)
{
    size_t blocks = head->blocks;

    list_remove(&head->idle_link);
    if (head->state != CACHE_EMPTY)
        cache_forget(cache, head);
    return blocks;
}

struct cache_slot *cache_take(struct cache *cache)
{
    struct cache_slot *head = first_idle(cache);

    if (list_empty(&cache->idle) || head->state != CACHE_EMPTY) {
        struct cache_slot *place = begin_place(cache);
        if (place != NULL)
            return take_first(cache, place, cache->run);
    }
    if (list_empty(&cache->idle))
        return NULL;

    while (head->promised) {
        head->promised = false;
        list_remove(&head->idle_link);
        list_append(&cache->idle, &head->idle_link);
        head = first_idle(cache);
    }
    return take_first(cache, head, empty(cache, head));
}

/* Whether all of its slots are by themselves, idle, and promised to nobody. */
static bool may_be_taken(const struct cache *cache,
                         const struct cache_slot *place)
{
    for (size_t i = 0; i < cache->run; i++)
        if (list_empty(&place[i].idle_link) || place[i].promised)
            return false;
    return true;
}

struct cache_slot *cache_take_run(struct cache *cache)
{
    struct cache_slot *place = begin_place(cache), *refused = NULL;
    struct list *at = cache->idle.next;

    for (int i = 0; place == NULL && i < LOOKS_MAX && at != &cache->idle;
         i++, at = at->next) {
        struct cache_slot *head =
            container_of(at, struct cache_slot, idle_link);
        size_t index = (size_t)(head - cache->slots);
        struct cache_slot *its = head - index % cache->run;

        if (head->blocks > 1 && !head->promised) {
            empty(cache, head);
            return head;
        }
        if (head->blocks > 1 || its == refused)
            continue;
        if (may_be_taken(cache, its))
            place = its;
        else
            refused = its;
    }
    for (size_t i = 0; place != NULL && i < cache->run; i++)
        empty(cache, &place[i]);
    return place;
}
