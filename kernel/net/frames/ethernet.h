/* SPDX-License-Identifier: MIT */
/*
 * ethernet.h - what lies in a frame, as it lies there: Ethernet's header, an
 * ARP packet, IPv4's header. Numbers of more than one byte are in network
 * byte order, the most significant byte first (be16, be32: lib/endian.h).
 *
 * A frame may begin at any address, hence `packed`: the compiler then assumes
 * no alignment. And it may end anywhere: nothing here may be read before its
 * length has been held against the size of the struct.
 */
#ifndef NET_FRAMES_ETHERNET_H
#define NET_FRAMES_ETHERNET_H

#include <stdint.h>

#include "lib/endian.h"
#include "net/netdev.h"

/* [IEEE 802.3 §3.1.1]; a card has neither the preamble nor the checksum.
 *      0             6             12     14
 *      +-------------+-------------+------+------------------- - -
 *      | destination | source      | type | payload, 0 to 1500 bytes
 *      +-------------+-------------+------+------------------- - -      */
struct ethernet_header {
    uint8_t destination[ETHERNET_ADDRESS_SIZE];
    uint8_t source[ETHERNET_ADDRESS_SIZE];
    be16 type;
} __attribute__((packed));
_Static_assert(sizeof(struct ethernet_header) == ETHERNET_HEADER_SIZE,
               "IEEE 802.3 §3.1.1");

enum { ETHERNET_TYPE_IPV4 = 0x0800, ETHERNET_TYPE_ARP = 0x0806 };

/* ARP for IPv4 over Ethernet [RFC 826]: what is ar$hrd there is ar_hrd here.
 *
 *      0        2        4        5        6        8
 *      +--------+--------+--------+--------+--------+
 *      | ar_hrd | ar_pro | ar_hln | ar_pln | ar_op  |
 *      +--------+--------+--------+--------+--------+
 *      8                 14                18                24        28
 *      +-----------------+-----------------+-----------------+---------+
 *      | ar_sha          | ar_spa          | ar_tha          | ar_tpa  |
 *      +-----------------+-----------------+-----------------+---------+
 *        sender: hardware  and IPv4 address  target: the same two       */
struct arp_packet {
    be16 ar_hrd;                /* what kind of hardware: Ethernet */
    be16 ar_pro;                /* whose addresses: IPv4's, by its type */
    uint8_t ar_hln;             /* bytes in a hardware address: 6 */
    uint8_t ar_pln;             /* bytes in a protocol address: 4 */
    be16 ar_op;                 /* request or reply */
    uint8_t ar_sha[ETHERNET_ADDRESS_SIZE];
    be32 ar_spa;
    uint8_t ar_tha[ETHERNET_ADDRESS_SIZE];
    be32 ar_tpa;
} __attribute__((packed));
_Static_assert(sizeof(struct arp_packet) == 28, "RFC 826");

enum { ARP_HRD_ETHERNET = 1 };
enum { ARP_OP_REQUEST = 1, ARP_OP_REPLY = 2 };

/* A whole frame with ARP in it. Often bytes of no meaning follow, as there is
 * no shorter frame than one of 60 bytes on a cable. */
struct arp_frame {
    struct ethernet_header ethernet;
    struct arp_packet arp;
} __attribute__((packed));
_Static_assert(sizeof(struct arp_frame) == 42, "14 and 28 bytes");

/* [RFC 791 §3.1]
 *      0          1     2              4    6        8     9          10
 *      +----+-----+-----+--------------+----+--------+-----+----------+--
 *      | 4  | ihl | tos | total_length | id | offset | ttl | protocol | >
 *      +----+-----+-----+--------------+----+--------+-----+----------+--
 *        10         12       16            20
 *      --+----------+--------+-------------+--------- - -
 *      > | checksum | source | destination | options, to 4 * ihl bytes
 *      --+----------+--------+-------------+--------- - -               */
struct ipv4_header {
    uint8_t version_ihl;
    uint8_t tos;
    be16 total_length;
    be16 id;
    be16 offset;                /* of a fragment, in units of 8; and flags */
    uint8_t ttl;
    uint8_t protocol;
    be16 checksum;
    be32 source;
    be32 destination;
} __attribute__((packed));
_Static_assert(sizeof(struct ipv4_header) == 20, "RFC 791 §3.1");

enum { IPV4_PROTOCOL_ICMP = 1, IPV4_PROTOCOL_TCP = 6, IPV4_PROTOCOL_UDP = 17 };
enum { IPV4_OFFSET_MASK = 0x1fff };

#endif
