/* SPDX-License-Identifier: MIT */
/*
 * cache_read.c - fills slots of a cache from the disk: one, or a run of them by
 * one request.
 *
 * A request that fails says nothing of which of its sectors was bad. So the
 * blocks of a run that failed are read once more, each by itself, and only
 * those that fail again have failed.
 *
 * Below cache.c, above block_submit(); cache_slot.h has the picture.
 */
#include "block/cache_slot.h"

#include "lib/errno.h"

_Static_assert((int)CACHE_BLOCK_SIZE == (int)BLOCK_UNIT_MAX,
               "a block is a whole number of the disk's units");

enum {
    SECTORS_IN_BLOCK = CACHE_BLOCK_SIZE / BLOCK_SECTOR_SIZE,
    READ_TWICE_MAX = 2,     /* blocks that stand in the way of a run */
};

uint32_t cache_length(const struct cache *cache, uint64_t number)
{
    uint64_t sectors = cache->dev->sectors;

    if (number > sectors / SECTORS_IN_BLOCK)
        return 0;
    sectors -= number * SECTORS_IN_BLOCK;
    return sectors < SECTORS_IN_BLOCK ? (uint32_t)sectors * BLOCK_SECTOR_SIZE
                                      : CACHE_BLOCK_SIZE;
}

/* ---- Requests ------------------------------------------------------------*/

static void read_done(struct block_request *req);

/* Has `blocks` blocks read into slots from `head` on, all EMPTY and entered
 * nowhere. 0, or what block_submit() says, and nothing is changed. */
static int submit(struct cache *cache, struct cache_slot *head, size_t blocks)
{
    uint32_t last = cache_length(cache, head->block.number + blocks - 1);
    uint32_t len = (uint32_t)(blocks - 1) * CACHE_BLOCK_SIZE + last;

    head->piece = (struct block_piece){ (void *)head->block.data, len };
    head->request = (struct block_request){
        .op = BLOCK_READ,
        .sector = head->block.number * SECTORS_IN_BLOCK,
        .pieces = &head->piece,
        .count = 1,
        .done = read_done,
        .owner = head,
    };
    cache->usage.misses += blocks;
    int error = block_submit(cache->dev, &head->request);
    if (error != 0)
        return error;

    head->state = CACHE_READING;
    head->blocks = (unsigned)blocks;
    head->promised = head->unasked = head->passing = head->used = false;
    for (size_t i = 0; i < blocks; i++) {
        uint32_t before = (uint32_t)i * CACHE_BLOCK_SIZE;

        head[i].head = head;
        head[i].block.number = head->block.number + i;
        head[i].block.together = len - before;
        head[i].block.len = len - before < CACHE_BLOCK_SIZE
                                ? len - before
                                : CACHE_BLOCK_SIZE;
        cache_enter(cache, &head[i]);
    }
    cache->usage.reading += blocks;
    return 0;
}

/* Is told to who was promised the block, and to nobody else: who comes later
 * has it tried anew. */
static void failed(struct cache *cache, struct cache_slot *slot)
{
    bool promised = slot->promised;

    cache->usage.errors++;
    if (promised)
        slot->state = CACHE_FAILED;
    else
        cache_forget(cache, slot);
    cache_now_idle(cache, slot, !promised);
}

/* Whoever waits for it asks again, and waits for the block that is meant. */
static void read_one_by_one(struct cache *cache, struct cache_slot *head)
{
    size_t blocks = head->blocks;

    cache_forget(cache, head);
    for (size_t i = 0; i < blocks; i++) {
        if (submit(cache, &head[i], 1) == 0)
            continue;
        cache->usage.errors++;
        cache_now_idle(cache, &head[i], true);
    }
}

static void read_done(struct block_request *req)
{
    struct cache_slot *head = req->owner;
    struct cache *cache = head->cache;

    cache->usage.reading -= head->blocks;
    while (head->waiters.first != NULL) /* before those who want any slot */
        waiters_post(&head->waiters);
    if (req->error == 0) {
        head->state = CACHE_HERE;
        cache_now_idle(cache, head, false);
    } else if (head->blocks > 1) {
        read_one_by_one(cache, head);
    } else {
        failed(cache, head);
    }
}

/* ---- What is read --------------------------------------------------------*/

int cache_read(struct cache *cache, struct cache_slot *slot, uint64_t number)
{
    slot->block.number = number;
    if (submit(cache, slot, 1) == 0)
        return 0;
    cache->usage.errors++;
    cache_now_idle(cache, slot, true);
    return -EIO;
}

/* Whether a run from block `first` on may be read. What is here of it already
 * is in the way: a block or two by itself, such as one that says where others
 * are, is forgotten and comes back with it. But when there are more, as when a
 * run failed, what is missing is better read by itself. */
static bool make_way(struct cache *cache, uint64_t first)
{
    struct cache_slot *there[READ_TWICE_MAX];
    unsigned count = 0;

    for (size_t i = 0; i < cache->run; i++) {
        struct cache_slot *slot = cache_find(cache, first + i);

        if (slot == NULL)
            continue;
        if (count == READ_TWICE_MAX || slot->state != CACHE_HERE ||
            slot->pins > 0 || slot->promised)
            return false;
        there[count++] = slot;
    }
    while (count > 0) {
        struct cache_slot *slot = there[--count];

        cache_forget(cache, slot);
        list_remove(&slot->idle_link);
        cache_now_idle(cache, slot, true);
    }
    return true;
}

struct cache_slot *cache_read_run(struct cache *cache, uint64_t number,
                                  size_t count)
{
    size_t before = number % cache->run;
    size_t of_use = cache->run - before;
    uint64_t first = number - before;

    if (of_use > count)
        of_use = count;
    if (cache->run == 1 || 2 * of_use < cache->run ||
        cache_length(cache, first + cache->run - 1) == 0 ||
        !make_way(cache, first))
        return NULL;

    struct cache_slot *head = cache_take_run(cache);
    if (head == NULL)
        return NULL;
    head->block.number = first;
    if (submit(cache, head, cache->run) == 0)
        return head;
    for (size_t i = cache->run; i-- > 0;)
        cache_now_idle(cache, &head[i], true);
    return NULL;
}
