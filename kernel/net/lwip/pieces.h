/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - how a piece is taken from a pool and given back: part of pools.h,
 * and a file of its own as unit tests have another one in its place, where
 * every piece is memory that the sanitizer sees (grader/unit/instead).
 */
#ifndef NET_LWIP_PIECES_H
#define NET_LWIP_PIECES_H

#include "mem/pages.h"
#include "net/lwip/pools.h"

/* A piece, its content undefined, aligned to 16; NULL when there is none. */
static inline void *pool_take(struct pool *pool)
{
    struct pool_piece *piece;

    if (!pool->free && !pool_grow(pool))
        return NULL;
    piece = pool->free;
    pool->free = piece->next;
    pool->used++;
    return piece;
}

/* Gives `piece` back to the pool from which it came. */
static inline void pool_give(struct pool *pool, void *piece)
{
    struct pool_piece *first = piece;

    first->next = pool->free;
    pool->free = first;
    pool->used--;
}

/* Does `piece` come from this pool? */
static inline bool pool_has(const struct pool *pool, const void *piece)
{
    const struct pool_page *page =
        (const void *)((uintptr_t)piece & ~(uintptr_t)(PAGE_SIZE - 1));

    return page->pool == pool;
}

#endif
