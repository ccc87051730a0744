/* SPDX-License-Identifier: MIT */
/*
 * up.h - bringing up the network that is linked: the one call that an
 * application makes before it listens (net/stream.h).
 */
#ifndef NET_UP_H
#define NET_UP_H

#include <stdint.h>

/*
 * Brings up the network over the card `name` ("net0"): with the address that
 * the kernel's command line gives (ip=10.77.0.2/24 gw=10.77.0.1), otherwise
 * by DHCP. An address that makes no sense is reported, and DHCP is asked.
 * Returns at once: 0, -ENODEV when there is no such card, -ENOMEM; what is
 * wrong has been said. When there is an address, a line on the console says
 * which: "net0: 10.0.2.15/24, gateway 10.0.2.2 (by DHCP)"; and so does one
 * when it changes, is lost, or does not come. Call it once.
 *
 * Over the host's sockets there is no card and no address of our own: the
 * line says which address of the host leads here.
 */
int net_up(const char *name);

/* What the network library has in hand now, a figure at a time: names such as
 * "TCP_PCB", of its own choice, and how many are in use. For a page that tells
 * how the guest is doing. */
void net_usage(void (*figure)(void *ctx, const char *name, uint64_t used),
               void *ctx);

#endif
