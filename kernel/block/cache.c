/* SPDX-License-Identifier: MIT */
/*
 * cache.c - the block cache: finds blocks, reads them, keeps those that were
 * used last.
 *
 * Between file systems above and block_submit() below. Which blocks are worth
 * having is left to those who ask; how many there is room for, to
 * cache_open.c. cache_slot.h has the picture and the invariants.
 */
#include "block/cache_slot.h"

#include "core/panic.h"
#include "lib/errno.h"

_Static_assert((int)CACHE_BLOCK_SIZE == (int)BLOCK_UNIT_MAX,
               "a block is a whole number of the disk's units");

enum { SECTORS_IN_BLOCK = CACHE_BLOCK_SIZE / BLOCK_SECTOR_SIZE };

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

static void now_idle(struct cache *cache, struct cache_slot *slot)
{
    list_append(&cache->idle, &slot->idle_link);
    if (cache->room_waiters.first != NULL)
        event_post(&cache->room_work);
}

/* ---- Slots by number -----------------------------------------------------*/

/* Multiplies by 2^64 divided by the golden ratio: neighbours, and numbers a
 * power of two apart, go to different chains. */
static struct cache_slot **chain_of(struct cache *cache, uint64_t number)
{
    uint64_t hash = number * 0x9e3779b97f4a7c15u;

    return &cache->chains[hash >> (64 - cache->chains_log)];
}

static struct cache_slot *find(struct cache *cache, uint64_t number)
{
    struct cache_slot *slot = *chain_of(cache, number);

    while (slot != NULL && slot->block.number != number)
        slot = slot->chain_next;
    return slot;
}

static void forget(struct cache *cache, struct cache_slot *slot)
{
    struct cache_slot **at = chain_of(cache, slot->block.number);

    while (*at != slot)
        at = &(*at)->chain_next;
    *at = slot->chain_next;
    slot->state = CACHE_EMPTY;
    slot->promised = false;
}

/* The next slot that was never used; there is one. */
static struct cache_slot *begin(struct cache *cache)
{
    size_t i = cache->begun++;
    struct cache_slot *slot = &cache->slots[i];

    *slot = (struct cache_slot){
        .cache = cache,
        .state = CACHE_EMPTY,
        .block.data = cache->data + i * CACHE_BLOCK_SIZE,
    };
    waiters_init(&slot->waiters);
    return slot;
}

/* A slot for another block, CACHE_EMPTY and not idle; NULL when all are busy.
 * One that was never used, or the one that was not for longest; but one that
 * is promised goes to the end of the line instead, once, so that who waits for
 * it finds it when it wakes, and a promise that nobody wants kept does not last
 * for ever. */
static struct cache_slot *take(struct cache *cache)
{
    if (cache->begun < cache->usage.blocks)
        return begin(cache);
    if (list_empty(&cache->idle))
        return NULL;

    struct cache_slot *slot =
        container_of(cache->idle.next, struct cache_slot, idle_link);
    while (slot->promised) {
        slot->promised = false;
        list_remove(&slot->idle_link);
        list_append(&cache->idle, &slot->idle_link);
        slot = container_of(cache->idle.next, struct cache_slot, idle_link);
    }
    list_remove(&slot->idle_link);
    if (slot->state != CACHE_EMPTY)
        forget(cache, slot);
    return slot;
}

/* ---- Reading -------------------------------------------------------------*/

static void read_done(struct block_request *req)
{
    struct cache_slot *slot = req->owner;
    struct cache *cache = slot->cache;

    slot->state = req->error == 0 ? CACHE_HERE : CACHE_FAILED;
    cache->usage.reading--;
    if (req->error != 0)
        cache->usage.errors++;
    while (slot->waiters.first != NULL)
        waiters_post(&slot->waiters);
    now_idle(cache, slot);
}

/* How many bytes of the disk block `number` has; 0 when it is beyond it. */
static uint32_t length(const struct cache *cache, uint64_t number)
{
    uint64_t sectors = cache->dev->sectors;

    if (number > sectors / SECTORS_IN_BLOCK)
        return 0;
    sectors -= number * SECTORS_IN_BLOCK;
    return sectors < SECTORS_IN_BLOCK ? (uint32_t)sectors * BLOCK_SECTOR_SIZE
                                      : CACHE_BLOCK_SIZE;
}

/* Begins to read block `number` into a slot: -EAGAIN, or why it can't. */
static int start_read(struct cache *cache, uint64_t number)
{
    struct cache_slot *slot = take(cache);

    cache->asked = slot;
    if (slot == NULL)
        return -EAGAIN;

    slot->block.number = number;
    slot->block.len = length(cache, number);
    slot->piece =
        (struct block_piece){ (void *)slot->block.data, slot->block.len };
    slot->request = (struct block_request){
        .op = BLOCK_READ,
        .sector = number * SECTORS_IN_BLOCK,
        .pieces = &slot->piece,
        .count = 1,
        .done = read_done,
        .owner = slot,
    };
    int error = block_submit(cache->dev, &slot->request);
    if (error != 0) {
        cache->usage.errors++;
        list_insert_before(cache->idle.next, &slot->idle_link);
        return -EIO;
    }
    slot->state = CACHE_READING;
    slot->promised = true;
    slot->chain_next = *chain_of(cache, number);
    *chain_of(cache, number) = slot;
    cache->usage.misses++;
    cache->usage.reading++;
    return -EAGAIN;
}

/* ---- For users -----------------------------------------------------------*/

int cache_get(struct cache *cache, uint64_t number, struct cache_block **out)
{
    if (length(cache, number) == 0)
        return -ERANGE;

    struct cache_slot *slot = find(cache, number);
    if (slot == NULL)
        return start_read(cache, number);
    if (slot->state == CACHE_READING) {
        cache->asked = slot;
        return -EAGAIN;
    }
    if (slot->state == CACHE_FAILED) {
        forget(cache, slot);
        list_remove(&slot->idle_link);
        list_insert_before(cache->idle.next, &slot->idle_link);
        return -EIO;
    }

    if (!slot->promised)
        cache->usage.hits++;
    slot->promised = false;
    if (slot->pins++ == 0) {
        list_remove(&slot->idle_link);
        cache->usage.pinned++;
    }
    *out = &slot->block;
    return 0;
}

void cache_put(struct cache *cache, struct cache_block *block)
{
    struct cache_slot *slot = container_of(block, struct cache_slot, block);

    assert(slot->cache == cache && slot->pins > 0);
    if (--slot->pins > 0)
        return;
    cache->usage.pinned--;
    now_idle(cache, slot);
}

void cache_wait(struct cache *cache, struct event_work *again)
{
    struct cache_slot *slot = cache->asked;

    assert(!again->posted);
    if (slot != NULL && slot->state == CACHE_READING)
        waiters_add(&slot->waiters, again);
    else if (slot == NULL && list_empty(&cache->idle))
        waiters_add(&cache->room_waiters, again);
    else
        event_post(again);
}

struct cache_usage cache_usage(const struct cache *cache)
{
    return cache->usage;
}
