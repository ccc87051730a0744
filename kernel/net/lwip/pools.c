/* SPDX-License-Identifier: MIT */
/*
 * pools.c - pools of pieces of one size, and how large they are here.
 *
 * Below: the heap, once, at start-up. Above: lwIP's memory, the buffers on
 * their way to and from the card, streams.
 */
#include "net/lwip/pools.h"

#include "lib/errno.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "net/up.h"

enum { PIECE_ALIGN = 16 };

struct pool *pools_all;

static unsigned between(unsigned low, size_t value, unsigned high)
{
    return value < low ? low : value > high ? high : (unsigned)value;
}

struct pool_limits pool_limits(void)
{
    size_t memory = pages_usage().total * PAGE_SIZE;

    /* All pools together stay below a tenth of the memory: a segment costs
     * about 220 bytes, a frame 1600 (twice), a connection 500. */
    return (struct pool_limits){
        .connections = between(32, memory / (64 * 1024), 1024),
        /* All who may be connected may come at once. Each has a segment. */
        .half_open = between(64, memory / (64 * 1024), 1024),
        .segments = between(512, memory / (8 * 1024), 16384),
        .frames = between(32, memory / (128 * 1024), 1024),
    };
}

int pool_make(struct pool *pool, const char *name, size_t size, unsigned limit)
{
    size = (size + PIECE_ALIGN - 1) & ~(size_t)(PIECE_ALIGN - 1);
    *pool = (struct pool){ .name = name, .size = size, .limit = limit };
    pool->memory = heap_alloc(size * limit);
    if (pool->memory == NULL)
        return -ENOMEM;
    pool->next = pools_all;
    pools_all = pool;
    return 0;
}

void *pool_take(struct pool *pool)
{
    struct pool_piece *piece = pool->free;

    if (piece)
        pool->free = piece->next;
    else if (pool->fresh < pool->limit)
        piece = (void *)(pool->memory + pool->size * pool->fresh++);
    else
        return NULL;
    pool->used++;
    return piece;
}

void pool_give(struct pool *pool, void *piece)
{
    struct pool_piece *first = piece;

    first->next = pool->free;
    pool->free = first;
    pool->used--;
}

bool pool_has(const struct pool *pool, const void *piece)
{
    uintptr_t offset = (uintptr_t)piece - (uintptr_t)pool->memory;

    return offset < pool->size * pool->limit;
}

void net_usage(void (*figure)(void *ctx, const char *name, uint64_t used),
               void *ctx)
{
    for (struct pool *pool = pools_all; pool != NULL; pool = pool->next)
        figure(ctx, pool->name, pool->used);
}
