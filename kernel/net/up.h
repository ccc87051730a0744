/* SPDX-License-Identifier: MIT */
/*
 * up.h - bringing up the network that is linked: what an application does
 * before it listens (net/stream.h).
 */
#ifndef NET_UP_H
#define NET_UP_H

#include <stdint.h>

/*
 * Brings up the network over the card `name` ("net0"): with the address that
 * the kernel's command line gives (ip=10.77.0.2/24 gw=10.77.0.1; for another
 * card, net1.ip=10.78.0.2/24 net1.gw=10.78.0.1), otherwise by DHCP. An address
 * that makes no sense is reported, and DHCP is asked. Returns at once: 0,
 * -ENODEV when there is no such card, -ENOMEM; what is wrong has been said.
 * When there is an address, a line on the console says which: "net0:
 * 10.0.2.15/24, gateway 10.0.2.2 (by DHCP)"; and so does one when it changes,
 * is lost, or does not come. Call it once for each card.
 *
 * With several cards, who calls over one is answered over that one. What
 * begins here leaves by the first card in whose network the other is, and to
 * who is in none of them by the first card that has a gateway.
 *
 * Over the host's sockets there is no card and no address of our own, and
 * "net0" is all there is. The line comes with each port that is listened on,
 * and says which address of the host leads there: "net0: port 80 is
 * 127.0.0.1:8080 of this host". Returns -EINVAL when the one that the process
 * was given makes no sense.
 */
int net_up(const char *name);

/* The same for every card that there is; at least "net0". Returns the first
 * error. (net/stack) */
int net_up_all(void);

/* What the network library has in hand now, a figure at a time: names such as
 * "TCP_PCB", of its own choice, and how many are in use. For a page that tells
 * how the guest is doing. */
void net_usage(void (*figure)(void *ctx, const char *name, uint64_t used),
               void *ctx);

#endif
