/* SPDX-License-Identifier: MIT */
/*
 * describe.c - reads a frame as far as it goes, and puts it into words.
 *
 * Each layer looks whether its header is there, says what it knows, and hands
 * what is behind it to the next.
 */
#include "net/frames/describe.h"

#include "console/format.h"
#include "net/address.h"
#include "net/frames/ethernet.h"

/* The line so far, and what of the frame nobody has looked at yet. */
struct line {
    char *text;
    size_t cap, len;
};

struct rest {
    const uint8_t *data;
    size_t len;
};

/* Takes a header of `size` bytes off the front; NULL when it is not all
 * there. */
static const void *take(struct rest *rest, size_t size)
{
    const uint8_t *header = rest->data;

    if (size > rest->len)
        return NULL;
    rest->data += size;
    rest->len -= size;
    return header;
}

#define ADD(line, ...)                                                       \
    ((line)->len += (size_t)format(                                          \
         (line)->len < (line)->cap ? (line)->text + (line)->len : NULL,      \
         (line)->len < (line)->cap ? (line)->cap - (line)->len : 0,          \
         __VA_ARGS__))

#define HARDWARE "%02x:%02x:%02x:%02x:%02x:%02x"
#define PARTS(a) (a)[0], (a)[1], (a)[2], (a)[3], (a)[4], (a)[5]

static void add_arp(struct line *line, struct rest rest)
{
    const struct arp_packet *arp = take(&rest, sizeof *arp);

    ADD(line, ", ARP");
    if (!arp) {
        ADD(line, ", cut short");
        return;
    }
    uint32_t sender = be32_to_cpu(arp->ar_spa);
    uint32_t target = be32_to_cpu(arp->ar_tpa);

    if (be16_to_cpu(arp->ar_hrd) != ARP_HRD_ETHERNET ||
        be16_to_cpu(arp->ar_pro) != ETHERNET_TYPE_IPV4 ||
        arp->ar_hln != ETHERNET_ADDRESS_SIZE || arp->ar_pln != sizeof target)
        ADD(line, " about other things than IPv4 over Ethernet");
    else if (be16_to_cpu(arp->ar_op) == ARP_OP_REQUEST)
        ADD(line, " who has " IPV4_TEXT "? tell " IPV4_TEXT,
            IPV4_PARTS(target), IPV4_PARTS(sender));
    else if (be16_to_cpu(arp->ar_op) == ARP_OP_REPLY)
        ADD(line, " " IPV4_TEXT " is at " HARDWARE, IPV4_PARTS(sender),
            PARTS(arp->ar_sha));
    else
        ADD(line, " operation %u", be16_to_cpu(arp->ar_op));
}

/* UDP's and TCP's headers both begin with the ports [RFC 768; RFC 9293
 * §3.1]. */
static void add_ports(struct line *line, const char *name, struct rest rest)
{
    struct ports { be16 source, destination; } __attribute__((packed));
    const struct ports *ports = take(&rest, sizeof *ports);

    ADD(line, ", %s", name);
    if (ports)
        ADD(line, " %u > %u", be16_to_cpu(ports->source),
            be16_to_cpu(ports->destination));
    else
        ADD(line, ", cut short");
}

static void add_protocol(struct line *line, unsigned protocol,
                         struct rest rest)
{
    switch (protocol) {
    case IPV4_PROTOCOL_ICMP:
        ADD(line, ", ICMP");
        if (rest.len > 0)
            ADD(line, " type %u", rest.data[0]);
        break;
    case IPV4_PROTOCOL_TCP:
        add_ports(line, "TCP", rest);
        break;
    case IPV4_PROTOCOL_UDP:
        add_ports(line, "UDP", rest);
        break;
    default:
        ADD(line, ", protocol %u", protocol);
    }
}

static void add_ipv4(struct line *line, struct rest rest)
{
    const struct ipv4_header *ip = take(&rest, sizeof *ip);

    ADD(line, ", IPv4");
    if (!ip) {
        ADD(line, ", cut short");
        return;
    }
    uint32_t source = be32_to_cpu(ip->source);
    uint32_t destination = be32_to_cpu(ip->destination);
    size_t header = (ip->version_ihl & 15u) * 4;
    unsigned offset = be16_to_cpu(ip->offset) & IPV4_OFFSET_MASK;

    ADD(line, " " IPV4_TEXT " > " IPV4_TEXT, IPV4_PARTS(source),
        IPV4_PARTS(destination));
    if (ip->version_ihl >> 4 != 4 || header < sizeof *ip)
        ADD(line, ", a malformed header");
    else if (!take(&rest, header - sizeof *ip))
        ADD(line, ", cut short");
    else if (offset > 0)
        ADD(line, ", a fragment from %u", offset * 8);
    else
        add_protocol(line, ip->protocol, rest);
}

int frame_describe(char *text, size_t cap, const uint8_t *frame, size_t len)
{
    struct line line = { text, cap, 0 };
    struct rest rest = { frame, len };
    const struct ethernet_header *ethernet = take(&rest, sizeof *ethernet);

    if (!ethernet) {
        ADD(&line, "%zu bytes, less than a header", len);
        return (int)line.len;
    }
    ADD(&line, HARDWARE " > " HARDWARE ", %zu bytes", PARTS(ethernet->source),
        PARTS(ethernet->destination), len);
    switch (be16_to_cpu(ethernet->type)) {
    case ETHERNET_TYPE_ARP:
        add_arp(&line, rest);
        break;
    case ETHERNET_TYPE_IPV4:
        add_ipv4(&line, rest);
        break;
    default:
        ADD(&line, ", type 0x%04x", be16_to_cpu(ethernet->type));
    }
    return (int)line.len;
}
