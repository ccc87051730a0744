/* SPDX-License-Identifier: MIT */
/*
 * port.h - lwIP over a card. The bodies of the first part are lab 10's.
 *
 *     application        stream.h         net_up
 *     ------------------------------------------------
 *     lwIP               netif->input       etharp_output, sys_check_timeouts
 *                           ^                   |             ^
 *     this header        port_receive      port_output   port_timers_run
 *                           ^                   v             ^
 *     ---------------- netdev->receive     netdev->send   event_timer
 *     card
 *
 * One struct netif, lwIP's idea of an interface, stands for one card:
 * netif->state is the struct netdev, netdev->stack the struct netif.
 */
#ifndef NET_LWIP_PORT_H
#define NET_LWIP_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "net/lwip/buffers.h"
#include "net/lwip/settings.h"
#include "net/netdev.h"

#include "lwip/err.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/sys.h"

/* ---- Lab 10 ------------------------------------------------------------- */

/* sys_now(), declared in lwip/sys.h: milliseconds since start-up; may wrap. */

/*
 * lwIP calls this once from netif_add(), with netif->state set, so that the
 * interface gets to know its card: two letters of name ("en"), the hardware
 * address and its length, the MTU, the flags of an Ethernet that has
 * broadcasts and ARP (and whose link is up, if the card says so), and the two
 * functions for output: lwIP's etharp_output() for IP packets, and our
 * port_link_output() for the frames that it makes of them. Returns ERR_OK.
 */
err_t port_init(struct netif *netif);

/*
 * Sends one frame, which lies in the chain of pbufs that begins with `p` and
 * has pbuf_clen(p) non-empty pieces, at most NETDEV_PIECES_MAX. The bytes are
 * not copied: each pbuf gets a netbuf (transmit_take()) whose owner it is, and
 * a reference (pbuf_ref()) that it keeps until the card gives the netbuf back
 * to port_sent(). The chain stays lwIP's as well.
 * port_ask_offload() has its say on the first netbuf before the frame goes.
 * Returns ERR_OK; ERR_MEM when there is no netbuf, or the card has no room:
 * lwIP then tries again later; ERR_IF when the card refuses the frame. After
 * an error no reference and no netbuf is left over.
 */
err_t port_output(struct netif *netif, struct pbuf *p);

/* The card is done with a netbuf of port_output(): its pbuf loses the
 * reference, and the netbuf goes back to its pool. */
void port_sent(struct netbuf *nb);

/*
 * A frame has come in on `card`, for netif->input(), which gets it before
 * port_receive() returns (port_hand_over()). The bytes are not copied:
 * a struct received (received_take()) makes a pbuf of them, of type PBUF_REF
 * and layer PBUF_RAW. When there is none, or lwIP does not want the frame, the
 * frame goes back to the card. netif->input() owns the pbuf unless it returns
 * an error.
 */
void port_receive(struct netdev *card, struct netbuf *frame);

/* lwIP has freed a pbuf of port_receive(): gives the frame back to the card,
 * and the struct received to its pool. */
void port_received(struct pbuf *p);

/*
 * `timer` has expired: some of lwIP's timeouts are due. Runs them
 * (sys_check_timeouts()), then sets `timer` for the next
 * (port_timers_set()).
 */
void port_timers_run(struct event_timer *timer);

/* Sets `timer` for the moment at which lwIP's next timeout is due
 * (sys_timeouts_sleeptime(), milliseconds from now); if there is none, cancels
 * it. */
void port_timers_set(struct event_timer *timer);

/*
 * Gives `netif` its address: the fixed one of `settings` (netif_set_addr()),
 * or by asking DHCP (dhcp_start()). The interface is up by then. Returns 0 or
 * -ENOMEM.
 */
int port_address(struct netif *netif, const struct settings *settings);

/* ---- Given -------------------------------------------------------------- */

/* port_receive(), around which is said what the card knows of the frame's
 * checksum; with without=receive, a copy of the frame in its place. */
void port_hand_over(struct netdev *card, struct netbuf *frame);

/* port_output(), for chains of any shape: one that has an empty pbuf, or too
 * many, is copied into one; with without=transmit, each. */
err_t port_link_output(struct netif *netif, struct pbuf *p);

/* If the frame in the chain `p` is TCP over IPv4: says in `first` that it can
 * wait; does what is left to do for a card that completes checksums, and cuts
 * what is larger than a segment of the wire's, and says the rest there. A frame
 * that is too long, and is not of a connection whose segment size is known,
 * stays too long. */
void port_ask_offload(const struct netdev *card, struct pbuf *p,
                      struct netbuf *first);

#endif
