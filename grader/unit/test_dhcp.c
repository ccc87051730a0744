/* SPDX-License-Identifier: MIT */
/*
 * test_dhcp.c - the real lwIP and our port with servers as the world has
 * them, over days of a clock that the test moves.
 */
#include <string.h>

#include "core/clock.h"
#include "fake_card.h"
#include "net/lwip/port.h"
#include "network_order.h"
#include "tcp_peer.h"
#include "unit.h"

#include "lwip/ip4_addr.h"
#include "net/stream.h"

enum {
    DISCOVER = 1, OFFER = 2, REQUEST = 3, ANSWER_ACK = 5, NAK = 6, RELEASE = 7,
};
enum { ETH = 14, SECOND = 1000, HOUR = 3600 * SECOND };

/* ---- A server, and what it has heard ------------------------------------ */

static struct {
    uint32_t self, address, seconds;
    uint32_t t1, t2;            /* 0: left out */
    uint16_t mtu;               /* 0: left out */
    bool silent, nak;
    unsigned xid_off;           /* added to each xid */
    unsigned heard[8];          /* messages of each type */
    uint32_t to, ciaddr;        /* of the last */
} server;

static struct netif *netif;
static uint8_t answer[ETHERNET_FRAME_MAX];
static size_t answer_len;

static uint8_t *add32(uint8_t *at, unsigned kind, uint32_t value)
{
    if (value == 0 && kind != 51)
        return at;
    at[0] = (uint8_t)kind;
    at[1] = 4;
    put32(at + 2, value);
    return at + 6;
}

static void make_answer(const uint8_t *asked, unsigned type)
{
    uint8_t *ip = answer + ETH, *udp = ip + 20, *bootp = udp + 8, *at;
    uint32_t sum = 0;

    memset(answer, 0, sizeof answer);
    memset(answer, 255, 6);
    memcpy(answer + 6, "\2\0\0\0\0\1\x08", 7);
    memcpy(bootp, asked, 44);
    bootp[0] = 2;
    put32(bootp + 4, get32(asked + 4) + server.xid_off);
    put32(bootp + 16, server.address);
    put32(bootp + 236, 0x63825363);
    at = bootp + 240;
    memcpy(at, "\x35\x01", 2);
    at[2] = (uint8_t)type;
    at = add32(at + 3, 54, server.self);
    if (type != NAK) {
        at = add32(at, 51, server.seconds);
        at = add32(at, 58, server.t1);
        at = add32(at, 59, server.t2);
        at = add32(at, 1, 0xffffff00);
        at = add32(at, 3, 0x0a000001);
    }
    if (server.mtu) {
        memcpy(at, "\x1a\x02", 2);
        put16(at + 2, server.mtu);
        at += 4;
    }
    *at++ = 255;
    answer_len = (size_t)(at - answer);
    memcpy(ip, "\x45\0\0\0\0\0\0\0\x40\x11", 10);
    put16(ip + 2, (uint32_t)(answer_len - ETH));
    put32(ip + 12, server.self);
    put32(ip + 16, 0xffffffff);
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~((sum & 0xffff) + (sum >> 16)));
    put16(udp, 67);
    put16(udp + 2, 68);
    put16(udp + 4, (uint32_t)(answer_len - ETH - 20));
}

static uint8_t arp_answer[42];

/* Everybody in 10.0.0.0/24 but us is one and the same machine. */
static void answer_arp(const uint8_t *asked)
{
    if (asked[21] != 1 || memcmp(asked + 28, asked + 38, 4) == 0)
        return;
    memcpy(arp_answer, asked, sizeof arp_answer);
    memcpy(arp_answer, asked + 6, 6);
    memcpy(arp_answer + 6, "\2\0\0\0\0\1", 6);
    arp_answer[21] = 2;
    memcpy(arp_answer + 22, arp_answer + 6, 6);
    memcpy(arp_answer + 28, asked + 38, 4);
    memcpy(arp_answer + 32, asked + 22, 10);
}

static void hear(const uint8_t *frame, size_t len)
{
    const uint8_t *bootp = frame + ETH + 28;
    unsigned type;

    if (frame[13] == 6)
        answer_arp(frame);
    if (len < ETH + 28 + 243 || frame[23] != 17 || frame[37] != 67)
        return;
    type = bootp[242];
    CHECK(type < 8, "a message of type %u", type);
    server.heard[type]++;
    server.to = get32(frame + ETH + 16);
    server.ciaddr = get32(bootp + 12);
    if (server.silent || (server.to != 0xffffffff && server.to != server.self))
        return;
    if (type == DISCOVER)
        make_answer(bootp, OFFER);
    else if (type == REQUEST)
        make_answer(bootp, server.nak ? NAK : ANSWER_ACK);
}

/* Hands over what the server has to say, until nothing more comes of it. */
static void talk(void)
{
    while (answer_len || arp_answer[0]) {
        size_t len = answer_len;
        uint8_t frame[ETHERNET_FRAME_MAX];

        if (arp_answer[0]) {
            memcpy(frame, arp_answer, sizeof arp_answer);
            memset(arp_answer, 0, sizeof arp_answer);
            card_receive(frame, sizeof arp_answer);
            card_run();
            continue;
        }
        memcpy(frame, answer, len);
        answer_len = 0;
        card_receive(frame, len);
        card_run();
    }
}

static void pass(unsigned ms)
{
    for (unsigned done = 0; done < ms; done += 500) {
        talk();
        card_sleep(500);
    }
    talk();
}

static void forget_heard(void)
{
    memset(server.heard, 0, sizeof server.heard);
}

static uint32_t address(void)
{
    return lwip_ntohl(netif_ip4_addr(netif)->addr);
}

static void begin(void)
{
    server.self = 0x0a000001;
    server.address = 0x0a000009;
    if (!server.seconds)
        server.seconds = 3600;
    card.frame = hear;
    card_up(NULL, NULL, 16);
    netif = card.netdev.stack;
    pass(0);
}

static void check_said(const char *line)
{
    CHECK(strcmp(unit_log_last(), line) == 0, "the last line is \"%s\", here "
          "\"%s\"", line, unit_log_last());
}

/* ---- The world ---------------------------------------------------------- */

TEST(test_dhcp_absent_is_said_once_and_asked_for_on_and_on)
{
    server.silent = true;
    begin();
    pass(HOUR);
    CHECK(unit_log_count() == 1, "one line in an hour, here %u",
          unit_log_count());
    check_said("net0: no address by DHCP yet; asking on");
    CHECK(server.heard[DISCOVER] > 50 && server.heard[DISCOVER] < 80, "asked "
          "every minute in the end, here %u times", server.heard[DISCOVER]);
    server.silent = false;
    pass(70 * SECOND);
    CHECK(address() == 0x0a000009, "and a server that comes late is heard");
    check_said("net0: 10.0.0.9/24, gateway 10.0.0.1 (by DHCP)");
}

/* A SYN for 10.0.0.2 port 80 and our hardware address, from 10.0.0.1. */
static void early_syn(uint16_t port)
{
    static struct peer p;

    p.port = port;
    peer_syn(&p, 80);
}

static int take_one(struct stream *s)
{
    static const struct stream_events none;

    stream_attach(s, &none, NULL);
    return 0;
}

TEST(test_segments_that_come_before_the_address_are_answered_when_it_is_there)
{
    server.silent = true;
    begin();
    CHECK(stream_listen(80, 40, take_one) == 0, "somebody listens");
    for (uint16_t i = 0; i < 20; i++)
        early_syn((uint16_t)(1000 + i));
    CHECK(card.lent == 8 && pool_out("TCP_PCB") == 0, "the last few are kept, "
          "here %u", card.lent);
    server.silent = false;
    server.address = 0x0a000002;
    pass(3 * SECOND);
    CHECK(pool_out("TCP_PCB") == 8, "and each is a connection, here %u",
          pool_out("TCP_PCB"));
    pass(30 * SECOND);
    card_check_nothing_is_out();
}

TEST(test_segments_that_came_early_are_given_back_when_no_address_comes)
{
    server.silent = true;
    begin();
    early_syn(1000);
    CHECK(card.lent == 1, "it is kept");
    pass(11 * SECOND);
    card_check_nothing_is_out();
}

TEST(test_segments_that_came_early_for_another_address_are_dropped)
{
    server.silent = true;
    begin();
    CHECK(stream_listen(80, 40, take_one) == 0, "somebody listens");
    early_syn(1000);
    CHECK(card.lent == 1, "it is kept");
    server.silent = false;
    pass(3 * SECOND);
    CHECK(pool_out("TCP_PCB") == 0, "and nobody's");
    card_check_nothing_is_out();
}

TEST(test_dhcp_nak_and_another_address)
{
    server.seconds = 1000;
    begin();
    CHECK(address() == 0x0a000009, "there is an address");
    server.nak = true;
    pass(501 * SECOND);
    CHECK(address() == 0, "who is refused at the renewal has none any more");
    check_said("net0: no address any more: the server has refused it; asking "
               "DHCP");
    server.nak = false;
    server.address = 0x0a00000a;
    pass(10 * SECOND);
    CHECK(address() == 0x0a00000a, "and takes another");
    check_said("net0: 10.0.0.10/24, gateway 10.0.0.1 (by DHCP)");
}

TEST(test_dhcp_a_server_that_always_says_nak_is_not_asked_without_end)
{
    server.nak = true;
    begin();
    pass(60 * SECOND);
    CHECK(server.heard[REQUEST] >= 10 && server.heard[REQUEST] < 100, "asked "
          "about every second, here %u times in 60 s",
          server.heard[REQUEST]);
    CHECK(unit_log_count() == 1, "one line, here %u", unit_log_count());
    server.nak = false;
    pass(10 * SECOND);
    CHECK(address() == 0x0a000009, "in the end there is an address");
}

TEST(test_dhcp_renewal_after_half_of_the_lease_is_silent)
{
    server.seconds = 24 * 3600;
    begin();
    forget_heard();
    pass(12 * HOUR - SECOND);
    CHECK(server.heard[REQUEST] == 0, "not asked before its half");
    pass(2 * SECOND);
    CHECK(server.heard[REQUEST] == 1 && server.to == 0x0a000001 &&
          server.ciaddr == 0x0a000009, "then once, the server itself, for the "
          "address that we have; here %u, %08x, %08x", server.heard[REQUEST],
          server.to, server.ciaddr);
    pass(12 * HOUR);
    CHECK(server.heard[REQUEST] == 2 && address() == 0x0a000009, "and again "
          "half a lease later, here %u", server.heard[REQUEST]);
    CHECK(unit_log_count() == 1, "which is nobody's concern");
}

TEST(test_dhcp_rebinding_with_a_server_that_moves)
{
    server.seconds = 1000;
    begin();
    forget_heard();
    server.self = 0x0a000003;   /* who writes to 10.0.0.1 is not heard */
    pass(870 * SECOND);
    CHECK(server.heard[REQUEST] > 2 && server.to == 0x0a000001, "until seven "
          "eighths the old server is asked");
    pass(10 * SECOND);
    CHECK(server.to == 0xffffffff, "then any");
    check_said("net0: the DHCP server does not renew the address; asking any");
    forget_heard();
    pass(501 * SECOND);
    CHECK(server.heard[REQUEST] == 1 && server.to == 0x0a000003, "who answered "
          "is the server from then on, here %08x", server.to);
    CHECK(address() == 0x0a000009, "the address has stayed");
}

TEST(test_dhcp_a_lease_that_nobody_renews_ends)
{
    server.seconds = 100;
    begin();
    server.silent = true;
    pass(95 * SECOND);
    CHECK(address() == 0x0a000009, "it is ours to the end");
    pass(6 * SECOND);
    CHECK(address() == 0, "and not after");
    check_said("net0: no address any more: the lease has ended; asking DHCP");
    forget_heard();
    pass(60 * SECOND);
    CHECK(server.heard[DISCOVER] > 3, "DHCP is asked again");
    server.silent = false;
    pass(65 * SECOND);
    check_said("net0: 10.0.0.9/24, gateway 10.0.0.1 (by DHCP)");
}

TEST(test_dhcp_a_lease_of_0_is_renewed_every_few_seconds)
{
    server.seconds = 1;         /* begin() takes 0 for not set */
    begin();
    server.seconds = 0;
    forget_heard();
    pass(60 * SECOND);
    CHECK(server.heard[REQUEST] >= 10 && server.heard[REQUEST] <= 13, "every "
          "five, here %u times in a minute", server.heard[REQUEST]);
    CHECK(server.heard[DISCOVER] == 0 && unit_log_count() == 1, "and the "
          "address stays");
}

TEST(test_dhcp_a_lease_for_ever_has_no_end_also_after_one_that_had)
{
    server.seconds = 600;
    begin();
    server.seconds = 0xffffffff;
    pass(301 * SECOND);
    forget_heard();
    server.silent = true;
    pass(24 * HOUR);
    CHECK(server.heard[REQUEST] == 0 && server.heard[DISCOVER] == 0,
          "nobody is asked again");
    CHECK(address() == 0x0a000009 && unit_log_count() == 1, "and the address "
          "stays");
}

TEST(test_dhcp_the_mtu_is_honoured_within_reason)
{
    static const struct { uint16_t said, mtu; } table[] = {
        { 1460, 1460 }, { 9000, 1500 }, { 68, 576 }, { 1, 576 }, { 0, 1500 },
        { 576, 576 }, { 1500, 1500 },
    };

    server.seconds = 100;
    begin();
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        server.mtu = table[i].said;
        pass(51 * SECOND);
        CHECK(netif->mtu == table[i].mtu, "a server's %u is taken for %u, here "
              "%u", table[i].said, table[i].mtu, netif->mtu);
    }
    CHECK(unit_log_count() == 7, "a line for each change, here %u",
          unit_log_count() - 1);
}

TEST(test_dhcp_another_servers_word_and_a_wrong_xid_are_ignored)
{
    server.silent = true;
    begin();
    server.silent = false;
    server.xid_off = 1;
    pass(20 * SECOND);
    CHECK(address() == 0 && server.heard[REQUEST] == 0, "an offer with the "
          "wrong xid is none");
    server.xid_off = 0;
    pass(20 * SECOND);
    CHECK(address() == 0x0a000009, "one with the right one is");
}

/* ---- The link ----------------------------------------------------------- */

static void set_link(bool up)
{
    card.netdev.link_up = up;
    card.netdev.link_changed(&card.netdev);
    card_run();
}

TEST(test_dhcp_is_asked_again_when_the_link_comes_back)
{
    server.seconds = 1000;
    begin();
    forget_heard();
    set_link(false);
    pass(10 * SECOND);
    set_link(true);
    CHECK(server.heard[REQUEST] == 1 && address() == 0x0a000009, "once, with "
          "the address kept meanwhile");
    pass(5 * SECOND);
    CHECK(server.heard[DISCOVER] == 0 && address() == 0x0a000009 &&
          unit_log_count() == 1, "and it stays");
}

TEST(test_dhcp_a_lease_ends_while_no_server_is_found_after_the_link_was_down)
{
    server.seconds = 100;
    begin();
    set_link(false);
    server.silent = true;
    pass(10 * SECOND);
    set_link(true);
    pass(60 * SECOND);
    CHECK(address() == 0x0a000009, "while the lease lasts the address is used");
    check_said("net0: the address is not confirmed by DHCP yet; asking on");
    pass(60 * SECOND);
    CHECK(address() == 0, "and not after");
    server.silent = false;
    pass(65 * SECOND);
    CHECK(address() == 0x0a000009, "a server that comes back is heard");
}

TEST(test_dhcp_another_network_after_the_link_was_down)
{
    begin();
    set_link(false);
    server.nak = true;
    set_link(true);
    pass(0);
    CHECK(address() == 0, "what the new network refuses is given up");
    server.nak = false;
    server.address = 0x0a000077;
    pass(5 * SECOND);
    CHECK(address() == 0x0a000077, "and its own address is taken");
}

TEST(test_another_with_our_address_is_reported_once)
{
    uint8_t arp[42] = {
        255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 6,
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 9,
        0, 0, 0, 0, 0, 0, 10, 0, 0, 9,
    };

    begin();
    for (unsigned i = 0; i < 3; i++)
        card_receive(arp, sizeof arp);
    card_run();
    CHECK(unit_log_count() == 2, "in a line, here %u", unit_log_count() - 1);
    check_said("net0: 10.0.0.9 is also used by 02:00:00:00:00:09");
}

/* ---- The clock ---------------------------------------------------------- */

/* lwIP counts milliseconds in 32 bits: after 49.7 days they begin again. */
TEST(test_the_clock_wraps_at_2_to_the_32_ms_and_leases_go_on)
{
    card_clock((((uint64_t)1 << 32) - 30 * SECOND) * NS_PER_MS);
    server.seconds = 40;
    begin();
    pass(10 * 60 * SECOND);
    CHECK(sys_now() < 11 * 60 * SECOND, "the clock has wrapped");
    CHECK(server.heard[REQUEST] >= 30 && server.heard[REQUEST] <= 33, "and the "
          "lease was renewed every 20 s, here %u times in 600",
          server.heard[REQUEST]);
    server.silent = true;
    pass(50 * SECOND);
    CHECK(address() == 0, "and ends");
}
