/* SPDX-License-Identifier: MIT */
/*
 * departure.h - the short way of a segment from its connection to the card.
 *
 * lwIP makes a segment of three pieces of memory, and on its way out looks at
 * it three times: TCP completes its header, IP looks for a route, and ARP for
 * a neighbour. But nearly every segment of a server's is all of a short answer,
 * and goes where the one before it went, behind the same header but for a few
 * numbers.
 *
 *     stream_write() ------ one segment? two pbufs in one piece
 *           |                                |
 *     cut_write(), tcp_write()        stream_leave()
 *           |                                |
 *     tcp_output(), ip4_output_if(),  departure_send()
 *     etharp_output()                        |
 *           |                                |
 *     port_link_output() -- learns --> as the last one
 *           |                                |
 *           '---------> port_output() <------'
 *
 * It is a short cut and no more: what goes by it would have looked the same by
 * the long way, and what is in doubt goes the long way. Every tick (half a
 * second) one segment of each connection does so: lwIP learns that a neighbour
 * is still needed, and asks for it in time, and we learn where it is now.
 */
#ifndef NET_LWIP_DEPARTURE_H
#define NET_LWIP_DEPARTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"

struct netif;
struct pbuf;
struct stream;
struct tcp_seg;

/* What stood before TCP's header in the last frame of a connection that went
 * the long way. */
struct departure {
    uint32_t tick;              /* when that was: it holds until the next */
    uint32_t sum;               /* of the fields of IP's header that stay */
    uint8_t before[SIZEOF_ETH_HDR + IP_HLEN];
};

/* Makes the pool. Returns 0 or -ENOMEM. */
int departures_make(void);

/* A connection begins: of its frames nothing is known. */
void departure_init(struct departure *departure);

/* A frame goes the long way; lwIP has written all of it. */
void departure_learn(const struct netif *netif, const struct pbuf *p);

/* tcp_seg_free(): all of `seg` has been acknowledged. */
void departure_free(struct tcp_seg *seg);

/* What tcp_output() does, if one segment waits that has two pbufs, nothing is
 * under way, and it may go. False, and nothing but the header has changed,
 * when that is not so or the card has not taken it. Only while there is a
 * pcb, and something waits. */
bool departure_send(struct stream *s);

#endif
