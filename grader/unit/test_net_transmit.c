/* SPDX-License-Identifier: MIT */
/*
 * test_net_transmit.c - lab 09, steps 9.4 and 9.5: frames go to the card, and
 * what it has sent is given back to who gave it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_rings.h"
#include "lib/errno.h"

enum { HEADER = 12, LEGACY = VIRTIO_NET_HDR_LEGACY };

static unsigned released;

static void release(struct netbuf *nb)
{
    released++;
    free(nb->data);
    free(nb); /* whoever looks at it from here on is told */
}

/* A netbuf with `len` bytes, all of them `fill`. */
static struct netbuf *piece(uint32_t len, int fill, struct netbuf *next)
{
    struct netbuf *nb = calloc(1, sizeof *nb);

    *nb = (struct netbuf){ .next = next, .data = malloc(len ? len : 1),
                           .len = len, .release = release };
    memset(nb->data, fill, len);
    return nb;
}

/* A frame in so many pieces of `len` bytes each. */
static struct netbuf *pieces(unsigned count, uint32_t len)
{
    struct netbuf *frame = NULL;

    while (count-- > 0)
        frame = piece(len, (int)(0x40 + count), frame);
    return frame;
}

static void discard(struct netbuf *frame)
{
    while (frame != NULL) {
        struct netbuf *next = frame->next;
        free(frame->data);
        free(frame);
        frame = next;
    }
}

static void begin(uint32_t header_size, unsigned tx_count)
{
    rings_begin(header_size, false);
    rings_tx(tx_count);
    released = 0;
}

static void send(struct netbuf *frame)
{
    unsigned count = 0, empty = 0;
    uint32_t len = 0;
    char cut[64] = "";

    for (struct netbuf *nb = frame; nb != NULL; nb = nb->next) {
        len += nb->len;
        count++;
        empty += nb->len == 0;
    }
    if (frame->gso_size != 0)
        snprintf(cut, sizeof cut, ", to be cut into pieces of %u,",
                 frame->gso_size);
    int error = virtio_net_send(&net, frame);
    CHECK(error == 0, "there is room, and a frame of %u bytes (netbufs: %u, "
          "of these empty: %u)%s is one to send: virtio_net_send() should give "
          "0, and gives %d", len, count, empty, cut, error);
}

static struct fake_chain take(void)
{
    static struct fake_chain chain;

    CHECK(rings_take(TRANSMIT, &chain), "the card should find the frame in the "
          "transmitq, and there is none");
    CHECK(chain.in == 0, "the card should only read what is sent: here it has "
          "%u descriptors to write", chain.in);
    return chain;
}

/* ---- 9.4: send ---- */

static void check_header(const struct fake_chain *chain)
{
    CHECK(chain->pieces[0].len == net.header_size, "the first descriptor "
          "should be the header's, which has %u bytes for this card: here it "
          "has %u", net.header_size, chain->pieces[0].len);
    for (unsigned at = 0; at < net.header_size; at++)
        CHECK(chain->read[at] == 0, "the header of a frame that asks for "
              "nothing should be all zero: byte %u is 0x%02x", at,
              chain->read[at]);
}

static void one_piece(uint32_t header_size)
{
    begin(header_size, 4);
    struct netbuf *frame = piece(60, 0x5a, NULL);
    send(frame);
    struct fake_chain chain = take();
    CHECK(chain.out == 2, "a frame in one piece should make two descriptors, "
          "the header's and its own: here %u", chain.out);
    check_header(&chain);
    CHECK(chain.pieces[1].data == frame->data, "the card should read the frame "
          "where it lies, without a copy");
    CHECK(chain.pieces[1].len == 60, "the card should read "
          "all 60 bytes of it, here %u", chain.pieces[1].len);
    CHECK(released == 0, "the card still has the frame, and it was released");
}

TEST(test_send_puts_a_header_of_zeros_before_the_frame)
{
    one_piece(HEADER);
}

TEST(test_send_keeps_to_the_header_size_of_this_card)
{
    one_piece(LEGACY);
    one_piece(HEADER);
}

TEST(test_send_has_a_descriptor_for_each_piece_that_is_not_empty)
{
    begin(HEADER, 4);
    struct netbuf *frame = piece(0, 0, piece(14, 1, piece(0, 0,
                           piece(20, 2, piece(300, 3, piece(0, 0, NULL))))));
    send(frame);
    struct fake_chain chain = take();
    CHECK(chain.out == 4, "of six pieces three are empty: with the header's "
          "there should be 4 descriptors, here %u", chain.out);
    check_header(&chain);
    for (unsigned i = 1; i < 4; i++) {
        static const uint32_t lens[] = { 0, 14, 20, 300 };
        CHECK(chain.pieces[i].len == lens[i] &&
                  *(uint8_t *)chain.pieces[i].data == i,
              "piece %u that is not empty has %u bytes, and should be "
              "what comes as piece %u", i, lens[i], i);
    }
}

TEST(test_send_asks_the_card_for_what_the_frame_asks_for)
{
    begin(HEADER, 4);
    struct netbuf *frame = piece(60, 0x5a, NULL);
    frame->csum_start = 34;
    frame->csum_offset = 16;
    send(frame);
    struct fake_chain chain = take();
    CHECK(chain.read[0] == VIRTIO_NET_HDR_F_NEEDS_CSUM && chain.read[6] == 34 &&
              chain.read[8] == 16,
          "for a frame that needs a checksum the header should say so: "
          "virtio_net_offload() writes it");
    frame = piece(4000, 0x5a, NULL);
    frame->gso_size = 1460;
    frame->header_len = 54;
    send(frame);
    chain = take();
    CHECK(chain.read[1] == VIRTIO_NET_HDR_GSO_TCPV4 && chain.read[2] == 54,
          "and so should that of a frame that the card shall cut");
}

TEST(test_send_remembers_the_frame_in_its_virtio_net_tx)
{
    uint32_t len;

    begin(HEADER, 4);
    struct netbuf *frame = piece(60, 0x5a, NULL);
    send(frame);
    CHECK(rings_tx_free() == 3, "of 4 virtio_net_tx one is on its way: 3 "
          "should be free, here %u", rings_tx_free());
    struct fake_chain chain = take();
    fake_chain_use(TRANSMIT, chain.head, 0, 1);
    struct virtio_net_tx *tx = virtq_poll(&net.transmitq, &len);
    CHECK(tx != NULL && tx->frame == frame, "the chain's token should be the "
          "virtio_net_tx, and its frame the one that was sent: who resets a "
          "broken card finds the frames that way");
    discard(frame);
}

TEST(test_send_does_not_kick)
{
    begin(HEADER, 4);
    send(piece(60, 0x5a, NULL));
    CHECK(fake.notified[TRANSMIT] == 0 && kicks_asked_for == 0, "who sends "
          "many frames announces them together: virtio_net_send() should leave "
          "it to its caller");
}

/* ---- 9.4: what it refuses ---- */

/* As it was before a frame that is refused. */
struct before {
    unsigned tx, free;
    uint16_t avail_idx;
};

static struct before before(void)
{
    return (struct before){ rings_tx_free(), net.transmitq.num_free,
                            net.transmitq.avail_idx };
}

static void check_untouched(struct before was, const char *what)
{
    CHECK(rings_tx_free() == was.tx, "%s: nothing was taken, so %u "
          "virtio_net_tx should be free; here %u", what, was.tx,
          rings_tx_free());
    CHECK(net.transmitq.num_free == was.free &&
              net.transmitq.avail_idx == was.avail_idx,
          "%s: the ring should be as it was", what);
    CHECK(released == 0, "%s: nothing was taken, and so nothing should be "
          "released", what);
}

static void check_refused(struct netbuf *frame, const char *what)
{
    struct before was = before();
    int error = virtio_net_send(&net, frame);

    CHECK(error == -EINVAL, "%s should be refused with -EINVAL (%d), here "
          "%d", what, -EINVAL, error);
    check_untouched(was, what);
    discard(frame);
}

TEST(test_send_refuses_what_is_no_frame)
{
    begin(HEADER, 4);
    check_refused(piece(0, 0, NULL), "a frame of nothing");
    check_refused(piece(0, 0, piece(0, 0, NULL)), "a frame of two nothings");
    check_refused(piece(13, 0, NULL), "a frame of 13 bytes");
    check_refused(pieces(2, 6), "a frame of 6 and 6 bytes");
    send(piece(14, 0, NULL));
}

TEST(test_send_refuses_a_frame_that_is_too_long)
{
    begin(HEADER, 4);
    check_refused(piece(1515, 0, NULL), "a frame of 1515 bytes");
    check_refused(piece(1500, 0, piece(15, 0, NULL)), "1500 and 15 bytes");
    send(piece(1500, 0, piece(14, 0, NULL)));
    net.frame_max = 9014;
    check_refused(piece(9015, 0, NULL), "9015 bytes, for a card of 9014,");
    send(piece(9014, 0, NULL));
}

TEST(test_send_is_not_fooled_by_lengths_whose_sum_is_small)
{
    begin(HEADER, 4);
    struct netbuf *frame = piece(60, 0, piece(60, 0, NULL));
    frame->next->len = UINT32_MAX - 40;
    check_refused(frame, "60 and 2^32 - 41 bytes");
}

TEST(test_send_lets_a_frame_that_is_to_be_cut_be_longer)
{
    begin(HEADER, 4);
    struct netbuf *frame = piece(VIRTIO_NET_CUT_MAX, 0, NULL);
    frame->gso_size = 1460;
    send(frame);
    frame = piece(VIRTIO_NET_CUT_MAX, 0, piece(1, 0, NULL));
    frame->gso_size = 1460;
    check_refused(frame, "a frame to be cut of more than VIRTIO_NET_CUT_MAX");
}

TEST(test_send_refuses_more_pieces_than_there_may_be)
{
    begin(HEADER, 4);
    check_refused(pieces(NETDEV_PIECES_MAX + 1, 20), "a frame in 17 pieces");
    check_refused(pieces(1000, 1), "a frame in 1000 pieces");
    /* As many as there may be; empty ones need no descriptor. */
    struct netbuf *frame = pieces(NETDEV_PIECES_MAX, 20);
    for (unsigned i = 0; i < 20; i++)
        frame = piece(0, 0, frame);
    send(frame);
    struct fake_chain chain = take();
    CHECK(chain.out == 17, "16 pieces and the header's should make 17 "
          "descriptors, here %u", chain.out);
}

TEST(test_send_that_finds_no_room_has_taken_nothing)
{
    struct before was;
    int error;

    begin(HEADER, 100);
    for (unsigned i = 0; i < RINGS_SIZE / 2; i++)
        send(piece(60, 0, NULL));
    struct netbuf *frame = piece(60, 0, NULL);
    was = before();
    error = virtio_net_send(&net, frame);
    CHECK(error == -ENOSPC, "in a full ring there should be no room, -ENOSPC "
          "(%d); here %d", -ENOSPC, error);
    check_untouched(was, "a full ring");

    begin(HEADER, 0);
    was = before();
    error = virtio_net_send(&net, frame);
    CHECK(error == -ENOSPC, "without a virtio_net_tx there should be no room, "
          "-ENOSPC (%d); here %d", -ENOSPC, error);
    check_untouched(was, "no virtio_net_tx");

    begin(HEADER, 4);
    net.transmitq.broken = true;
    was = before();
    error = virtio_net_send(&net, frame);
    CHECK(error == -EIO, "to a broken card nothing can be sent, and it should "
          "be refused with -EIO (%d); here %d", -EIO, error);
    check_untouched(was, "a broken card");
    discard(frame);
}

/* ---- 9.5: reclaim ---- */

static void sent(uint16_t head)
{
    fake_chain_use(TRANSMIT, head, 0, 1);
}

TEST(test_reclaim_releases_each_piece_of_a_frame_once)
{
    begin(HEADER, 4);
    send(pieces(7, 20));
    struct fake_chain chain = take();
    virtio_net_reclaim(&net);
    CHECK(released == 0, "the card still has the frame, and %u of its pieces "
          "were released", released);
    sent(chain.head);
    virtio_net_reclaim(&net);
    CHECK(released == 7, "the frame has been sent: each of its 7 netbufs "
          "should be released, here %u were", released);
    virtio_net_reclaim(&net);
    CHECK(released == 7, "each should be released once, and here %u more were "
          "the next time", released - 7);
    CHECK(rings_tx_free() == 4, "all 4 virtio_net_tx should be free, so that "
          "they can be used again; here %u", rings_tx_free());
}

TEST(test_reclaim_takes_all_that_the_card_is_done_with_and_nothing_else)
{
    uint16_t heads[6];

    begin(HEADER, 8);
    for (unsigned i = 0; i < 6; i++) {
        send(piece(60, 0, NULL));
        heads[i] = take().head;
    }
    sent(heads[4]);
    sent(heads[1]);
    sent(heads[3]);
    virtio_net_reclaim(&net);
    CHECK(released == 3 && rings_tx_free() == 5, "of 6 frames 3 have been "
          "sent, in an order of the card's own: 3 should be released, here %u, "
          "and 5 virtio_net_tx free, here %u", released, rings_tx_free());
    sent(heads[0]);
    sent(heads[5]);
    sent(heads[2]);
    virtio_net_reclaim(&net);
    CHECK(released == 6 && rings_tx_free() == 8, "then all should be back: "
          "6 netbufs released, here %u, and 8 virtio_net_tx free, here %u",
          released, rings_tx_free());
}

static unsigned answers;

/* A stack that sends the next frame as soon as one is back. */
static void release_and_send(struct netbuf *nb)
{
    release(nb);
    if (answers > 0) {
        struct netbuf *next = piece(60, 0, NULL);
        next->release = release_and_send;
        answers--;
        send(next);
    }
}

TEST(test_reclaim_lets_release_send_the_next_frame)
{
    begin(HEADER, 4);
    answers = 100;
    struct netbuf *frame = piece(60, 0, NULL);
    frame->release = release_and_send;
    send(frame);
    for (unsigned i = 0; i <= 100; i++) {
        sent(take().head);
        virtio_net_reclaim(&net);
        CHECK(released == i + 1, "frame %u was sent, and should be "
              "released: here %u were by now", i + 1, released);
    }
    CHECK(rings_tx_free() == 4, "all 4 virtio_net_tx should be free, here %u",
          rings_tx_free());
}

TEST(test_reclaim_makes_room_for_70000_frames)
{
    begin(HEADER, 4);
    for (unsigned i = 0; i < 70000; i++) {
        int error = virtio_net_send(&net, pieces(1 + i % 3, 20));
        CHECK(error == 0, "frame %u finds no room (%d), though all before it "
              "were sent and reclaimed", i + 1, error);
        struct fake_chain chain = take();
        check_header(&chain);
        sent(chain.head);
        virtio_net_reclaim(&net);
        released -= 1 + i % 3;
        CHECK(released == 0, "frame %u had %u pieces, and another number was "
              "released", i + 1, 1 + i % 3);
    }
    CHECK(rings_tx_free() == 4 && net.transmitq.num_free == RINGS_SIZE,
          "nothing should be on its way any more");
}
