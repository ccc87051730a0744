/* SPDX-License-Identifier: MIT */
/*
 * connections.h - the short way of a segment from the card to its connection.
 *
 * lwIP looks at a frame three times, for Ethernet, for IP and for TCP, and
 * then goes through the list of all connections until it meets the one that
 * the segment is for. Nearly every frame is a segment of a connection that is
 * there already: its addresses were looked at when that began, so it is enough
 * that they are the same. A table finds the connection by them, and what the
 * segment does to it is mostly known beforehand (net/lwip/predict.h).
 *
 *     frame --> connections_input() -- in the table --> predict_input()
 *                        |                                    | not expected
 *                        |                                    v
 *                        '--> ethernet_input(), ip4_input(), tcp_input()
 *
 * It is a short cut and no more: what goes by it would have come to the same
 * by the long way, and what is in doubt goes the long way.
 */
#ifndef NET_LWIP_CONNECTIONS_H
#define NET_LWIP_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"

#include "lwip/err.h"

struct departure;
struct netif;
struct pbuf;
struct tcp_pcb;

/* Makes the pool. Returns 0 or -ENOMEM. */
int connections_make(void);

/* Connections that come to `listener` are to stay with the card over which
 * their SYN came, and to be in the table. Before lwIP looks at that SYN. */
void connections_expect(struct tcp_pcb *listener);

/* The card has room for what could not be sent for want of it: it is sent,
 * until there is none again. Who has had some comes last the next time. */
void connections_room_again(const struct netif *netif);

/* How many there are that do not only wait to be forgotten; perhaps some of
 * those as well. */
unsigned connections_awake(void);

/* How the last frame of one of these connections left; NULL: it is none. */
struct departure *connections_departure(const struct tcp_pcb *pcb);

/* A netif's input(), for frames with Ethernet's header; see lwip/netif.h. */
err_t connections_input(struct pbuf *p, struct netif *netif);

/* What the card says of the frame that is on its way to a netif's input(), and
 * what need not be looked at for that. Whoever hands it up says so before, and
 * takes it back after. */
extern enum netdev_sum connections_sum;

#endif
