/* SPDX-License-Identifier: MIT */
/*
 * early.h - segments for an address that is not ours yet.
 *
 * Who hands out addresses knows ours before we do. A DHCP server that is a
 * router as well may have somebody waiting who wants to connect, and lets him
 * through as soon as we have asked: QEMU's user network sends his SYN before
 * its own offer. It is for our hardware address, so it means us. Lost, it
 * would come again after a second, or after QEMU's six.
 */
#ifndef NET_LWIP_EARLY_H
#define NET_LWIP_EARLY_H

#include <stdbool.h>

#include "event/event.h"
#include "net/netdev.h"

struct interface;

enum {
    EARLY_MAX = 8,              /* of these the last are kept, */
    EARLY_S = 10,               /* for so long after the last has come */
};

struct early {
    struct netbuf *frames[EARLY_MAX];   /* the first `count`; oldest first */
    unsigned count;
    struct event_timer timer;           /* armed while there are any */
};

/* Keeps `frame`, which is longer than Ethernet's header, if there is a segment
 * for our hardware address in it and we have no address yet. False: it is the
 * caller's still. */
bool early_keeps(struct interface *interface, struct netbuf *frame);

/* There is an address: hands all that was kept to lwIP, which knows whether it
 * is for that one. From the event loop, not while lwIP is at work. */
void early_hand_over(struct interface *interface);

#endif
