/* SPDX-License-Identifier: MIT */
/*
 * lists.h - spares lwIP the way through its lists of connections.
 *
 * lwIP has two, linked one way only: of those that are active, and of those
 * that wait to be forgotten (TIME-WAIT). Where each request comes over a
 * connection of its own, there are soon as many of the latter as there may be,
 * a thousand or more; and for each SYN lwIP would go through all of them three
 * times: to see that it belongs to none, to find the oldest when it needs the
 * memory, and to take that out.
 *
 *     tcp_tw_pcbs -> [newest] -> [      ] -> ... -> [oldest] -> NULL
 *                       ^           ^                  ^
 *     `resting`  <----> [ ] <-----> [ ] <--> ... <---> [ ] <---->
 *
 * Only time is saved: where this file does not know, lwIP looks for itself.
 */
#ifndef NET_LWIP_LISTS_H
#define NET_LWIP_LISTS_H

#include "lib/list.h"

struct tcp_pcb;

/* A connection's place among those that wait to be forgotten. */
struct resting {
    struct list link;           /* empty: it is not among them */
    struct tcp_pcb *pcb;
};

void lists_init(struct resting *r, struct tcp_pcb *pcb);

/* Whenever lwIP has dealt with a segment of this one's. */
void lists_notice(struct resting *r);

/* lwIP frees the pcb. */
void lists_forget(struct resting *r);

/* How many there are. */
unsigned lists_resting(void);

/* All memory for connections is in use: who has waited for longest gives way.
 * If nobody does, that is lwIP's to find out. */
void lists_give_way(void);

/* The segment that lwIP is about to look at is of no connection that there is:
 * it finds its lists empty, until lists_show(). That is called before it does
 * more than to look for somebody whose segment it is (net/lwip/guard.c), or
 * else when it has done; a second time does no harm. */
void lists_hide(void);
void lists_show(void);

#endif
