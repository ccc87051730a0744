/* SPDX-License-Identifier: MIT */
#include "frame_maker.h"

#include <string.h>

#include "fake_card.h"

enum { UDP = 8, ICMP_PROTOCOL = 1, TCP_PROTOCOL = 6, UDP_PROTOCOL = 17 };

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t our_ip[4] = { 10, 0, 0, 1 }, their_ip[4] = { 10, 0, 0, 2 };

void make_ethernet(struct made *f, unsigned type)
{
    memcpy(f->bytes, card.netdev.address, 6);
    memcpy(f->bytes + 6, our_mac, 6);
    put16(f->bytes + 12, type);
    f->len = MAKER_ETH;
}

void make_arp(struct made *f, unsigned op, uint32_t spa)
{
    uint8_t *arp = f->bytes + MAKER_ETH;

    make_ethernet(f, 0x0806);
    memcpy(arp, "\0\1\x08\0\6\4\0", 7);
    arp[7] = (uint8_t)op;
    memcpy(arp + 8, our_mac, 6);
    put32(arp + 14, spa);
    memcpy(arp + 18, card.netdev.address, 6);
    memcpy(arp + 24, their_ip, 4);
    f->len += 28;
}

uint8_t *make_ip(struct made *f, unsigned protocol, size_t len)
{
    uint8_t *ip = f->bytes + MAKER_ETH;

    make_ethernet(f, 0x0800);
    memset(ip, 0, MAKER_IP);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(MAKER_IP + len));
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    memcpy(ip + 12, our_ip, 4);
    memcpy(ip + 16, their_ip, 4);
    f->len += MAKER_IP + len;
    return ip + MAKER_IP;
}

uint8_t *make_tcp(struct made *f, unsigned from, unsigned to, uint32_t seq,
                  uint32_t ack, unsigned flags, unsigned window,
                  size_t options, size_t len)
{
    uint8_t *tcp = make_ip(f, TCP_PROTOCOL, MAKER_TCP + options + len);

    put16(tcp, from);
    put16(tcp + 2, to);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = (uint8_t)((MAKER_TCP + options) / 4 << 4);
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, window);
    put16(tcp + 18, 0);
    return tcp + MAKER_TCP;
}

uint8_t *make_udp(struct made *f, unsigned from, unsigned to, size_t len)
{
    uint8_t *udp = make_ip(f, UDP_PROTOCOL, UDP + len);

    put16(udp, from);
    put16(udp + 2, to);
    put16(udp + 4, (uint32_t)(UDP + len));
    return udp + UDP;
}

/* The checksum of what is behind the IP header, `len` bytes of it. */
static void mend_inside(uint8_t *ip, uint8_t *inside, size_t len)
{
    static const struct { uint8_t protocol, at, least; bool pseudo; } kinds[] =
        { { ICMP_PROTOCOL, 2, 4, false }, { TCP_PROTOCOL, 16, 18, true },
          { UDP_PROTOCOL, 6, 8, true } };

    for (unsigned i = 0; i < 3; i++) {
        uint32_t sum = get16(ip + 12) + get16(ip + 14) + get16(ip + 16) +
                       get16(ip + 18) + ip[9] + (uint32_t)len;

        if (kinds[i].protocol != ip[9] || len < kinds[i].least)
            continue;
        put16(inside + kinds[i].at, 0);
        put16(inside + kinds[i].at,
              checksum(inside, len, kinds[i].pseudo ? sum : 0));
    }
}

void mend(struct made *f)
{
    uint8_t *ip = f->bytes + MAKER_ETH;
    size_t there = f->len - MAKER_ETH, header = (ip[0] & 15u) * 4, total;

    if (f->len < MAKER_ETH + MAKER_IP || get16(f->bytes + 12) != 0x0800 ||
        header < MAKER_IP || header > there)
        return;
    total = get16(ip + 2);
    if (total > there)
        total = there;
    if (total >= header)
        mend_inside(ip, ip + header, total - header);
    put16(ip + 10, 0);
    put16(ip + 10, checksum(ip, header, 0));
}
