/* SPDX-License-Identifier: MIT */
/*
 * hooks.h - where lwIP calls us, by the names that lwipopts.h gives. Included
 * by lwIP's own sources.
 */
#ifndef NET_LWIP_HOOKS_H
#define NET_LWIP_HOOKS_H

#include <stdint.h>

#include "lwip/err.h"
#include "lwip/ip4_addr.h"
#include "lwip/ip_addr.h"

struct netif;
struct pbuf;
struct tcp_pcb;
struct tcp_hdr;

/* The first sequence number of a connection: grows with time, and can't be
 * guessed from another connection's. [RFC 6528 §3] */
uint32_t random_tcp_isn(const ip_addr_t *local, uint16_t local_port,
                        const ip_addr_t *remote, uint16_t remote_port);

/* While a connection begins that takes the place of one between the same ports
 * that lwIP still remembers: the last number that we have used in that one,
 * beyond which the new one's must begin. Otherwise NULL. */
extern const uint32_t *sequence_used;

/* Asked about each segment before lwIP looks into it: ERR_OK, or it is passed
 * over. It has `options` bytes of options, `first` of them behind the header;
 * `p` is what comes behind these. */
err_t guard_segment(struct tcp_pcb *pcb, struct tcp_hdr *header,
                    uint16_t options, uint16_t first, struct pbuf *p);

/* Shown each IP packet before lwIP looks into it: anything may be in there.
 * NULL: nobody wants to see them. (net/lwip/ping.c) */
extern void (*packet_watcher)(const struct pbuf *p, const struct netif *netif);

/* net/lwip/buffers.h */
uint16_t buffers_out_of_order_limit(void);

/* lwIP is about to send a question of DHCP's, being in that state of its. */
void own_address_asks(struct netif *netif, uint8_t state);

/* By which interface a packet from `source` to `dest` leaves; NULL: lwIP is to
 * look by itself. Without a `source` it has done so, and found `dest` in no
 * interface's network. (net/lwip/interface.h) */
struct netif *interface_route(const ip4_addr_t *source, const ip4_addr_t *dest);

/*
 * DHCP's times, in place of lwIP's: four tries a second apart, as the answer
 * to the first may be lost while a bridge is still learning, then 2, 4, 8 and
 * so on to 64 seconds. What a lease's own times are is settled when it is
 * there (net/lwip/own_address.c).
 */
#define DHCP_DEFINE_CUSTOM_TIMEOUTS 1
#define DHCP_REQUEST_BACKOFF_SEQUENCE(tries)                                 \
    ((u16_t)((tries) <= 4 ? 1000 : (tries) < 10 ? 1000 << ((tries) - 4)      \
                                                : 64000))
#define DHCP_NEXT_TIMEOUT_THRESHOLD 1
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T0_LEASE(result, dhcp)                 \
    (result) = (dhcp)->offered_t0_lease
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T1_RENEW(result, dhcp)                 \
    (result) = (dhcp)->offered_t1_renew
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T2_REBIND(result, dhcp)                \
    (result) = (dhcp)->offered_t2_rebind

#endif
