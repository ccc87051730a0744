/* SPDX-License-Identifier: MIT */
/*
 * test_port.c - lab 10 step by step, the frames: each function by itself, over
 * a card of the test's own, so that it can be tried before the next one is
 * written. Time and the address: test_port_time.c. All of them together:
 * test_netif.c, test_dhcp.c.
 */
#include <errno.h>
#include <string.h>

#include "fake_card.h"
#include "net/lwip/interface.h"
#include "net/lwip/memory.h"
#include "net/lwip/port.h"
#include "unit.h"

#include "lwip/etharp.h"

enum { PIECES = 5, HEADERS = 54 };

/* The card: it keeps what it is sent. */
static struct netdev device;
static struct netbuf *sent;     /* the last frame */
static unsigned sends;
static int refuses;

static struct interface *interface;
static struct netif *netif;

static int keep(struct netdev *dev, struct netbuf *frame)
{
    CHECK(dev == &device, "send() should be called with the card, "
          "netif->state");
    sends++;
    if (refuses)
        return refuses;
    sent = frame;
    return 0;
}

/* An interface that lwIP does not know yet, and memory for what is tried. */
static void begin(void)
{
    if (interface)
        return;
    device = (struct netdev){ .name = "net0", .mtu = 1500, .link_up = true,
                              .send = keep };
    for (unsigned i = 0; i < sizeof device.address; i++)
        device.address[i] = (uint8_t)unit_random() & 0xfe;
    CHECK(memory_make() == 0 && buffers_make() == 0, "there are pools");
    pool_set_limit("PBUF_REF/ROM", 100);
    pool_set_limit("frames", 10);
    interface = interface_add();
    netif = &interface->netif;
    netif->state = &device;
    device.stack = netif;
    transmit_over(&interface->transmits);
}

/* ---- 10.2 --------------------------------------------------------------- */

static void init(void)
{
    begin();
    device.mtu = (uint16_t)(576 + unit_random_below(925));
}

TEST(test_port_init_tells_the_address_and_the_mtu)
{
    init();
    CHECK(port_init(netif) == ERR_OK, "port_init() should return ERR_OK");
    CHECK(netif->hwaddr_len == 6, "hwaddr_len should be 6, here %u",
          netif->hwaddr_len);
    CHECK(memcmp(netif->hwaddr, device.address, 6) == 0, "hwaddr should "
          "be the card's address, all six bytes of it");
    CHECK(netif->mtu == device.mtu, "the MTU should be the card's, %u, here "
          "%u", device.mtu, netif->mtu);
    CHECK(netif->name[0] == 'e' && netif->name[1] == 'n', "the name should be "
          "\"en\", here \"%.2s\"", netif->name);
    CHECK(netif->state == &device, "netif->state should stay as it was");
}

TEST(test_port_init_sets_the_flags_of_an_ethernet)
{
    unsigned flags;

    init();
    port_init(netif);
    flags = netif->flags;
    CHECK(flags & NETIF_FLAG_ETHERNET, "the flag ETHERNET should be set, here "
          "flags are %02x", flags);
    CHECK(flags & NETIF_FLAG_ETHARP, "the flag ETHARP should be set, here "
          "flags are %02x", flags);
    CHECK(flags & NETIF_FLAG_BROADCAST, "the flag BROADCAST should be set, "
          "here flags are %02x", flags);
    CHECK(flags & NETIF_FLAG_LINK_UP, "the flag LINK_UP should be set when the "
          "card says that its link is up, here flags are %02x", flags);
    CHECK(!(flags & NETIF_FLAG_UP), "the flag UP should not be set: that is "
          "not the card's business; here flags are %02x", flags);
}

TEST(test_port_init_believes_a_card_whose_link_is_down)
{
    init();
    device.link_up = false;
    port_init(netif);
    CHECK(!(netif->flags & NETIF_FLAG_LINK_UP), "the flag LINK_UP should "
          "not be set when the card says that its link is down, here flags "
          "are %02x",
          netif->flags);
    CHECK(netif->flags & NETIF_FLAG_ETHARP, "and the others should be, here "
          "flags are %02x", netif->flags);
}

TEST(test_port_init_tells_how_to_send)
{
    init();
    port_init(netif);
    CHECK(netif->output == etharp_output, "netif->output, by which packets "
          "go out, should be etharp_output()");
    CHECK(netif->linkoutput == port_link_output, "netif->linkoutput, by "
          "which frames go out, should be port_link_output()");
}

/* ---- 10.3 --------------------------------------------------------------- */

static struct pbuf *piece(u16_t len)
{
    static const uint8_t bytes[256];
    struct pbuf *p = pbuf_alloc(PBUF_RAW, len, PBUF_ROM);

    CHECK(p, "there is a pbuf");
    p->payload = (void *)(uintptr_t)bytes;
    return p;
}

/* A netbuf that stands for `p`, as the card would give it back. */
static struct netbuf *netbuf_of(struct pbuf *p)
{
    struct netbuf *nb = transmit_take();

    nb->owner = p;
    nb->release = port_sent;
    return nb;
}

TEST(test_port_sent_takes_back_one_reference_and_the_netbuf)
{
    struct pbuf *p;

    begin();
    p = piece(100);
    pbuf_ref(p);
    port_sent(netbuf_of(p));
    CHECK(pool_out("PBUF_REF/ROM") == 1, "of two references one should be "
          "left, and the pbuf was freed");
    CHECK(p->ref == 1, "of two references one should be left, here %u",
          p->ref);
    CHECK(pool_out("transmit") == 0, "the netbuf should be in its pool again, "
          "but %u are out", pool_out("transmit"));
    port_sent(netbuf_of(p));
    CHECK(pool_out("PBUF_REF/ROM") == 0, "without a reference the pbuf "
          "should be freed, but %u are out", pool_out("PBUF_REF/ROM"));
    CHECK(pool_out("transmit") == 0, "the netbuf should be in its pool again, "
          "but %u are out", pool_out("transmit"));
}

TEST(test_port_sent_is_for_one_netbuf_of_a_chain)
{
    struct pbuf *p, *q;
    struct netbuf *first, *second;

    begin();
    p = piece(10);
    q = piece(20);
    pbuf_chain(p, q);           /* q has two references now, one is p->next */
    pbuf_ref(p);
    first = netbuf_of(p);
    second = netbuf_of(q);
    first->next = second;
    port_sent(first);
    CHECK(p->ref == 1 && q->ref == 2, "port_sent() of the first should take a "
          "reference from its pbuf and none from the second: 1 and 2 should be "
          "left, here %u and %u", p->ref, q->ref);
    CHECK(pool_out("transmit") == 1, "the other netbuf should still be with "
          "the card, here %u are out", pool_out("transmit"));
    port_sent(second);
    CHECK(pool_out("transmit") == 0 && q->ref == 1, "when the second "
          "has come back too no netbuf should be out, here %u, and its pbuf "
          "have 1 reference, here %u", pool_out("transmit"), q->ref);
}

/* ---- 10.4 --------------------------------------------------------------- */

static struct pbuf *frame_pieces[PIECES];
static uint8_t frame_bytes[PIECES][64];

/* A frame of `count` pbufs, each with a few bytes of its own. */
static struct pbuf *frame(unsigned count)
{
    begin();
    for (unsigned i = 0; i < count; i++) {
        struct pbuf *p = piece((u16_t)(1 + unit_random_below(64)));

        for (unsigned k = 0; k < p->len; k++)
            frame_bytes[i][k] = (uint8_t)unit_random();
        p->payload = frame_bytes[i];
        frame_pieces[i] = p;
        if (i > 0)
            pbuf_cat(frame_pieces[0], p);
    }
    return frame_pieces[0];
}

static void check_refs(unsigned count, unsigned refs, const char *when)
{
    for (unsigned i = 0; i < count; i++)
        CHECK(frame_pieces[i]->ref == refs, "%s each pbuf should have %u "
              "reference%s, but number %u of %u has %u", when, refs,
              refs == 1 ? "" : "s", i + 1, count, frame_pieces[i]->ref);
}

TEST(test_port_output_shows_the_card_every_piece_in_its_place)
{
    for (unsigned count = 1; count <= PIECES; count++) {
        struct pbuf *p = frame(count);
        struct netbuf *nb;
        err_t err = port_output(netif, p);

        CHECK(err == ERR_OK && sends == count, "a frame of %u pbufs should be "
              "sent, once: port_output() returned %d, and send() was called %u "
              "times",
              count, err, sends - count + 1);
        nb = sent;
        for (unsigned i = 0; i < count; i++, nb = nb->next) {
            CHECK(nb, "a chain of %u pbufs should be a chain of %u netbufs, "
                  "here of %u", count, count, i);
            CHECK(nb->data == frame_bytes[i], "netbuf %u should show the card "
                  "the pbuf's own bytes, at %p, here %p", i + 1,
                  (void *)frame_bytes[i], (void *)nb->data);
            CHECK(nb->len == frame_pieces[i]->len, "netbuf %u should have the "
                  "pbuf's len, %u, here %u", i + 1, frame_pieces[i]->len,
                  nb->len);
        }
        CHECK(!nb, "a chain of %u pbufs should be a chain of %u netbufs, and "
              "no more", count, count);
    }
}

TEST(test_port_output_keeps_a_reference_while_the_card_has_the_frame)
{
    struct netbuf *nb[PIECES];
    struct pbuf *p = frame(PIECES);
    unsigned count = 0;

    CHECK(port_output(netif, p) == ERR_OK, "the frame should be sent");
    check_refs(PIECES, 2, "while the card has the frame");
    for (struct netbuf *n = sent; n; n = n->next)
        nb[count++] = n;
    while (count > 0) {         /* in any order: the last one first */
        count--;
        CHECK(nb[count]->release, "netbuf %u has no release(): so the card "
              "can't give it back", count + 1);
        nb[count]->release(nb[count]);
        CHECK(frame_pieces[count]->ref == 1, "release() of a netbuf should "
              "take a reference from its own pbuf: number %u should have 1 "
              "left, here %u",
              count + 1, frame_pieces[count]->ref);
    }
    check_refs(PIECES, 1, "after the card has given everything back");
    CHECK(pool_out("transmit") == 0, "no netbuf should be left over, but %u "
          "are", pool_out("transmit"));
}

TEST(test_port_output_leaves_the_frame_alive_though_lwip_frees_it)
{
    struct pbuf *p = frame(PIECES);

    port_output(netif, p);
    pbuf_free(p);               /* lwIP is done with it */
    CHECK(pool_out("PBUF_REF/ROM") == PIECES, "freed by lwIP, all %u pbufs "
          "should stay while the card has them, here %u", PIECES,
          pool_out("PBUF_REF/ROM"));
    for (struct netbuf *nb = sent, *next; nb; nb = next) {
        next = nb->next;
        nb->release(nb);
    }
    CHECK(pool_out("PBUF_REF/ROM") == 0, "and then they should be freed, but "
          "%u are left over", pool_out("PBUF_REF/ROM"));
}

TEST(test_port_output_asks_for_what_the_card_can_do)
{
    struct pbuf *p = frame(1);
    uint8_t tcp[HEADERS] = { [12] = 8, [14] = 0x45, [23] = 6, [46] = 0x50,
                             [47] = 16 };

    tcp[17] = HEADERS - 14;
    p->payload = tcp;
    p->len = p->tot_len = HEADERS;
    device.features = NETDEV_CHECKSUM;
    CHECK(port_output(netif, p) == ERR_OK, "a segment should be sent");
    CHECK(sent->csum_start == 34 && sent->csum_offset == 16, "before it goes "
          "port_ask_offload() should have said in the first netbuf what the "
          "card completes: csum_start 34, csum_offset 16, here %u, %u",
          sent->csum_start, sent->csum_offset);
}

static const char *error_name(int error)
{
    return error == -ENOSPC ? "-ENOSPC" : error == -EIO ? "-EIO" : "-EINVAL";
}

/* lwIP's, which has numbers of its own. */
static const char *err_name(err_t err)
{
    return err == ERR_OK ? "ERR_OK" : err == ERR_MEM ? "ERR_MEM" :
           err == ERR_IF ? "ERR_IF" : "another error";
}

static void refused(int error, err_t expected)
{
    struct pbuf *p = frame(PIECES);
    err_t err;

    refuses = error;
    err = port_output(netif, p);
    CHECK(err == expected, "when send() returns %s (%d) port_output() should "
          "return %s (%d), here %s (%d)", error_name(error), error,
          err_name(expected), expected, err_name(err), err);
    check_refs(PIECES, 1, "after a failure");
    CHECK(pool_out("transmit") == 0, "after a failure no netbuf should be left "
          "over, but %u are", pool_out("transmit"));
    refuses = 0;
}

TEST(test_port_output_undoes_all_when_the_card_has_no_room)
{
    refused(-ENOSPC, ERR_MEM);
}

TEST(test_port_output_undoes_all_when_the_card_refuses)
{
    refused(-EIO, ERR_IF);
    refused(-EINVAL, ERR_IF);
}

TEST(test_port_output_undoes_all_when_netbufs_run_out)
{
    for (unsigned there = 0; there < PIECES; there++) {
        struct pbuf *p = frame(PIECES);
        err_t err;

        pool_set_limit("transmit", there);
        err = port_output(netif, p);
        CHECK(err == ERR_MEM, "with %u netbufs for %u pbufs port_output() "
              "should return ERR_MEM (%d), here %s (%d)", there, PIECES,
              ERR_MEM, err_name(err), err);
        CHECK(sends == 0, "no part of a frame should be sent");
        check_refs(PIECES, 1, "after a failure");
        CHECK(pool_out("transmit") == 0, "after a failure no netbuf should "
              "be left over, but %u of %u are", pool_out("transmit"), there);
    }
}

/* ---- 10.5 --------------------------------------------------------------- */

static struct netbuf lent;
static unsigned released;
static uint8_t lent_bytes[1514];

static void count_release(struct netbuf *nb)
{
    CHECK(nb == &lent, "release() should be called with the card's netbuf");
    released++;
}

static void check_pool(void)
{
    CHECK(pool_out("received") == 0, "the struct received should be in its "
          "pool again, but %u are out", pool_out("received"));
}

static struct netbuf *lend(void)
{
    lent = (struct netbuf){ .data = lent_bytes, .release = count_release,
                            .len = 60 + unit_random_below(1455) };
    released = 0;
    return &lent;
}

TEST(test_port_received_gives_the_card_its_buffer_back)
{
    struct received *r;
    struct pbuf *p;

    begin();
    r = received_take();
    r->frame = lend();
    r->custom.custom_free_function = port_received;
    p = pbuf_alloced_custom(PBUF_RAW, 60, PBUF_REF, &r->custom, lent_bytes, 60);
    pbuf_ref(p);
    pbuf_free(p);
    CHECK(released == 0, "while somebody has a reference nothing should "
          "be freed, and release() was called");
    pbuf_free(p);
    CHECK(released == 1, "the card should have its buffer back, once, here "
          "%u times", released);
    check_pool();
}

/* ---- 10.6 --------------------------------------------------------------- */

static struct pbuf *got;
static err_t input_says;
static bool input_frees;

static err_t take_input(struct pbuf *p, struct netif *n)
{
    CHECK(n == netif, "netif->input() should be called with the card's netif");
    CHECK(released == 0, "the card's buffer should be lent while lwIP "
          "looks at it, and release() was called");
    got = p;
    if (input_frees)
        pbuf_free(p);
    return input_says;
}

static void receive(void)
{
    begin();
    netif->input = take_input;
    port_receive(&device, lend());
}

/* As lwip/pbuf.h calls it. */
static const char *type_name(const struct pbuf *p)
{
    switch (p->type_internal) {
    case (u8_t)PBUF_RAM:
        return "PBUF_RAM";
    case (u8_t)PBUF_ROM:
        return "PBUF_ROM";
    case (u8_t)PBUF_POOL:
        return "PBUF_POOL";
    default:
        return "another";
    }
}

TEST(test_port_receive_hands_lwip_the_bytes_where_they_are)
{
    receive();
    CHECK(got, "netif->input() should be called, and was not");
    CHECK(got->payload == lent_bytes, "the pbuf should stand for the bytes "
          "where they are, at %p, here %p", (void *)lent_bytes, got->payload);
    CHECK(got->type_internal == (u8_t)PBUF_REF, "the pbuf should be of type "
          "PBUF_REF, as its bytes lie elsewhere, here %s", type_name(got));
    CHECK(got->len == lent.len && got->tot_len == lent.len, "len and tot_len "
          "should be the frame's, %u, here %u and %u", lent.len, got->len,
          got->tot_len);
    CHECK(!got->next && got->ref == 1, "it should be one pbuf with one "
          "reference, here with %u", got->ref);
    CHECK(released == 0, "while lwIP has it the buffer should be lent, but "
          "release() was called");
    pbuf_free(got);
    CHECK(released == 1, "when lwIP frees it the card should have its buffer "
          "back, once, here %u times", released);
    check_pool();
}

TEST(test_port_receive_leaves_a_frame_that_lwip_has_freed_alone)
{
    input_frees = true;
    receive();
    CHECK(released == 1, "what lwIP has freed inside input() should go back "
          "once, here %u times", released);
    check_pool();
}

TEST(test_port_receive_takes_back_what_lwip_does_not_want)
{
    input_says = ERR_MEM;
    receive();
    CHECK(released == 1, "when input() returns an error the frame should go "
          "back to the card, once, here %u times", released);
    check_pool();
}

TEST(test_port_receive_without_memory_gives_the_frame_straight_back)
{
    begin();
    netif->input = take_input;
    pool_set_limit("received", 0);
    port_receive(&device, lend());
    CHECK(!got, "without a struct received input() should not be called");
    CHECK(released == 1, "without a struct received the frame should go back "
          "to the card, once, here %u times", released);
}
