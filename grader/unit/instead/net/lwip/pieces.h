/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - stands in the place of kernel/net/lwip/pieces.h: pieces of memory
 * that the sanitizer sees one by one (fake_card.c, exact_memory.c). The
 * contracts are there.
 */
#ifndef NET_LWIP_PIECES_H
#define NET_LWIP_PIECES_H

#include <stdbool.h>

struct pool;

void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *piece);
bool pool_has(const struct pool *pool, const void *piece);

#endif
