/* SPDX-License-Identifier: MIT */
/*
 * borrowed.h - memory that streams send from and have yet to give back. What
 * streams do with it is declared in streams.h.
 */
#ifndef NET_LWIP_BORROWED_H
#define NET_LWIP_BORROWED_H

struct borrowed;

/* Pieces that wait for one card to be done with them; borrowed.c's. */
struct borrowed_waiting {
    struct borrowed *first, **last;
};

void borrowed_waiting_init(struct borrowed_waiting *waiting);

/* Makes the pool. Returns 0 or -ENOMEM. */
int borrowed_make(void);

#endif
