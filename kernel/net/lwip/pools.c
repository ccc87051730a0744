/* SPDX-License-Identifier: MIT */
/*
 * pools.c - pools of pieces of one size, and how large they are here.
 *
 * Below: the page allocator, at start-up. Above: lwIP's memory, the buffers on
 * their way to and from the card, streams.
 */
#include "net/lwip/pools.h"

#include "lib/errno.h"
#include "mem/pages.h"
#include "net/up.h"

enum { PIECE_ALIGN = 16 };
enum { PAGE_HEAD = 16 };        /* struct pool_page, and so aligned */

struct pool *pools_all;

static unsigned between(unsigned low, size_t value, unsigned high)
{
    return value < low ? low : value > high ? high : (unsigned)value;
}

struct pool_limits pool_limits(void)
{
    size_t memory = pages_usage().total * PAGE_SIZE;
    /* All who may be connected may come at once. */
    unsigned half_open = between(64, memory / (64 * 1024), 1024);

    /* All pools together stay below a tenth of the memory: a segment costs
     * about 220 bytes, a frame 1600 (twice), a connection 500. */
    return (struct pool_limits){
        .connections = between(32, memory / (64 * 1024), 1024),
        .half_open = half_open,
        .segments = between(512, memory / (8 * 1024), 16384),
        .others = half_open + RECEIVED_KEPT_MAX,
        .frames = between(32, memory / (128 * 1024), 1024),
    };
}

static unsigned pieces_in_page(const struct pool *pool)
{
    return (unsigned)((PAGE_SIZE - PAGE_HEAD) / pool->size);
}

int pool_make(struct pool *pool, const char *name, size_t size, unsigned limit)
{
    size = (size + PIECE_ALIGN - 1) & ~(size_t)(PIECE_ALIGN - 1);
    *pool = (struct pool){ .name = name, .size = size, .limit = limit };
    if (pieces_in_page(pool) == 0)
        return -EINVAL;
    pool->stock_pages =
        (limit + pieces_in_page(pool) - 1) / pieces_in_page(pool);
    pool->stock = pages_alloc(pool->stock_pages);
    if (pool->stock == NULL)
        return -ENOMEM;
    pool->next = pools_all;
    pools_all = pool;
    return 0;
}

/* There is one: all pools together have brought what they all need. */
static void *take_page(void)
{
    struct pool *from = pools_all;

    while (from->stock_pages == 0)
        from = from->next;
    from->stock_pages--;
    from->stock += PAGE_SIZE;
    return from->stock - PAGE_SIZE;
}

bool pool_grow(struct pool *pool)
{
    unsigned count = pieces_in_page(pool);

    if (count > pool->limit - pool->made)
        count = pool->limit - pool->made;
    if (count == 0)
        return false;
    pool->made += count;

    struct pool_page *page = take_page();
    unsigned char *first = (unsigned char *)page + PAGE_HEAD;
    unsigned char *at = first + count * pool->size;

    page->pool = pool;
    while (at > first) {
        at -= pool->size;
        struct pool_piece *piece = (void *)at;

        piece->next = pool->free;
        pool->free = piece;
    }
    return true;
}

void net_usage(void (*figure)(void *ctx, const char *name, uint64_t used),
               void *ctx)
{
    for (struct pool *pool = pools_all; pool != NULL; pool = pool->next)
        figure(ctx, pool->name, pool->used);
}
