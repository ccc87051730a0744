/* SPDX-License-Identifier: MIT */
/*
 * up.h - bringing up the network that is linked: the one call that an
 * application makes before it listens (net/stream.h).
 */
#ifndef NET_UP_H
#define NET_UP_H

/*
 * Brings up the network over the card `name` ("net0"): with the address that
 * the kernel's command line gives (ip=10.77.0.2/24 gw=10.77.0.1), otherwise
 * by DHCP. An address that makes no sense is reported, and DHCP is asked.
 * Returns at once: 0, -ENODEV when there is no such card, -ENOMEM; what is
 * wrong has been said. When there is an address, a line on the console says
 * which: "net0: 10.0.2.15/24, gateway 10.0.2.2 (by DHCP)"; and so does one
 * when it changes, is lost, or does not come. Call it once.
 */
int net_up(const char *name);

#endif
