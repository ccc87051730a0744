/* SPDX-License-Identifier: MIT */
/*
 * connections.h - the short way of a segment from the card to its connection.
 *
 * lwIP looks at a frame three times, for Ethernet, for IP and for TCP, and
 * then goes through the list of all connections until it meets the one that
 * the segment is for. Nearly every frame is a segment of a connection that is
 * there already: its addresses were looked at when that began, so it is enough
 * that they are the same. A table finds the connection by them.
 *
 *     frame --> connections_input() --- in the table ---> tcp_input()
 *                        |                                    ^
 *                        '--> ethernet_input(), ip4_input() --'
 *
 * It is a short cut and no more: what goes by it would have come to the same
 * by the long way, and what is in doubt goes the long way.
 */
#ifndef NET_LWIP_CONNECTIONS_H
#define NET_LWIP_CONNECTIONS_H

#include "lwip/err.h"

struct netif;
struct pbuf;
struct tcp_pcb;

/* Makes the pool. Returns 0 or -ENOMEM. */
int connections_make(void);

/* Connections that come to `listener` are to stay with the card over which
 * their SYN came, and to be in the table. Before lwIP looks at that SYN. */
void connections_expect(struct tcp_pcb *listener);

/* A netif's input(), for frames with Ethernet's header; see lwip/netif.h. */
err_t connections_input(struct pbuf *p, struct netif *netif);

#endif
