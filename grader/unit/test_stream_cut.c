/* SPDX-License-Identifier: MIT */
/*
 * test_stream_cut.c - segments larger than the wire's: what is lost, late or
 * twice there, and what an acknowledgement means that ends inside one.
 */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"
#include "without/without.h"

enum { BODY = 1 << 20, LARGE = 20000 };

/* ---- Large, where the card can ------------------------------------------- */

static void start_body(unsigned len)
{
    big_make(len);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
}

static void check_body(const struct peer *p, unsigned len)
{
    CHECK(p->count == len && memcmp(p->bytes, big_copy, len) == 0, "%u bytes "
          "arrive as they were sent, here %u", len, p->count);
}

/* A connection over a card with these features. */
static struct peer *start_with(uint32_t features)
{
    card.netdev.features = features;
    return start_connected();
}

static struct peer *start_cutting(void)
{
    return start_with(NETDEV_CHECKSUM | NETDEV_TSO4);
}

TEST(test_a_card_that_cuts_is_given_large_segments)
{
    struct peer *p = start_cutting();

    start_body(BODY);
    card_run();
    check_body(p, BODY);
    CHECK(card.sent < p->segments / 4 && card.longest > 60000, "%u segments "
          "of the wire's leave in far fewer, here %u, the longest of %zu "
          "bytes", p->segments, card.sent, card.longest);
    CHECK(p->segments < BODY / PEER_SEGMENT + 40, "and those are full, here "
          "%u", p->segments);
    finish(p);
}

static void check_never_large(void)
{
    struct peer *p = start_connected();

    start_body(BODY);
    card_run();
    check_body(p, BODY);
    CHECK(card.large == 0 && card.longest <= ETHERNET_FRAME_MAX, "no frame is "
          "longer than the wire's, here %zu bytes", card.longest);
    finish(p);
}

TEST(test_a_card_that_does_not_cut_is_given_the_wires_segments)
{
    card.netdev.features = NETDEV_CHECKSUM;
    check_never_large();
}

TEST(test_without_checksums_nothing_is_cut)
{
    card.netdev.features = NETDEV_TSO4;
    check_never_large();
}

TEST(test_without_transmit_each_frame_is_copied_into_one_piece)
{
    card.netdev.features = NETDEV_CHECKSUM | NETDEV_TSO4;
    without_what = 1u << WITHOUT_TRANSMIT;
    check_never_large();
    CHECK(card.pieces == 1, "each frame is in one piece, here in %u",
          card.pieces);
}

static size_t read_and_stop(struct stream *s, const uint8_t *data, size_t len)
{
    (void)s, (void)data, (void)len;
    return 0;
}

TEST(test_without_receive_the_card_has_its_buffers_back_at_once)
{
    static const struct stream_events reads_nothing = {
        read_and_stop, NULL, NULL, NULL,
    };
    struct peer *p;

    without_what = 1u << WITHOUT_RECEIVE;
    p = start_cutting();
    stream_attach(owner.stream, &reads_nothing, &owner);
    peer_send(p, random_bytes(LARGE), LARGE);
    CHECK(card.lent == 0, "what nobody has taken yet lies in memory of ours, "
          "but %u of the card's buffers are lent", card.lent);
    stream_attach(owner.stream, &owner_events, &owner);
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.count == LARGE, "%d bytes are there, here %zu", LARGE,
          owner.count);
    finish(p);
}

TEST(test_the_peers_mss_is_what_the_card_cuts_by)
{
    struct peer *p;

    peers_mss = 536;            /* tcp_peer.c looks at each */
    p = start_cutting();
    start_body(BODY / 4);
    card_run();
    check_body(p, BODY / 4);
    CHECK(card.large > 0, "some were cut");
    finish(p);
}

TEST(test_the_first_window_is_of_ten_segments)
{
    struct peer *p = start_cutting();

    p->silent = true;
    start_body(BODY);
    card_run();
    CHECK(p->segments == 10 && p->count == 14600, "before anything is "
          "acknowledged 10 segments leave, here %u", p->segments);
    p->silent = false;
    peer_acknowledge(p, p->count);
    card_sleep(5000);
    check_body(p, BODY);
    finish(p);
}

/* A segment may be in no more pieces than the card takes. */
TEST(test_pieces_of_any_size_go_in_one_order)
{
    static uint8_t copy[BODY];
    struct peer *p = start_cutting();
    size_t len = 0;

    start_body(100000);         /* until the window is wide */
    card_run();
    p->silent = true;
    while (len < 300000) {
        size_t n = 1 + unit_random_below(unit_random_below(4) ? 4096 : 9);
        uint8_t *sent;

        if (stream_room(owner.stream) < n)
            break;
        sent = send_all(owner.stream, n);
        memcpy(copy + len, sent, n);
        free(sent);
        len += n;
    }
    p->silent = false;
    peer_acknowledge(p, p->count);
    card_sleep(5000);
    CHECK(len > 100000 && p->count == 100000 + len &&
          memcmp(p->bytes + 100000, copy, len) == 0, "%zu bytes in small "
          "pieces arrive in order, here %u", len, p->count);
    finish(p);
}

/* ---- Acknowledgements ---------------------------------------------------- */

/* Some large segments are under way, and nothing of them acknowledged. */
static struct peer *start_under_way(void)
{
    struct peer *p = start_cutting();
    uint32_t before = 200000;

    send_all(owner.stream, before);     /* until the window is wide */
    card_run();
    CHECK(p->count == before, "%u bytes arrive", before);
    p->silent = true;
    released = 0;
    p->segments = p->again = 0;
    send_all(owner.stream, 2 * LARGE);
    send_all(owner.stream, 2 * LARGE);
    card_run();
    CHECK(p->count == before + 4 * LARGE && card.longest > LARGE, "%d bytes "
          "are under way in large segments", 4 * LARGE);
    return p;
}

TEST(test_an_acknowledgement_inside_a_segment_counts)
{
    struct peer *p = start_under_way();
    uint32_t first = p->count - 4 * LARGE;
    size_t room = stream_room(owner.stream);

    peer_acknowledge(p, first + 2 * LARGE);
    CHECK(released == 1, "what ends inside of a large segment is released, "
          "here %u", released);
    CHECK(stream_room(owner.stream) > room, "and there is room for more");
    p->segments = 0;
    card_sleep(10000);
    CHECK(p->segments >= 1 && p->again == p->segments, "after a while it is "
          "sent again");
    p->silent = false;
    peer_acknowledge(p, first + 4 * LARGE);
    CHECK(released == 2, "the second piece is released with the rest");
    finish(p);
}

TEST(test_after_a_time_out_one_segment_of_the_wires_is_sent)
{
    struct peer *p = start_under_way();
    uint32_t first = p->count - 4 * LARGE;
    size_t room;

    peer_acknowledge(p, first + 2 * LARGE);
    p->segments = 0;
    while (p->segments == 0)
        card_sleep(100);
    CHECK(p->segments == 1, "after a time-out one segment is sent, here %u",
          p->segments);
    peer_acknowledge(p, first + 2 * LARGE + PEER_SEGMENT);
    CHECK(p->segments <= 4, "and when it is acknowledged two or three more, "
          "here %u", p->segments - 1);
    room = stream_room(owner.stream);
    peer_acknowledge(p, first + 3 * LARGE);
    CHECK(stream_room(owner.stream) >= room + LARGE - 4 * PEER_SEGMENT, "what "
          "is acknowledged of that which waits to be sent again, is gone");
    p->silent = false;
    peer_acknowledge(p, p->count);
    finish(p);
}

TEST(test_what_is_lost_once_is_sent_once_more_and_nothing_else)
{
    struct peer *p = start_cutting();

    send_all(owner.stream, 200000);
    card_run();
    for (unsigned lost = 1; lost < 60; lost += 7) {
        uint32_t before = p->count;

        p->segments = p->again = 0;
        p->lose = lost;
        send_all(owner.stream, 60 * PEER_SEGMENT);
        card_run();             /* not a millisecond passes */
        CHECK(p->count == before + 60 * PEER_SEGMENT || lost > 57, "segment "
              "%u was lost and comes again at once, after duplicates", lost);
        card_sleep(5000);
        CHECK(p->count == before + 60 * PEER_SEGMENT, "it comes again");
        CHECK(p->again == 0 || lost > 57, "nothing is sent again that has "
              "arrived, here %u segments (%u)", p->again, lost);
    }
    finish(p);
}

/* ---- Weather ------------------------------------------------------------- */

static void check_comes_through(struct peers_wire wire, uint16_t mss)
{
    struct peer *p;

    peers_mss = mss;
    p = start_cutting();
    peers_wire = wire;
    start_body(BODY);
    card_sleep(1200000);
    check_body(p, BODY);
    CHECK(card.large > 0, "some segments were large");
    peers_wire = (struct peers_wire){ 0 };
    finish(p);
}

TEST(test_every_seventh_lost)
{
    check_comes_through((struct peers_wire){ .lost = 7 }, PEER_SEGMENT);
}

TEST(test_every_fiftieth_lost)
{
    check_comes_through((struct peers_wire){ .lost = 50 }, PEER_SEGMENT);
}

TEST(test_every_fifth_late)
{
    check_comes_through((struct peers_wire){ .late = 5 }, PEER_SEGMENT);
}

TEST(test_every_second_twice)
{
    check_comes_through((struct peers_wire){ .twice = 2 }, PEER_SEGMENT);
}

TEST(test_all_of_it_and_small_segments)
{
    check_comes_through((struct peers_wire){ 31, 7, 3 }, 536);
}

/* Many connections with large bodies, few segments, and a bad line. */
TEST(test_many_large_bodies_share_and_none_stalls)
{
    enum { PEERS = 16 };
    static uint8_t body[BODY];
    struct stream *stream[PEERS];
    struct peer *p[PEERS];
    uint32_t least = 0;

    card.netdev.features = NETDEV_CHECKSUM | NETDEV_TSO4;
    start();
    pool_set_limit("TCP_SEG", 300);
    owner.in_writable = NULL;
    for (unsigned i = 0; i < PEERS; i++) {
        p[i] = peer_connect(PORT);
        stream[i] = owner.stream;
    }
    peers_wire.lost = 100;
    for (unsigned round = 0; round < 3000 && least < BODY; round++) {
        least = BODY;
        for (unsigned i = 0; i < PEERS; i++) {
            struct stream *s = stream[i];
            uint64_t at = s->accepted;

            if (at < BODY)
                stream_send(s, body + at, BODY - (size_t)at, false, NULL,
                            NULL);
            least = p[i]->count < least ? p[i]->count : least;
        }
        card_sleep(100);
    }
    for (unsigned i = 0; i < PEERS; i++)
        CHECK(p[i]->count == BODY, "each of %d gets %d bytes, number %u got "
              "%u", PEERS, BODY, i, p[i]->count);
}
