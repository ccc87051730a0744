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
 *   TCP_SEG, PBUF    segments           stream_send() takes less; writable().
 *                                       See stream_share()
 *   borrowed         segments           the same
 *   headers          segments + 256     the same; the rest is for ACKs and ARP
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

/*
 * Invariant: used + free pieces + pieces never handed out yet == limit.
 * A piece is not touched before it is first taken, so a large pool costs
 * memory only as far as it has been needed.
 */
struct pool {
    const char *name;
    size_t size;                /* of a piece, a multiple of 16 */
    unsigned limit;             /* pieces */
    unsigned used;
    unsigned fresh;             /* pieces from here on never handed out yet */
    unsigned char *memory;
    struct pool_piece { struct pool_piece *next; } *free;
    struct pool *next;          /* in the list of all pools */
};

/* All pools, the one that was made last first. */
extern struct pool *pools_all;

/* How many of each a machine with so much memory has. */
struct pool_limits {
    unsigned connections;       /* streams open at a time */
    unsigned half_open;         /* connections of which only a SYN has come */
    unsigned segments;          /* pieces of data sent and not acknowledged */
    unsigned frames;            /* whole frames in memory of ours */
};
struct pool_limits pool_limits(void);

/* Makes `pool` a pool of `limit` pieces of at least `size` bytes each, from
 * the heap. Returns 0 or -ENOMEM. */
int pool_make(struct pool *pool, const char *name, size_t size,
              unsigned limit);

/* A piece, its content undefined, aligned to 16; NULL when there is none. */
void *pool_take(struct pool *pool);

/* Gives `piece` back to the pool from which it came. */
void pool_give(struct pool *pool, void *piece);

/* Does `piece` come from this pool? */
bool pool_has(const struct pool *pool, const void *piece);

#endif
