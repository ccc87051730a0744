/* SPDX-License-Identifier: MIT */
/*
 * own_address.h - the address that we have: how we came by it, how long it is
 * ours, and what is said of it on the console.
 */
#ifndef NET_LWIP_OWN_ADDRESS_H
#define NET_LWIP_OWN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "net/netdev.h"

struct interface;

/* Of one interface; own_address.c's. */
struct own_address {
    bool fixed;                 /* given on the command line, and kept */
    unsigned questions;         /* asked since we last had an address */
    uint64_t last_refusal;      /* on clock_ns(); 0: none since a lease */
    bool refused;               /* the address was lost by a refusal */
    bool conflict_told, rebinding_told;
    struct {                    /* what was said last; the network's order */
        uint32_t address, netmask, gateway;
        uint16_t mtu;
    } told;
    struct event_work report_later;
    struct event_timer lease_end;
};

/* From now on watches the address of an interface that lwIP knows. `fixed`: it
 * was given on the command line. */
void own_address_watch(struct interface *interface, bool fixed);

/* Asked about each frame before lwIP gets it: is it an answer of DHCP's that
 * must not be believed, or is not for us? A frame with an ARP packet in it
 * may cause a line on the console. */
bool own_address_refuses(struct interface *interface,
                         const struct netbuf *frame);

/* Called when lwIP has had that frame: if it has brought us a lease, sees to
 * what lwIP does not. */
void own_address_settle(struct interface *interface);

#endif
