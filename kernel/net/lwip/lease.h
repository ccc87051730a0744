/* SPDX-License-Identifier: MIT */
/*
 * lease.h - what a DHCP server's answer says. [RFC 2131, RFC 2132]
 */
#ifndef NET_LWIP_LEASE_H
#define NET_LWIP_LEASE_H

#include <stddef.h>
#include <stdint.h>

enum { LEASE_OFFER = 2, LEASE_ACK = 5, LEASE_NAK = 6 };

enum {
    LEASE_FOREVER = 0xffffffffu,
    LEASE_MIN = 10,             /* seconds: who offers less, 0 perhaps, would
                                   have us do nothing but ask */
    LEASE_UNSAID = 3600,        /* where the server does not say how long */
};

/* Addresses as numbers, 10.0.2.15 being 0x0a00020f; 0: not said. */
struct lease {
    uint8_t type;               /* LEASE_OFFER, LEASE_ACK or LEASE_NAK */
    uint32_t xid;               /* which question this answers */
    uint8_t chaddr[6];          /* whose */
    uint32_t server;
    uint32_t address;           /* OFFER and ACK: never 0 */
    uint32_t netmask;
    uint32_t router;
    uint16_t mtu;
    uint32_t seconds;           /* LEASE_MIN to LEASE_FOREVER */
    uint32_t renew, rebind;     /* 0 < renew < rebind < seconds; for a lease
                                   for ever all three are LEASE_FOREVER */
};

/*
 * The DHCP message in the Ethernet frame data[len], and in *size how many
 * bytes it has: what a datagram for a DHCP client's port has in it. NULL when
 * the frame is anything else. Checksums are not looked at.
 */
const uint8_t *lease_find(const uint8_t *data, size_t len, size_t *size);

/*
 * Reads the answer data[len]. No I/O. Returns 0, or -EINVAL, with nothing in
 * *out, for what can't be believed: no answer of DHCP's, cut off, an option of
 * a length that it can't have or that goes beyond the end, an address or a
 * mask that no machine can have.
 */
int lease_read(const uint8_t *data, size_t len, struct lease *out);

#endif
