/* SPDX-License-Identifier: MIT */
/*
 * pools.h - pools of pieces of one size, made at start-up.
 *
 * The packet and request paths take memory from these and from nowhere else.
 * Each pool has a limit, set from the memory that the machine has, and a
 * stated behaviour when it is empty:
 *
 *   pool             limit              when it is empty
 *   ---------------  -----------------  --------------------------------------
 *   streams          connections        a SYN is not answered, and comes again
 *   TCP_PCB          connections +      the oldest connection goes that only
 *                    half_open          waits to be forgotten; of more than
 *                                       half_open such the oldest goes
 *   connections      as TCP_PCB         never: each pcb has one of these
 *   PBUF             segments           stream_send() takes less; writable().
 *                                       See stream_share()
 *   TCP_SEG          segments +         the same; the others are for SYNs, and
 *                    others             for what comes too early
 *   pairs            connections        a segment's pbufs are PBUF and headers
 *   borrowed         segments           stream_send() takes less
 *   headers          segments +         the same; 256 more are for ACKs and
 *                    others + 256       ARP
 *   frames           frames             no answer to a ping, no DHCP message
 *   PBUF_POOL        frames             see buffers_settle()
 *   transmit         1024               the segment is sent later
 *   received         256                the frame is dropped
 *   SYS_TIMEOUT ...  lwIP's defaults    never: lwIP has counted them
 */
#ifndef NET_LWIP_POOLS_H
#define NET_LWIP_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRANSMIT_MAX = 1024,        /* netbufs under way to the card */
    RECEIVED_MAX = 256,         /* netbufs lent by the card */
    RECEIVED_KEPT_MAX = 64,     /* of these, kept beyond the call that lent */
};

/*
 * Pieces are made by the page, as they are wanted, and stay made:
 *
 *     | pool | piece | piece | piece | ...  ~ |       a page of one pool
 *
 * Each pool brings pages for all of its pieces into a common stock, and takes
 * them out of it from one end on, whoever brought them. So no pool goes without
 * what it was promised, a large one costs memory only as far as it has been
 * needed, and what is in use lies together: a host that gives its memory out
 * by 2 MiB gives one such piece to all pools, not one to each.
 *
 * Invariant: used + free pieces + pieces not made yet == limit.
 */
struct pool {
    const char *name;
    size_t size;                /* of a piece, a multiple of 16 */
    unsigned limit;             /* pieces */
    unsigned used;
    unsigned made;              /* pieces, used and free */
    struct pool_piece { struct pool_piece *next; } *free;
    unsigned char *stock;       /* what is left of the pages it has brought: */
    size_t stock_pages;         /*   so many from there on */
    struct pool *next;          /* in the list of all pools */
};

/* What a page of pieces begins with. */
struct pool_page { struct pool *pool; };

/* All pools, the one that was made last first. */
extern struct pool *pools_all;

/* How many of each a machine with so much memory has. */
struct pool_limits {
    unsigned connections;       /* streams open at a time */
    unsigned half_open;         /* connections of which only a SYN has come */
    unsigned segments;          /* pieces of data sent and not acknowledged */
    unsigned others;            /* segments that are none of these: a SYN for
                                   each half open, and what comes too early */
    unsigned frames;            /* whole frames in memory of ours */
};
struct pool_limits pool_limits(void);

/* Makes `pool` a pool of `limit` pieces of at least `size` bytes each, which
 * may not be more than a page has room for beside its head. Returns 0, -EINVAL
 * or -ENOMEM. */
int pool_make(struct pool *pool, const char *name, size_t size,
              unsigned limit);

/* For pool_take(), when no piece is free: makes a page of them, all free. False
 * when all are made. */
bool pool_grow(struct pool *pool);

/* pool_take(), pool_give(), pool_has() */
#include "net/lwip/pieces.h"

#endif
