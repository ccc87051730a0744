/* SPDX-License-Identifier: MIT */
/*
 * own_address.h - the address that we have: how we came by it, how long it is
 * ours, and what is said of it on the console.
 */
#ifndef NET_LWIP_OWN_ADDRESS_H
#define NET_LWIP_OWN_ADDRESS_H

#include <stdbool.h>

#include "net/netdev.h"

#include "lwip/netif.h"

/* From now on watches the address of `netif`, which stands for a card.
 * `fixed`: it was given on the command line, and is kept. */
void own_address_watch(struct netif *netif, bool fixed);

/* Asked about each frame before lwIP gets it: is it an answer of DHCP's that
 * must not be believed, or is not for us? A frame with an ARP packet in it
 * may cause a line on the console. */
bool own_address_refuses(const struct netbuf *frame);

/* Called when lwIP has had that frame: if it has brought us a lease, sees to
 * what lwIP does not. */
void own_address_settle(void);

#endif
