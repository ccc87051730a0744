/* SPDX-License-Identifier: MIT */
/*
 * address.h - IPv4 addresses as people write them. As a number 10.0.2.15 is
 * 0x0a00020f.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads "10.0.2.15" at *text and moves *text behind it. Four numbers of at
 * most three digits; false, and no address, for anything else. */
bool ipv4_parse(const char **text, uint32_t *address);

/* May one machine have this address? Not 0.x, not 127.x, no multicast. */
bool ipv4_is_host(uint32_t address);

/* Is `netmask` ones, then zeros, and may a machine in a network of that size
 * have this address? The first and the last of a network are nobody's;
 * networks of one or two addresses have no such [RFC 3021]. */
bool ipv4_fits(uint32_t address, uint32_t netmask);

#define IPV4_TEXT "%u.%u.%u.%u"     /* for print() and its like, with: */
#define IPV4_PARTS(address)                                                  \
    (unsigned)(address) >> 24, (unsigned)(address) >> 16 & 255,              \
        (unsigned)(address) >> 8 & 255, (unsigned)(address) & 255

#endif
