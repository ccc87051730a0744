/* SPDX-License-Identifier: MIT */
/*
 * segment.h - is there a TCP segment in a frame, whole and as it was sent?
 *
 * For nearly every frame there is, so it is asked in few questions, by words.
 * What they do not find lwIP may yet (options in IP's header, for one). Words
 * are in the network's order.
 *
 *        12         14          15        20               22    23
 *     --+----------+-----------+-----+   +----------------+-----+----------+--
 *       | type: IP | version 4 | ... |   | flags, offset  | ... | protocol |
 *       |          | length 5  |     |   | of a fragment  |     | TCP      |
 *     --+----------+-----------+-----+   +----------------+-----+----------+--
 */
#ifndef NET_LWIP_SEGMENT_H
#define NET_LWIP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/lwip/checksum.h"
#include "net/netdev.h"

#include "lwip/def.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"

/* Where things are in its frame. */
enum {
    SEGMENT_IP = ETHERNET_HEADER_SIZE,
    SEGMENT_IP_LENGTH = SEGMENT_IP + 2,
    SEGMENT_FROM = SEGMENT_IP + 12,
    SEGMENT_TO = SEGMENT_IP + 16,
    SEGMENT_TCP = SEGMENT_IP + IP_HLEN,
    SEGMENT_MIN = SEGMENT_TCP + TCP_HLEN,
};

/* The four bytes at `at`, whatever its address. */
static inline uint32_t segment_word(const uint8_t *at)
{
    uint32_t word;

    __builtin_memcpy(&word, at, sizeof word);
    return word;
}

/* In a frame of at least SEGMENT_MIN bytes: is TCP's header behind an IPv4
 * header without options? The type of service, the time to live and whether it
 * may be cut may be anything. */
static inline bool segment_is_there(const uint8_t *frame)
{
    return (segment_word(frame + 12) & PP_HTONL(0xffffff00)) ==
               PP_HTONL(0x08004500) &&
           (segment_word(frame + 20) & PP_HTONL(0x3fff00ff)) ==
               PP_HTONL(0x00000006);
}

/* Ones' complement sums: that of something with its checksum in it is 0xffff.
 * [RFC 1071 §1] A sum of five words has so few bits that two foldings do. */
static inline bool segment_sum_is_right(uint64_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static inline bool segment_ip_is_right(const uint8_t *ip)
{
    return segment_sum_is_right((uint64_t)segment_word(ip) +
                                segment_word(ip + 4) + segment_word(ip + 8) +
                                segment_word(ip + 12) + segment_word(ip + 16));
}

/* TCP's sum is over the addresses as well, which lie before it. */
static inline bool segment_tcp_is_right(const uint8_t *frame, unsigned size)
{
    return segment_sum_is_right(
        (uint64_t)PP_HTONS(IP_PROTO_TCP) +
        lwip_htons((uint16_t)(size - IP_HLEN)) +
        checksum_add(frame + SEGMENT_FROM, size + SEGMENT_IP - SEGMENT_FROM));
}

/* The bytes of the IP packet in frame[len], of which the card says `sum`, if
 * that is a segment and as it was sent; otherwise 0. */
static inline unsigned segment_size(const uint8_t *frame, size_t len,
                                    enum netdev_sum sum)
{
    unsigned size;

    if (len < SEGMENT_MIN || !segment_is_there(frame))
        return 0;
    size = (unsigned)frame[SEGMENT_IP_LENGTH] << 8 |
           frame[SEGMENT_IP_LENGTH + 1];
    if (size < IP_HLEN + TCP_HLEN || size > len - SEGMENT_IP)
        return 0;
    if (sum & NETDEV_SUM_LEFT_OUT)
        return size;            /* nothing is left to look at */
    if (!segment_ip_is_right(frame + SEGMENT_IP) ||
        (!sum && !segment_tcp_is_right(frame, size)))
        return 0;
    return size;
}

#endif
