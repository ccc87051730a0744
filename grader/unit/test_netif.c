/* SPDX-License-Identifier: MIT */
/*
 * test_netif.c - lab 10: lwIP's frames to a card and back, its time and its
 * address.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_card.h"
#include "net/lwip/port.h"
#include "tcp_peer.h"
#include "unit.h"

enum { ETH = 14, MS = 1000 };

static struct netif *netif;

static void start(void)
{
    card_up("10.0.0.2/24", "10.0.0.1", 16);
    netif = card.netdev.stack;
}

/* A frame as lwIP makes them: headers of its own, then somebody's bytes. */
static struct pbuf *frame_of(unsigned pieces, const uint8_t *bytes)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, 54, PBUF_RAM);

    memset(p->payload, 0, 54);
    for (unsigned i = 1; i < pieces; i++) {
        struct pbuf *q = pbuf_alloc(PBUF_RAW, 10, PBUF_ROM);

        q->payload = (void *)(uintptr_t)(bytes + 10 * i);
        pbuf_cat(p, q);
    }
    return p;
}

static uint8_t caught[ETHERNET_FRAME_MAX];
static size_t caught_len;
static unsigned caught_count;

static unsigned announced;      /* gratuitous ARPs */

static void catch(const uint8_t *data, size_t len)
{
    announced += len >= 42 && data[13] == 6 && data[21] == 1 &&
                 memcmp(data + 28, data + 38, 4) == 0;
    memcpy(caught, data, len);
    caught_len = len;
    caught_count++;
}

/* 10.0.0.1 asks for our address, so that we know his as well. */
static const uint8_t arp_request[42] = {
    255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6,
    0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1,
    0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
};

/* ---- The interface ------------------------------------------------------ */

TEST(test_lwip_knows_its_card)
{
    start();
    CHECK(netif->hwaddr_len == 6 &&
          memcmp(netif->hwaddr, card.netdev.address, 6) == 0, "the hardware "
          "address is the card's");
    CHECK(netif->mtu == 1500, "the MTU is the card's, 1500, here %u",
          netif->mtu);
    CHECK(netif->flags & NETIF_FLAG_LINK_UP, "the link is up, as the card "
          "says");
    CHECK((netif->flags & NETIF_FLAG_ETHARP) &&
          (netif->flags & NETIF_FLAG_BROADCAST), "it has ARP and broadcasts");
}

TEST(test_a_link_that_is_down_comes_up_later)
{
    card.frame = catch;
    card.unplugged = true;
    start();
    CHECK(!(netif->flags & NETIF_FLAG_LINK_UP), "the link is down");
    caught_count = 0;
    card.netdev.link_up = true;
    card.netdev.link_changed(&card.netdev);
    CHECK(netif->flags & NETIF_FLAG_LINK_UP, "the link is up");
    CHECK(caught_count > 0 && caught[12] == 8 && caught[13] == 6, "and our "
          "address is announced by ARP");
}

/* ---- Out ---------------------------------------------------------------- */

TEST(test_a_chain_is_sent_whole_and_without_a_copy)
{
    uint8_t bytes[100];
    struct pbuf *p;

    start();
    card.frame = catch;
    card.holds = true;
    memset(bytes, 0x5a, sizeof bytes);
    p = frame_of(3, bytes);
    CHECK(netif->linkoutput(netif, p) == ERR_OK, "it is sent");
    CHECK(caught_len == 74 && card.pieces == 3, "74 bytes in 3 pieces, here "
          "%zu in %u", caught_len, card.pieces);
    CHECK(card.first == p->payload && card.last == bytes + 20, "the card sees "
          "the pbufs' own bytes");
    pbuf_free(p);
    CHECK(pool_out("headers") == 1 && pool_out("PBUF_REF/ROM") == 2, "while "
          "the card has the frame, freed pbufs stay");
    card_reclaim();
    card_check_nothing_is_out();
}

TEST(test_what_is_sent_is_lwips_as_well)
{
    uint8_t bytes[100] = { 0 };
    struct pbuf *p;

    start();
    p = frame_of(2, bytes);
    for (unsigned i = 0; i < 3; i++)
        CHECK(netif->linkoutput(netif, p) == ERR_OK, "it is sent again");
    CHECK(p->ref == 1 && p->next->ref == 1, "after the card has given "
          "everything back one reference is left of each, here %u and %u",
          p->ref, p->next->ref);
    pbuf_free(p);
    card_check_nothing_is_out();
}

static void refused(int error, err_t expected)
{
    uint8_t bytes[100] = { 0 };
    struct pbuf *p;
    err_t err;

    start();
    p = frame_of(3, bytes);
    card.refuses = error;
    err = netif->linkoutput(netif, p);
    CHECK(err == expected, "when the card says %d lwIP hears %d, here %d",
          error, expected, err);
    CHECK(p->ref == 1 && p->next->ref == 1 && p->next->next->ref == 1,
          "no reference is left over");
    pbuf_free(p);
    card_check_nothing_is_out();
}

TEST(test_a_full_card_leaves_nothing_behind)
{
    refused(-ENOSPC, ERR_MEM);
}

TEST(test_a_broken_card_leaves_nothing_behind)
{
    refused(-EIO, ERR_IF);
}

TEST(test_no_netbuf_leaves_nothing_behind)
{
    uint8_t bytes[100] = { 0 };
    struct pbuf *p;
    unsigned sent;

    start();
    pool_set_limit("transmit", 2);
    sent = card.sent;
    p = frame_of(3, bytes);
    CHECK(netif->linkoutput(netif, p) == ERR_MEM, "ERR_MEM when 2 netbufs are "
          "there for 3 pieces");
    CHECK(card.sent == sent, "no part of it is sent");
    CHECK(p->ref == 1 && p->next->ref == 1, "no reference is left over");
    pbuf_free(p);
    card_check_nothing_is_out();
}

TEST(test_a_frame_in_too_many_pieces_goes_in_one)
{
    uint8_t bytes[1000];
    struct pbuf *p;

    start();
    card.frame = catch;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)unit_random();
    p = frame_of(NETDEV_PIECES_MAX + 10, bytes);
    CHECK(netif->linkoutput(netif, p) == ERR_OK, "it is sent");
    CHECK(card.pieces == 1 && caught_len == 54 + 250 &&
          memcmp(caught + 54, bytes + 10, 250) == 0, "in one piece, the bytes "
          "as they were");
    pbuf_free(p);
    card_check_nothing_is_out();
}

static uint32_t sum_of(const uint8_t *data, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* The reset that answers a SYN for a port where nobody listens. */
TEST(test_a_card_that_completes_checksums_is_told_where)
{
    const uint8_t *tcp;
    uint32_t pseudo;

    card.netdev.features = NETDEV_CHECKSUM;
    start();
    peers_start();
    card_receive(arp_request, sizeof arp_request);
    card.frame = catch;
    peer_connect(99);
    tcp = card.whole + ETH + 20;
    CHECK(caught_len == ETH + 40 && tcp[13] & 4, "a RST is sent");
    CHECK(card.csum_start == ETH + 20 && card.csum_offset == 16, "the sum "
          "goes from the TCP header on into its bytes 16 and 17, here %u, %u",
          card.csum_start, card.csum_offset);
    pseudo = sum_of(card.whole + ETH + 12, 8, 6 + 20);
    CHECK((uint32_t)(tcp[16] << 8 | tcp[17]) == pseudo, "there lies the "
          "pseudo-header's sum %04x, here %02x%02x", pseudo, tcp[16], tcp[17]);
}

/* ---- In ----------------------------------------------------------------- */

static struct pbuf *seen;
static err_t input_says;

static err_t fake_input(struct pbuf *p, struct netif *n)
{
    CHECK(n == netif, "input() is called with the interface");
    seen = p;
    return input_says;
}

TEST(test_a_frame_comes_in_without_a_copy_and_goes_back_once)
{
    uint8_t frame[100] = { 0 };

    start();
    netif->input = fake_input;
    card_receive(frame, sizeof frame);
    CHECK(seen && seen->len == 100 && seen->tot_len == 100, "lwIP gets a pbuf "
          "of 100 bytes");
    CHECK(card.lent == 1, "the card's buffer is lent while lwIP has it");
    pbuf_ref(seen);
    pbuf_free(seen);
    CHECK(card.lent == 1, "and until the last reference has gone");
    pbuf_free(seen);
    CHECK(card.lent == 0, "then it goes back");
    card_check_nothing_is_out();
}

TEST(test_a_frame_that_lwip_does_not_want_goes_back)
{
    uint8_t frame[100] = { 0 };

    start();
    netif->input = fake_input;
    input_says = ERR_MEM;
    card_receive(frame, sizeof frame);
    CHECK(card.lent == 0, "the card has its buffer back");
    card_check_nothing_is_out();
}

TEST(test_a_frame_for_which_there_is_no_pbuf_goes_back)
{
    uint8_t frame[100] = { 0 };

    start();
    pool_set_limit("received", 0);
    netif->input = fake_input;
    card_receive(frame, sizeof frame);
    CHECK(!seen && card.lent == 0, "the card has its buffer back");
}

TEST(test_short_frames_never_reach_lwip)
{
    uint8_t frame[42] = { 0 };

    start();
    netif->input = fake_input;
    card_receive(frame, ETH);
    frame[12] = 8;
    frame[13] = 6;
    for (size_t len = ETH + 1; len < 42; len++)
        card_receive(frame, len);
    CHECK(!seen && card.lent == 0, "neither a bare header nor an ARP packet "
          "of less than 28 bytes does");
    card_receive(frame, 42);
    CHECK(seen, "a whole ARP packet does");
}

/* ---- ARP and ping ------------------------------------------------------- */

TEST(test_our_address_is_announced_and_asked_for)
{
    card.frame = catch;
    start();
    CHECK(announced == 1, "a fixed address is announced by a gratuitous ARP, "
          "here by %u", announced);
    CHECK(caught[13] == 6 && caught[21] == 1 &&
          memcmp(caught + 38, "\x0a\0\0\x01", 4) == 0, "then the gateway is "
          "asked for, for those who will come from beyond it");
    caught_count = 0;
    card_receive(arp_request, sizeof arp_request);
    CHECK(caught_count == 1 && caught_len == 42 && caught[21] == 2 &&
          memcmp(caught + 22, card.netdev.address, 6) == 0, "who asks for "
          "our address is told");
    caught_count = 0;
    memcpy(caught, arp_request, 42);
    caught[41] = 3;
    card_receive(caught, 42);
    CHECK(caught_count == 0, "who asks for another's is not");
    card_check_nothing_is_out();
}

static size_t make_ping(uint8_t *frame, size_t data)
{
    static const uint8_t head[42] = {
        0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 8, 0,
        0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        8, 0, 0, 0, 0, 7, 0, 1,
    };
    uint32_t sum;

    memcpy(frame, head, sizeof head);
    memcpy(frame, card.netdev.address, 6);
    for (size_t i = 0; i < data; i++)
        frame[42 + i] = (uint8_t)unit_random();
    frame[16] = (uint8_t)((28 + data) >> 8);
    frame[17] = (uint8_t)(28 + data);
    sum = sum_of(frame + ETH, 20, 0) ^ 0xffff;
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
    sum = sum_of(frame + 34, 8 + data, 0) ^ 0xffff;
    frame[36] = (uint8_t)(sum >> 8);
    frame[37] = (uint8_t)sum;
    return 42 + data;
}

TEST(test_a_ping_is_answered)
{
    static const size_t sizes[] = { 0, 1, 56, 57, 1000, 1472 };
    uint8_t frame[ETHERNET_FRAME_MAX];

    start();
    card.frame = catch;
    card_receive(arp_request, sizeof arp_request);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t len = make_ping(frame, sizes[i]);

        caught_count = 0;
        card_receive(frame, len);
        CHECK(caught_count == 1 && caught_len == len && caught[34] == 0 &&
              memcmp(caught + 42, frame + 42, sizes[i]) == 0, "a ping with "
              "%zu bytes is answered with the same bytes", sizes[i]);
        CHECK(sum_of(caught + 34, 8 + sizes[i], 0) == 0xffff, "and a right "
              "checksum");
    }
    card_check_nothing_is_out();
}

/* ---- Time and DHCP ------------------------------------------------------ */

TEST(test_sys_now_counts_milliseconds)
{
    u32_t before;

    start();
    before = sys_now();
    card_sleep(1234);
    CHECK(sys_now() - before == 1234, "after 1234 ms it has grown by 1234, "
          "here by %u", sys_now() - before);
}

static unsigned discovers;

static void count_discovers(const uint8_t *data, size_t len)
{
    if (len > 285 && data[23] == 17 && data[36] == 0 && data[37] == 67)
        discovers++;
}

TEST(test_dhcp_asks_at_once_and_every_second_at_first)
{
    card.frame = count_discovers;
    card_up(NULL, NULL, 16);
    CHECK(discovers == 1, "DHCP asks at once, here %u times", discovers);
    card_sleep(4 * MS + 500);
    CHECK(discovers >= 4 && discovers <= 6, "and about every second, here %u "
          "times in 4.5 s", discovers);
    card_sleep(600 * MS);
    CHECK(discovers >= 10 && discovers <= 30, "and ever more rarely, here %u "
          "times in 600 s", discovers);
    card_check_nothing_is_out();
}

/* A DHCP server of a few lines: what DISCOVER (1) or REQUEST (3) asks is
 * answered by OFFER (2) or ACK (5): 10.0.0.9/24 by 10.0.0.1, for an hour. */
static uint8_t dhcp_answer[ETHERNET_FRAME_MAX];
static unsigned dhcp_lost;

static void serve_dhcp(const uint8_t *data, size_t len)
{
    static const uint8_t options[] = {
        99, 130, 83, 99, 53, 1, 0, 54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 14, 16,
        1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 1, 255,
    };
    uint8_t *a = dhcp_answer, *udp = a + 34, *bootp = a + 42;
    size_t bytes = 240 - 4 + sizeof options;

    if (len < 285 || data[23] != 17 || data[37] != 67 || dhcp_lost-- > 0)
        return;
    dhcp_lost = 0;
    memset(a, 0, sizeof dhcp_answer);
    memcpy(a, data + 6, 6);
    a[6] = 2;
    a[12] = 8;
    a[14] = 0x45;
    a[16] = (uint8_t)((28 + bytes) >> 8);
    a[17] = (uint8_t)(28 + bytes);
    a[22] = 64;
    a[23] = 17;
    memcpy(a + 26, "\x0a\0\0\x01\xff\xff\xff\xff", 8);
    uint32_t sum = sum_of(a + ETH, 20, 0) ^ 0xffff;
    a[24] = (uint8_t)(sum >> 8);
    a[25] = (uint8_t)sum;
    udp[1] = 67;
    udp[3] = 68;
    udp[4] = (uint8_t)((8 + bytes) >> 8);
    udp[5] = (uint8_t)(8 + bytes);
    memcpy(bootp, data + 42, 44);           /* op, xid, chaddr ... */
    bootp[0] = 2;
    memcpy(bootp + 16, "\x0a\0\0\x09", 4);
    memcpy(bootp + 236, options, sizeof options);
    bootp[242] = data[284] == 1 ? 2 : 5;
}

static void dhcp_round(void)
{
    if (!dhcp_answer[12])
        return;
    size_t len = ETH + ((size_t)dhcp_answer[16] << 8 | dhcp_answer[17]);

    dhcp_answer[12] = 0;
    uint8_t frame[ETHERNET_FRAME_MAX];
    memcpy(frame, dhcp_answer, sizeof frame);
    frame[12] = 8;
    card_receive(frame, len);
    card_run();
}

static void check_leased(unsigned ms)
{
    for (unsigned i = 0; i <= ms; i += 100) {
        dhcp_round();
        dhcp_round();
        card_sleep(100);
    }
    CHECK(strcmp(unit_log_last(), "net0: 10.0.0.9/24, gateway 10.0.0.1 (by "
          "DHCP)") == 0, "a line says which address there is, here \"%s\"",
          unit_log_last());
    card_check_nothing_is_out();
}

TEST(test_dhcp_gives_an_address_and_a_line_says_so)
{
    card.frame = serve_dhcp;
    card_up(NULL, NULL, 16);
    check_leased(0);
    CHECK(unit_log_count() == 1, "one line, here %u", unit_log_count());
    card_sleep(3000 * MS);
    for (unsigned i = 0; i < 10; i++)
        dhcp_round();
    CHECK(unit_log_count() == 1, "a lease that goes on is not reported again");
}

TEST(test_dhcp_tries_again_when_an_answer_is_lost)
{
    card.frame = serve_dhcp;
    dhcp_lost = 2;
    card_up(NULL, NULL, 16);
    check_leased(5 * MS);
}

TEST(test_a_fixed_address_is_reported)
{
    start();
    CHECK(strcmp(unit_log_last(), "net0: 10.0.0.2/24, gateway 10.0.0.1 (by "
          "the command line)") == 0, "a line says which, here \"%s\"",
          unit_log_last());
}

TEST(test_a_malformed_address_is_reported_and_dhcp_asked)
{
    card.frame = serve_dhcp;
    card_up("10.0.0/24", NULL, 16);
    CHECK(unit_log_count() == 1, "what is wrong is said in a line, here in %u",
          unit_log_count());
    check_leased(0);
}

/* ---- Strangers ---------------------------------------------------------- */

/* The IP checksum of a frame that was changed, so that it is looked into. */
static void mend(uint8_t *frame)
{
    uint32_t sum;

    frame[24] = frame[25] = 0;
    sum = sum_of(frame + ETH, (frame[ETH] & 15u) * 4, 0) ^ 0xffff;
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
}

/* ARP packets, pings and DHCP answers (segments: test_stream.c), with a few
 * bytes changed, and cut off. */
TEST(test_no_frame_does_harm)
{
    uint8_t frame[CARD_BUFFER];

    card.frame = serve_dhcp;
    card_up(NULL, NULL, 16);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned kind = unit_random_below(4);
        size_t len = sizeof arp_request;

        memset(frame, (int)unit_random(), sizeof frame);
        if (kind == 0)
            memcpy(frame, arp_request, len);
        else if (kind == 1)
            len = make_ping(frame, unit_random_below(1400));
        else
            memcpy(frame, dhcp_answer, len = 342);
        for (unsigned n = unit_random_below(4); n > 0; n--)
            frame[12 + unit_random_below((uint32_t)len - 12)] =
                (uint8_t)unit_random();
        if (unit_random_below(4) == 0)
            len = 1 + unit_random_below((uint32_t)len);
        if (unit_random_below(8))
            mend(frame);
        card_receive(frame, len);
        if (unit_random_below(16) == 0)
            card_sleep(unit_random_below(2000));
    }
    CHECK(card.lent == 0 && card.out == 0, "no buffer of the card's is kept");
}
