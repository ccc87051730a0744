/* SPDX-License-Identifier: MIT */
/*
 * interface.h - one network card, as this module has it; and by which of
 * several a packet leaves.
 *
 * An answer leaves by the card over which the question came, and a connection
 * stays with that card for good: so a client on any link is answered on that
 * link, also when two links have the same addresses. What we begin ourselves
 * leaves by the first card in whose network the target is, and beyond all
 * networks by the first that has a gateway.
 */
#ifndef NET_LWIP_INTERFACE_H
#define NET_LWIP_INTERFACE_H

#include "lib/list.h"
#include "net/lwip/borrowed.h"
#include "net/lwip/buffers.h"
#include "net/lwip/early.h"
#include "net/lwip/own_address.h"
#include "net/netdev.h"

#include "lwip/netif.h"

struct interface {
    struct netif netif;         /* its state is the card */
    struct own_address own;
    struct early early;
    struct transmits transmits;
    struct borrowed_waiting waiting;
    struct interface *next;
};

/* All that were brought up, in that order. */
extern struct interface *interfaces;

/* Every netif of lwIP's is part of one. */
static inline struct interface *interface_of(const struct netif *netif)
{
    return container_of(netif, struct interface, netif);
}

static inline const struct netdev *interface_card(const struct interface *i)
{
    return i->netif.state;
}

/* A new one, all zero but for what other files have to see to, at the end of
 * the list; NULL when there is no memory. */
struct interface *interface_add(void);

/* Over which interface lwIP hands us a frame just now; NULL: none. */
struct interface *interface_heard(void);

/* By which interface to reach `dest`; NULL: by none, now. */
struct interface *interface_towards(const ip4_addr_t *dest);

/* The first that has a gateway and can be used now, or NULL. */
struct interface *interface_default(void);

#endif
