/* SPDX-License-Identifier: MIT */
/*
 * buffers.h - frames on their way between lwIP and the card, without a copy.
 *
 * lwIP has pbufs, a card has netbufs. Going out, each pbuf of a chain gets a
 * netbuf that points at the same bytes. Coming in, the card's netbuf gets a
 * pbuf that points at them.
 *
 *     out   pbuf(headers) -> pbuf(file) -> NULL       in    pbuf
 *             ^                ^                              | payload
 *             | owner          | owner                        v
 *           netbuf ---------> netbuf -> NULL               netbuf.data
 */
#ifndef NET_LWIP_BUFFERS_H
#define NET_LWIP_BUFFERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "net/lwip/pools.h"
#include "net/netdev.h"

#include "lwip/pbuf.h"

/* Makes the pools. Returns 0 or -ENOMEM. */
int buffers_make(void);

/*
 * The netbufs for sending of one card. Each has a number, 1, 2, 3 and so on in
 * the order in which they were taken; `last` is the last one's.
 */
struct transmits {
    struct list under_way;      /* by number */
    uint64_t last;
    bool awaited;               /* somebody wants to hear of it */
};

struct transmit {
    struct netbuf nb;           /* the first member */
    struct transmits *of;       /* whose it is */
    struct list link;           /* in of->under_way */
    uint64_t number;
};

void transmits_init(struct transmits *transmits);

/* The last number before which there is none still under way: once it has
 * reached n, the card has done with all that was sent up to n. The `drained`
 * function is called when it has grown, for any card whose `awaited` is set. */
uint64_t transmit_done(const struct transmits *transmits);
void transmit_on_drained(void (*drained)(void));

/* For these functions alone. */
extern struct pool transmit_pool;
extern struct transmits *transmit_current;
extern void (*transmit_drained)(void);

/* Those that are taken from now on are for this card. */
static inline void transmit_over(struct transmits *transmits)
{
    transmit_current = transmits;
}

/* A netbuf for sending, all zero; NULL when there is none. */
static inline struct netbuf *transmit_take(void)
{
    struct transmit *t = pool_take(&transmit_pool);

    if (!t)
        return NULL;
    t->nb = (struct netbuf){ .next = NULL };
    t->of = transmit_current;
    t->number = ++transmit_current->last;
    list_append(&transmit_current->under_way, &t->link);
    return &t->nb;
}

static inline void transmit_give(struct netbuf *nb)
{
    struct transmit *t = container_of(nb, struct transmit, nb);
    bool oldest = t->of->under_way.next == &t->link;

    list_remove(&t->link);
    if (oldest && t->of->awaited)
        transmit_drained();
    pool_give(&transmit_pool, t);
}

/* pbuf_free(), for a pbuf that has most likely another reference left. */
static inline void transmit_unref(struct pbuf *p)
{
    if (p->ref > 1)
        p->ref--;
    else
        pbuf_free(p);
}

/* A frame that has come in, with the pbuf that stands for it in lwIP. */
struct received {
    struct pbuf_custom custom;  /* the first member: lwIP hands it back */
    struct netbuf *frame;       /* lent by the card */
};

/* NULL when there is none. */
struct received *received_take(void);
void received_give(struct received *r);

/* How many pbufs a connection may keep that came before their turn: none once
 * too many of the card's buffers are kept already. */
uint16_t buffers_out_of_order_limit(void);

/*
 * The pbufs of `chain` are to be kept for a while. Where too many of the
 * card's buffers are kept already, moves the bytes that lie in these to memory
 * of ours, close together. Looks at len and next of each pbuf, not at tot_len.
 * Returns the chain to go on with; NULL, and all of it freed, when there is
 * no memory.
 */
struct pbuf *buffers_settle(struct pbuf *chain);

#endif
