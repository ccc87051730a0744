/* SPDX-License-Identifier: MIT */
/*
 * test_cards.c - several cards under one lwIP: each has its own address and
 * its own wire, and an answer goes where the question came from.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_card.h"
#include "frame_maker.h"
#include "net/lwip/interface.h"
#include "net/ping.h"
#include "net/stream.h"
#include "net/up.h"
#include "unit.h"

enum { SYN = 2, PSH = 8, ACK = 16, SYNACK = SYN | ACK };
enum { ETH = 14, IP = 20, TCP = 20, HTTP = 80, THEIR_PORT = 40000 };
enum { FAR_AWAY = 0xc6336407 /* 198.51.100.7, beyond every gateway */ };

/* A wire, and the one other machine on it. */
static struct side {
    struct netdev *card;
    uint32_t ours;              /* our address there */
    uint8_t mac[6];             /* of the other machine */
    uint8_t frame[ETHERNET_FRAME_MAX];  /* the last that was sent, not ARP */
    size_t len;
    unsigned count;             /* of those */
    size_t longest;
    uint8_t arp[42];            /* the last ARP packet that was sent */
    unsigned arps;
    uint32_t seq, ack;          /* of its connection to us */
    uint16_t mss;               /* that it names, if not 0 */
} left, right;

static struct netdev second;
static struct netbuf *stuck[64];
static unsigned stuck_count;
static bool right_holds;

static void hear(struct side *side, const uint8_t *data, size_t len)
{
    if (get16(data + 12) == 0x0806) {
        memcpy(side->arp, data, sizeof side->arp);
        side->arps++;
        return;
    }
    memcpy(side->frame, data, len);
    side->len = len;
    side->count++;
    if (len > side->longest)
        side->longest = len;
}

static void hear_left(const uint8_t *data, size_t len)
{
    hear(&left, data, len);
}

static int send_right(struct netdev *dev, struct netbuf *frame)
{
    uint8_t bytes[ETHERNET_FRAME_MAX];
    size_t len = 0;

    (void)dev;
    while (frame) {
        struct netbuf *next = frame->next;

        memcpy(bytes + len, frame->data, frame->len);
        len += frame->len;
        if (right_holds)
            stuck[stuck_count++] = frame;
        else
            frame->release(frame);
        frame = next;
    }
    hear(&right, bytes, len);
    return 0;
}

static void free_lent(struct netbuf *nb)
{
    free(nb->owner);
}

/* A frame comes in on that side, for our card there. */
static void receive(struct side *side, const struct made *made)
{
    uint8_t *bytes = calloc(1, CARD_BUFFER + sizeof(struct netbuf));
    struct netbuf *nb = (struct netbuf *)(void *)(bytes + CARD_BUFFER);

    memcpy(bytes, made->bytes, made->len);
    memcpy(bytes, side->card->address, 6);
    memcpy(bytes + 6, side->mac, 6);
    *nb = (struct netbuf){ .data = bytes, .len = (uint32_t)made->len,
                           .release = free_lent, .owner = bytes };
    side->card->receive(side->card, nb);
    card_run();
}

/* The machine with that address asks for ours, and is known from then on. */
static void ask_arp(struct side *side, uint32_t address, uint32_t wanted)
{
    struct made f;

    make_arp(&f, 1, address);
    memcpy(f.bytes + ETH + 8, side->mac, 6);
    put32(f.bytes + ETH + 24, wanted);
    receive(side, &f);
}

static void up(const char *ip, const char *gw, const char *ip1,
               const char *gw1)
{
    card.frame = hear_left;
    card.net1_ip = ip1;
    card.net1_gw = gw1;
    left.card = &card.netdev;
    memcpy(left.mac, "\2\0\0\0\0\1", 6);
    card_up(ip, gw, 16);
    memcpy(second.address, "\x52\x54\0\x12\x34\x57", 6);
    second.mtu = 1500;
    second.link_up = true;
    second.send = send_right;
    right.card = &second;
    memcpy(right.mac, "\2\0\0\0\1\1", 6);
    netdev_add(&second);
    CHECK(net_up("net1") == 0, "net_up() brings up net1");
    card_run();
}

/* Two networks, and who is the gateway of each. */
static void up_apart(void)
{
    up("10.0.0.2/24", "10.0.0.1", "10.1.0.2/24", "10.1.0.1");
    left.ours = 0x0a000002;
    right.ours = 0x0a010002;
    ask_arp(&left, 0x0a000001, left.ours);
    ask_arp(&right, 0x0a010001, right.ours);
}

/* Two networks with the same numbers. */
static void up_alike(void)
{
    up("10.0.0.2/24", "10.0.0.1", "10.0.0.2/24", "10.0.0.1");
    left.ours = right.ours = 0x0a000002;
    ask_arp(&left, 0x0a000001, left.ours);
    ask_arp(&right, 0x0a000001, right.ours);
}

static void say(const char *line)
{
    CHECK(strcmp(unit_log_last(), line) == 0, "the last line is \"%s\", here "
          "\"%s\"", line, unit_log_last());
}

/* ---- A connection on each side ------------------------------------------ */

static struct stream *streams[2];
static unsigned accepted, given_back[2];
static size_t bytes_came;

static size_t take(struct stream *s, const uint8_t *data, size_t len)
{
    (void)s, (void)data;
    bytes_came += len;
    return len;
}

static int on_accept(struct stream *s)
{
    static const struct stream_events events = { .receive = take };

    stream_attach(s, &events, NULL);
    streams[accepted++] = s;
    return 0;
}

/* A segment from somebody far away, or as far as the side's `from` says. */
static void segment(struct side *side, uint32_t from, unsigned flags,
                    const char *text)
{
    struct made f;
    size_t len = strlen(text), options = side->mss && (flags & SYN) ? 4 : 0;
    uint8_t *data = make_tcp(&f, THEIR_PORT, HTTP, side->seq, side->ack, flags,
                             8192, options, len);

    if (options) {
        put16(data, 0x0204);
        put16(data + 2, side->mss);
    }
    memcpy(data + options, text, len);
    put32(f.bytes + ETH + 12, from);
    put32(f.bytes + ETH + 16, side->ours);
    mend(&f);
    side->seq += (uint32_t)len + !!(flags & SYN);
    receive(side, &f);
}

/* What was last sent on that side is a segment to `to` with these flags. */
static void answered(struct side *side, uint32_t to, unsigned flags)
{
    const uint8_t *ip = side->frame + ETH, *tcp = ip + IP;

    CHECK(side->len >= ETH + IP + TCP && ip[9] == 6, "a segment is the answer");
    CHECK(get32(ip + 12) == side->ours && get32(ip + 16) == to, "it is from "
          "%08x to %08x, here %08x to %08x", side->ours, to, get32(ip + 12),
          get32(ip + 16));
    CHECK(memcmp(side->frame, side->mac, 6) == 0, "to the machine on its wire");
    CHECK((tcp[13] & flags) == flags && !(tcp[13] & 4), "its flags are %02x, "
          "here %02x", flags, tcp[13]);
}

/* Connects from `from` over that side; the other hears nothing of it. */
static void connect_over(struct side *side, uint32_t from)
{
    struct side *other = side == &left ? &right : &left;
    unsigned before = other->count;

    side->seq = 1000;
    side->ack = 0;
    segment(side, from, SYN, "");
    answered(side, from, SYNACK);
    side->ack = get32(side->frame + ETH + IP + 4) + 1;
    segment(side, from, ACK, "");
    segment(side, from, ACK | PSH, "hello");
    answered(side, from, ACK);
    CHECK(other->count == before, "the other wire has not seen any of it");
}

static void both_are_served(void)
{
    CHECK(stream_listen(HTTP, 8, on_accept) == 0, "somebody listens");
    connect_over(&left, FAR_AWAY);
    connect_over(&right, FAR_AWAY);
    CHECK(accepted == 2 && bytes_came == 10, "two connections, each with its "
          "bytes; here %u, %zu", accepted, bytes_came);
    for (unsigned i = 0; i < 2; i++)
        CHECK(stream_send(streams[i], "world", 5, false, NULL, NULL) == 5,
              "an answer is taken");
    card_run();
    answered(&left, FAR_AWAY, ACK | PSH);
    answered(&right, FAR_AWAY, ACK | PSH);
}

TEST(test_a_stranger_is_answered_over_the_card_by_which_he_came)
{
    up_apart();
    both_are_served();
}

TEST(test_so_he_is_when_both_links_have_the_same_addresses)
{
    up_alike();
    both_are_served();
}

TEST(test_so_he_is_when_both_connections_begin_at_the_same_time)
{
    up_alike();
    CHECK(stream_listen(HTTP, 8, on_accept) == 0, "somebody listens");
    left.seq = right.seq = 1000;
    segment(&left, FAR_AWAY, SYN, "");
    segment(&right, FAR_AWAY, SYN, "");
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = i ? &left : &right;

        answered(side, FAR_AWAY, SYNACK);
        side->ack = get32(side->frame + ETH + IP + 4) + 1;
        segment(side, FAR_AWAY, ACK | PSH, "hello");
        answered(side, FAR_AWAY, ACK);
    }
    CHECK(accepted == 2 && bytes_came == 10, "two connections, here %u",
          accepted);
}

TEST(test_who_calls_for_the_other_card_s_address_is_answered_where_he_is)
{
    up_apart();
    CHECK(stream_listen(HTTP, 8, on_accept) == 0, "somebody listens");
    left.ours = 0x0a010002;
    connect_over(&left, FAR_AWAY);
    CHECK(accepted == 1 && bytes_came == 5, "there is a connection");
}

TEST(test_pings_are_answered_on_their_wire)
{
    struct made f;

    up_alike();
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = i ? &left : &right;
        unsigned before = left.count + right.count;
        uint8_t *icmp = make_ip(&f, 1, 8);

        memset(icmp, 0, 8);
        icmp[0] = 8;
        put32(f.bytes + ETH + 12, FAR_AWAY);
        mend(&f);
        receive(side, &f);
        CHECK(left.count + right.count == before + 1 &&
              memcmp(side->frame, side->mac, 6) == 0 &&
              side->frame[ETH + IP] == 0, "one answer, on the same wire");
    }
}

TEST(test_a_datagram_that_nobody_wants_is_refused_on_its_wire)
{
    struct made f;

    up_alike();
    make_udp(&f, 9999, 9999, 4);
    put32(f.bytes + ETH + 12, FAR_AWAY);
    mend(&f);
    receive(&right, &f);
    CHECK(left.count == 0 && right.count == 1 &&
          right.frame[ETH + IP] == 3, "unreachable, says one packet on the "
          "right wire; here %u and %u", left.count, right.count);
    receive(&left, &f);
    CHECK(left.count == 1 && right.count == 1, "and one on the left");
}

TEST(test_segments_fit_the_frames_of_their_card)
{
    static const uint8_t bytes[1400];

    up_apart();
    ((struct netif *)second.stack)->mtu = 576;
    right.mss = left.mss = 1460;
    both_are_served();
    for (unsigned i = 0; i < 2; i++)
        CHECK(stream_send(streams[i], bytes, sizeof bytes, false, NULL, NULL) ==
              sizeof bytes, "an answer is taken");
    card_run();
    CHECK(left.longest == ETH + 40 + 1400, "one segment by net0, here %zu",
          left.longest);
    CHECK(right.longest == ETH + 576, "and of 576 bytes by net1, here %zu",
          right.longest);
}

/* ---- Addresses ----------------------------------------------------------- */

TEST(test_each_card_has_the_address_that_the_command_line_gives_it)
{
    up("10.0.0.2/24", "10.0.0.1", "10.1.0.2/16", NULL);
    say("net1: 10.1.0.2/16, no gateway (by the command line)");
    CHECK(unit_log_count() == 2, "a line for each, here %u", unit_log_count());
}

TEST(test_each_card_answers_arp_for_its_own_address)
{
    up_apart();
    left.arps = right.arps = 0;
    ask_arp(&left, 0x0a000001, right.ours);
    ask_arp(&right, 0x0a010001, left.ours);
    CHECK(left.arps == 0 && right.arps == 0, "and not for the other's");
    ask_arp(&right, 0x0a010001, right.ours);
    CHECK(left.arps == 0 && right.arps == 1 &&
          memcmp(right.arp + 22, second.address, 6) == 0, "by its hardware "
          "address");
}

TEST(test_each_card_asks_dhcp_by_itself)
{
    up(NULL, NULL, NULL, NULL);
    CHECK(left.count == 1 && right.count == 1, "each has asked, here %u and %u "
          "times", left.count, right.count);
    CHECK(memcmp(left.frame + 6, card.netdev.address, 6) == 0 &&
          memcmp(right.frame + 6, second.address, 6) == 0, "for itself");
    CHECK(memcmp(left.frame + ETH + IP + 8 + 28, card.netdev.address, 6) == 0,
          "and says so");
    card_sleep(10000);
    CHECK(unit_log_count() == 2, "that there is no address is said of each, "
          "here in %u lines", unit_log_count());
}

TEST(test_cards_with_the_same_address_are_told)
{
    up_alike();
    say("net1: that is the address of net0 as well");
}

TEST(test_cards_with_the_same_hardware_address_are_told)
{
    memcpy(second.address, "\x52\x54\0\x12\x34\x56", 6);
    card_up("10.0.0.2/24", NULL, 16);
    card.net1_ip = "10.1.0.2/24";
    second.mtu = 1500;
    second.send = send_right;
    netdev_add(&second);
    CHECK(unit_log_count() == 1 && net_up("net1") == 0, "net1 comes up");
    CHECK(unit_log_count() == 2, "and there is a line");
    say("net1: has the same hardware address as net0; not for one wire");
}

/* ---- Where to ------------------------------------------------------------ */

static void link(struct side *side, bool is_up)
{
    side->card->link_up = is_up;
    side->card->link_changed(side->card);
}

TEST(test_what_we_begin_leaves_by_the_first_card_that_has_a_gateway)
{
    up_apart();
    CHECK(ping_gateway() == 0x0a000001, "the gateway is net0's");
    left.count = right.count = 0;
    CHECK(ping_send(FAR_AWAY, 1, 8) == 0 && left.count == 1, "by which we "
          "reach who is far away");
    CHECK(ping_send(0x0a010001, 2, 8) == 0 && right.count == 1, "but not who "
          "is near net1");
    link(&left, false);
    CHECK(ping_gateway() == 0x0a010001, "while net0's link is down it is "
          "net1's");
    CHECK(ping_send(FAR_AWAY, 3, 8) == 0 && right.count == 2, "and so is the "
          "way");
    link(&left, true);
    CHECK(ping_gateway() == 0x0a000001, "and net0's again");
}

TEST(test_a_card_without_a_gateway_is_no_way_out)
{
    up("10.0.0.2/24", NULL, "10.1.0.2/24", "10.1.0.1");
    right.ours = 0x0a010002;
    ask_arp(&right, 0x0a010001, right.ours);
    CHECK(ping_gateway() == 0x0a010001, "the gateway is net1's");
    CHECK(ping_send(FAR_AWAY, 1, 8) == 0 && right.count == 1 &&
          left.count == 0, "and the way out");
    link(&right, false);
    CHECK(ping_gateway() == 0 && ping_send(FAR_AWAY, 2, 8) != 0, "without it "
          "there is none");
}

/* ---- One that fails ------------------------------------------------------ */

TEST(test_a_link_that_is_down_does_not_hurt_the_other)
{
    up_apart();
    both_are_served();
    link(&right, false);
    segment(&left, FAR_AWAY, ACK | PSH, "hello");
    answered(&left, FAR_AWAY, ACK);
    link(&right, true);
    segment(&right, FAR_AWAY, ACK | PSH, "hello");
    answered(&right, FAR_AWAY, ACK);
    CHECK(bytes_came == 20, "and its own connections go on when it is up");
}

static void count_back(void *ctx)
{
    ++*(unsigned *)ctx;
}

TEST(test_a_card_that_gives_nothing_back_does_not_hold_up_the_other)
{
    up_apart();
    both_are_served();
    right_holds = true;
    for (unsigned i = 0; i < 2; i++) {
        CHECK(stream_send(streams[i], "again", 5, false, count_back,
                          &given_back[i]) == 5, "an answer is taken");
        card_run();
    }
    left.ack += 10;
    right.ack += 10;
    segment(&right, FAR_AWAY, ACK, "");
    segment(&left, FAR_AWAY, ACK, "");
    CHECK(given_back[0] == 1, "what was sent over net0 is given back");
    CHECK(given_back[1] == 0 && stuck_count > 0, "what net1 still has is not");
    while (stuck_count > 0) {
        stuck_count--;
        stuck[stuck_count]->release(stuck[stuck_count]);
    }
    card_run();
    CHECK(given_back[1] == 1, "until it has done with it");
}
