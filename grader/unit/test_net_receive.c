/* SPDX-License-Identifier: MIT */
/*
 * test_net_receive.c - lab 09, steps 9.1 to 9.3: receive buffers go to the
 * card, come back with a frame, are lent, and go to the card again.
 */
#include <stdio.h>
#include <string.h>

#include "fake_rings.h"
#include "lib/errno.h"

enum { HEADER = 12, LEGACY = VIRTIO_NET_HDR_LEGACY };

static struct virtio_net_rx *rx[RINGS_SIZE];
static unsigned rx_count;

static void post_all(unsigned count)
{
    rx_count = count;
    for (unsigned i = 0; i < count; i++) {
        rx[i] = rings_rx();
        int error = virtio_net_post(&net, rx[i]);
        CHECK(error == 0, "posting receive buffer %u of %u should give 0, "
              "here %d", i + 1, count, error);
    }
}

/* How many buffers the card has. */
static unsigned in_the_ring(void)
{
    return virtq_in_flight(&net.receiveq);
}

/* ---- 9.1: post ---- */

static void check_all_of_it(const struct fake_chain *chain, unsigned pieces)
{
    CHECK(chain->out == 0, "the card should only write a receive buffer: here "
          "it has %u descriptors to read", chain->out);
    CHECK(chain->in == pieces, "a receive buffer of this card should have %u "
          "descriptors, as rx->pieces has it; here %u", pieces, chain->in);
    CHECK(chain->write_len == RINGS_BUFFER, "the card should have room for "
          "all %u bytes of rx->memory, here %u", RINGS_BUFFER,
          chain->write_len);
}

TEST(test_post_hands_over_all_of_a_buffer_for_the_card_to_write)
{
    struct fake_chain chain;

    rings_begin(HEADER, false);
    post_all(1);
    CHECK(rings_take(RECEIVE, &chain), "the card should find a buffer in the "
          "receiveq, and there is none");
    check_all_of_it(&chain, 1);
    CHECK(chain.write == rx[0]->memory, "the card should write from "
          "rx->memory on");
}

TEST(test_post_keeps_the_pieces_that_an_old_card_wants)
{
    struct fake_chain chain;

    rings_begin(LEGACY, true);
    post_all(1);
    CHECK(rings_take(RECEIVE, &chain), "the card should find a buffer in the "
          "receiveq, and there is none");
    check_all_of_it(&chain, 2);
    CHECK(chain.pieces[0].data == rx[0]->memory &&
              chain.pieces[0].len == LEGACY &&
              chain.pieces[1].data == rx[0]->memory + LEGACY,
          "the first piece should be the header's %u bytes, the second the "
          "rest", LEGACY);
}

TEST(test_post_fills_the_ring_and_each_buffer_can_be_told_from_the_others)
{
    struct fake_chain chain[RINGS_SIZE];
    void *token[RINGS_SIZE];
    uint32_t len;

    rings_begin(HEADER, false);
    post_all(RINGS_SIZE);
    for (unsigned i = 0; i < RINGS_SIZE; i++) {
        CHECK(rings_take(RECEIVE, &chain[i]), "the card should have %u "
              "buffers, here %u", RINGS_SIZE, i);
        CHECK(chain[i].write == rx[i]->memory, "buffer %u should be written "
              "where its own memory is", i);
    }
    for (unsigned i = RINGS_SIZE; i-- > 0;)
        fake_chain_use(RECEIVE, chain[i].head, 100, 1);
    for (unsigned i = 0; i < RINGS_SIZE; i++) {
        token[i] = virtq_poll(&net.receiveq, &len);
        CHECK(token[i] != NULL, "virtq_poll() should give a token for each "
              "buffer, and gave NULL for buffer %u", i);
        for (unsigned k = 0; k < i; k++)
            CHECK(token[i] != token[k], "two buffers have the same token, so "
                  "nobody can tell which of them came back");
    }
}

TEST(test_post_says_what_virtq_add_says)
{
    rings_begin(HEADER, false);
    rx[0] = rings_rx();
    net.receiveq.broken = true;
    int error = virtio_net_post(&net, rx[0]);
    CHECK(error == -EIO, "posting to a broken queue should give what "
          "virtq_add() gives, %d; here %d", -EIO, error);
}

TEST(test_post_does_not_kick)
{
    rings_begin(HEADER, false);
    post_all(3);
    CHECK(fake.notified[RECEIVE] == 0 && kicks_asked_for == 0, "who posts "
          "many buffers kicks once, at the end: virtio_net_post() should leave "
          "it to its caller");
}

/* ---- 9.2: release ---- */

/* The device is done with a buffer, and the test takes it out itself. */
static void use_and_poll(uint32_t frame_len)
{
    static const uint8_t frame[ETHERNET_FRAME_MAX];
    uint32_t len;

    rings_frame_in(frame, frame_len);
    CHECK(virtq_poll(&net.receiveq, &len) != NULL, "a buffer comes back");
}

TEST(test_release_puts_the_buffer_back_into_the_ring)
{
    struct fake_chain chain;

    rings_begin(HEADER, false);
    post_all(1);
    for (unsigned i = 0; i < 100; i++) {
        use_and_poll(60);
        CHECK(in_the_ring() == 0, "the ring is empty");
        virtio_net_release(&rx[0]->netbuf);
        CHECK(in_the_ring() == 1, "after the release of a frame its buffer "
              "should be in the receiveq again: there are %u", in_the_ring());
    }
    CHECK(rings_take(RECEIVE, &chain), "the card should have the buffer again, "
          "and finds none");
    check_all_of_it(&chain, 1);
    CHECK(chain.write == rx[0]->memory, "the card should write "
          "from rx->memory on");
}

TEST(test_release_finds_the_buffer_that_the_netbuf_belongs_to)
{
    struct fake_chain chain;

    rings_begin(HEADER, false);
    post_all(RINGS_SIZE);
    for (unsigned i = 0; i < RINGS_SIZE; i++)
        use_and_poll(60);
    for (unsigned i = RINGS_SIZE; i-- > 0;) {
        /* What the stack has made of it is the stack's business. */
        memset(&rx[i]->netbuf, 0xee, sizeof rx[i]->netbuf);
        virtio_net_release(&rx[i]->netbuf);
        CHECK(rings_take(RECEIVE, &chain), "released buffer %u should be in "
              "the receiveq", i);
        check_all_of_it(&chain, 1);
        CHECK(chain.write == rx[i]->memory, "the netbuf of buffer %u was "
              "released, and another buffer went into the receiveq", i);
    }
}

TEST(test_release_has_the_card_told_later)
{
    rings_begin(HEADER, false);
    post_all(3);
    for (unsigned i = 0; i < 3; i++)
        use_and_poll(60);
    unsigned notified = fake.notified[RECEIVE];
    for (unsigned i = 0; i < 3; i++) {
        virtio_net_release(&rx[i]->netbuf);
        CHECK(kicks_asked_for == i + 1, "each release should call "
              "virtio_net_kick_later() once, or the card never hears of the "
              "buffer: %u releases, %u calls", i + 1, kicks_asked_for);
    }
    CHECK(fake.notified[RECEIVE] == notified, "the kick itself comes later, "
          "once for many: here the card was notified at once");
}

TEST(test_release_to_a_broken_card_ends_nothing)
{
    rings_begin(HEADER, false);
    post_all(1);
    use_and_poll(60);
    net.receiveq.broken = true;
    virtio_net_release(&rx[0]->netbuf);
    CHECK(in_the_ring() == 0, "a broken queue should take nothing");
}

/* ---- 9.3: receive ---- */

enum receiver { RELEASES, KEEPS };
static enum receiver receiver;
static struct netbuf *lent[RINGS_SIZE];
static unsigned lent_count;
static uint64_t frames;
static uint8_t wanted[ETHERNET_FRAME_MAX];
static uint32_t wanted_len;
static bool runts; /* come too, and should not be handed up */

static void check_netbuf(const struct netbuf *nb)
{
    CHECK(!runts || nb->len == wanted_len, "what came with %u bytes (header "
          "%u) is no frame, and was handed up", nb->len + net.header_size,
          net.header_size);
    CHECK(nb->len == wanted_len, "of a frame of %u bytes the netbuf should say "
          "%u bytes, here %u (the header has %u)", wanted_len, wanted_len,
          nb->len, net.header_size);
    CHECK(memcmp(nb->data, wanted, wanted_len) == 0, "the frame should begin "
          "right behind the header, and what is lent are other bytes: %02x "
          "%02x %02x %02x for %02x %02x %02x %02x", nb->data[0], nb->data[1],
          nb->data[2], nb->data[3], wanted[0], wanted[1], wanted[2],
          wanted[3]);
    CHECK(nb->next == NULL && nb->csum_start == 0 && nb->csum_offset == 0 &&
              nb->gso_size == 0 && nb->header_len == 0 && !nb->patient,
          "a netbuf should have no traces of the frame before: next, and what "
          "asks for checksums and cutting, should be zero");
    CHECK(nb->release == virtio_net_release, "whoever gets the frame gives it "
          "back by nb->release(), which should be virtio_net_release()");
}

static void receive(struct netdev *dev, struct netbuf *nb)
{
    CHECK(dev == &net.netdev, "receive() should be given the card's netdev");
    check_netbuf(nb);
    frames++;
    if (receiver == KEEPS)
        lent[lent_count++] = nb;
    /* It is the stack's until it is released, which may do this to it. */
    struct netbuf *itself = nb;
    memset(nb, receiver == RELEASES ? 0xee : 0, offsetof(struct netbuf, owner));
    if (receiver == RELEASES)
        virtio_net_release(itself);
}

static void begin(uint32_t header_size, bool apart, unsigned buffers)
{
    rings_begin(header_size, apart);
    net.netdev.receive = receive;
    receiver = RELEASES;
    lent_count = 0;
    frames = 0;
    post_all(buffers);
}

/* A new frame of `len` random bytes comes in. */
static void frame_in(uint32_t len)
{
    wanted_len = len;
    for (uint32_t i = 0; i < len; i++)
        wanted[i] = (uint8_t)unit_random();
    rings_frame_in(wanted, len);
}

static void check_full(void)
{
    CHECK(in_the_ring() == rx_count, "all %u receive buffers should be in the "
          "receiveq again, and %u are: the ring runs empty, and then nothing "
          "comes in", rx_count, in_the_ring());
}

static void frames_of_all_sizes(uint32_t header_size, bool apart)
{
    static const uint32_t sizes[] = { 42, 14, 15, 60, 600, 1513, 1514 };

    begin(header_size, apart, 4);
    for (unsigned i = 0; i < 70; i++) {
        frame_in(sizes[i % 7]);
        unsigned count = virtio_net_receive(&net, 64);
        CHECK(count == 1 && frames == i + 1, "one frame came in, and receive() "
              "should be called for it: here it was called %u times, and %u is "
              "what virtio_net_receive() says", (unsigned)frames - i, count);
        check_full();
    }
}

TEST(test_receive_lends_the_frame_where_it_lies_behind_the_header)
{
    begin(HEADER, false, 1);
    receiver = KEEPS;
    frame_in(60);
    CHECK(virtio_net_receive(&net, 64) == 1, "one frame came in, and "
          "virtio_net_receive() should say 1");
    CHECK(lent_count == 1 && lent[0] == &rx[0]->netbuf, "the frame should be "
          "lent where it lies: in the netbuf of its own virtio_net_rx");
    frames_of_all_sizes(HEADER, false);
}

TEST(test_receive_is_right_for_headers_of_10_bytes)
{
    frames_of_all_sizes(LEGACY, false);
    frames_of_all_sizes(LEGACY, true);
}

TEST(test_receive_finds_nothing_in_an_empty_ring)
{
    begin(HEADER, false, 4);
    CHECK(virtio_net_receive(&net, 64) == 0 && frames == 0, "nothing came in: "
          "virtio_net_receive() should say 0, and receive() not be called");
    check_full();
}

TEST(test_receive_takes_no_more_than_the_limit)
{
    static const unsigned limits[] = { 0, 1, 3, 64 };

    begin(HEADER, false, RINGS_SIZE);
    wanted_len = 60;
    for (unsigned i = 0; i < 10; i++)
        rings_frame_in(wanted, 60);
    for (unsigned i = 0, left = 10; i < 4; i++) {
        unsigned limit = limits[i], most = limit < left ? limit : left;
        unsigned count = virtio_net_receive(&net, limit);
        left -= most;
        CHECK(count == most, "with a limit of %u and %u frames there, "
              "virtio_net_receive() should take %u and say so; it says %u",
              limit, left + most, most, count);
        CHECK(frames == 10 - left, "and receive() should be called for "
              "each: %u times by now, here %u", 10 - left, (unsigned)frames);
    }
    check_full();
}

TEST(test_receive_counts_what_it_gives_back_too)
{
    begin(HEADER, false, 8);
    wanted_len = 60;
    runts = true;
    for (unsigned i = 0; i < 6; i++)
        rings_frame_in(wanted, i % 2 ? 60 : 5);
    unsigned count = virtio_net_receive(&net, 4);
    CHECK(count == 4 && frames == 2, "of three frames and three that are none, "
          "with a limit of 4, it should take 4, of which it lends 2; here %u "
          "and %u", count, (unsigned)frames);
    count = virtio_net_receive(&net, 4);
    CHECK(count == 2 && frames == 3, "then it should take 2, of which it "
          "lends 1; here %u and %u", count, (unsigned)frames - 2);
    check_full();
}

static void short_frames(uint32_t header_size)
{
    begin(header_size, false, 4);
    wanted_len = ETHERNET_HEADER_SIZE;
    runts = true;
    for (unsigned i = 0; i < 200; i++) {
        struct fake_chain chain;
        unsigned len = i % (header_size + ETHERNET_HEADER_SIZE);

        CHECK(rings_take(RECEIVE, &chain), "after %u of them the ring is "
              "empty: what is too short for a frame should go back into it", i);
        fake_chain_use(RECEIVE, chain.head, len, 1);
        virtio_net_receive(&net, 64);
        CHECK(frames == 0, "what came with %u bytes (header %u) is no frame, "
              "and was handed up", len, header_size);
        check_full();
    }
    CHECK(kicks_asked_for > 0, "each should be given back by "
          "virtio_net_release(), or as that does it, so that the card is told "
          "of the buffer: here virtio_net_kick_later() was called not once in "
          "200 turns");
    CHECK(kicks_asked_for == 200, "in each turn with such a buffer "
          "virtio_net_kick_later() should be called for it, 200 times in 200 "
          "turns; here %u times", kicks_asked_for);
    runts = false;
    frame_in(ETHERNET_HEADER_SIZE);
    virtio_net_receive(&net, 64);
    CHECK(frames == 1, "a frame of exactly %u bytes is one, and should be "
          "handed up", ETHERNET_HEADER_SIZE);
}

TEST(test_receive_gives_back_what_is_too_short_for_a_frame)
{
    short_frames(HEADER);
    short_frames(LEGACY);
}

TEST(test_receive_gives_back_what_comes_before_there_is_a_receive)
{
    begin(HEADER, false, 4);
    net.netdev.receive = NULL;
    for (unsigned i = 0; i < 50; i++) {
        frame_in(60);
        CHECK(virtio_net_receive(&net, 64) == 1, "a frame came in, for "
              "nobody: it counts all the same, so 1 should be said");
        check_full();
    }
    net.netdev.receive = receive;
    frame_in(60);
    virtio_net_receive(&net, 64);
    CHECK(frames == 1, "as soon as there is a receive(), it should get frames");
}

TEST(test_receive_lends_for_as_long_as_the_stack_likes)
{
    begin(HEADER, false, RINGS_SIZE);
    receiver = KEEPS;
    wanted_len = 60;
    for (unsigned i = 0; i < RINGS_SIZE; i++)
        rings_frame_in(wanted, 60);
    CHECK(virtio_net_receive(&net, 64) == RINGS_SIZE, "%u frames came "
          "in, and receive() should have them all", RINGS_SIZE);
    CHECK(in_the_ring() == 0 && virtio_net_receive(&net, 64) == 0,
          "while the stack has them, the card should have none");
    for (unsigned i = 0; i < RINGS_SIZE; i += 2)
        virtio_net_release(lent[i]);
    CHECK(in_the_ring() == RINGS_SIZE / 2, "half of them were released: %u "
          "should be in the receiveq, here %u", RINGS_SIZE / 2, in_the_ring());
    for (unsigned i = RINGS_SIZE - 1; i < RINGS_SIZE; i -= 2)
        virtio_net_release(lent[i]);
    check_full();
}

TEST(test_receive_carries_70000_frames_through_a_ring_of_32)
{
    begin(HEADER, false, RINGS_SIZE);
    for (unsigned i = 0; i < 70000; i++) {
        frame_in(14 + i % 50);
        virtio_net_receive(&net, 64);
        CHECK(frames == i + 1, "%u frames came in, and frame %u is not there",
              i + 1, i + 1);
    }
    check_full();
}
