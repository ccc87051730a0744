/* SPDX-License-Identifier: MIT */
/*
 * test_stream_receive.c - lab 11: what comes is offered until it is taken.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/buffers.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"

TEST(test_what_comes_is_received)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100000);

    peer_send(p, data, 100000);
    CHECK(owner.count == 100000 && memcmp(owner.bytes, data, 100000) == 0,
          "100000 bytes are received as they were sent, here %zu",
          owner.count);
    CHECK(card.lent == 0, "the card has its buffers back");
    finish(p);
}

TEST(test_more_than_a_window_is_received)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(4 * WINDOW);

    for (unsigned i = 0; i < 4 * WINDOW; i += 4096)
        peer_send(p, data + i, 4096);
    card_sleep(1000);
    CHECK(owner.count == 4 * WINDOW &&
          memcmp(owner.bytes, data, 4 * WINDOW) == 0, "four windows full are "
          "received, here %zu bytes", owner.count);
    CHECK(p->acked == 4 * WINDOW && p->window >= WINDOW / 2, "the window is "
          "open again: %u bytes acknowledged, window %u", p->acked, p->window);
    finish(p);
}

static void take_no_more(struct stream *s)
{
    (void)s;
    owner.takes = 0;
}

TEST(test_the_window_opens_by_what_was_taken)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(WINDOW);
    uint32_t edge;

    owner.takes = 0;
    peer_send(p, data, 10 * PEER_SEGMENT);
    card_sleep(1000);
    edge = p->acked + p->window;
    CHECK(edge <= WINDOW, "while nothing is taken the window's edge stays at "
          "%u, here it is at %u", WINDOW, edge);
    CHECK(p->acked == 10 * PEER_SEGMENT, "what came is acknowledged");
    for (unsigned taken = 1; taken <= 4; taken++) {
        owner.takes = PEER_SEGMENT;
        owner.in_receive = take_no_more;
        stream_resume(owner.stream);
        card_sleep(1000);
        send_all(owner.stream, 1);      /* the window goes with it */
        card_run();
        edge = p->acked + p->window;
        CHECK(edge + 16 > WINDOW + taken * PEER_SEGMENT &&
              edge <= WINDOW + taken * PEER_SEGMENT, "after %u bytes were "
              "taken the window's edge is at %u, here at %u",
              taken * PEER_SEGMENT, WINDOW + taken * PEER_SEGMENT, edge);
    }
    finish(p);
}

TEST(test_a_window_full_that_nobody_takes_is_kept_without_the_cards_buffers)
{
    struct peer *p = start_connected(), *other;
    struct stream *first = owner.stream;
    uint8_t *data = random_bytes(WINDOW);

    pool_set_limit("PBUF_POOL", WINDOW / PEER_SEGMENT);
    owner.takes = 0;
    for (unsigned i = 0; i < WINDOW; i += 4096)
        peer_send(p, data + i, 4096);
    CHECK(card.lent <= RECEIVED_KEPT_MAX + 1, "of the card's buffers at most "
          "%d are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    other = peer_connect(PORT);
    CHECK(other->established, "others still get through");
    owner.in_receive = abort_it;
    owner.takes = SIZE_MAX;
    peer_send(other, data, 100);
    CHECK(owner.count == 100, "and are received");
    owner.in_receive = NULL;
    owner.dead = false;
    owner.count = 0;
    stream_resume(first);
    card_run();
    CHECK(owner.count == WINDOW && memcmp(owner.bytes, data, WINDOW) == 0,
          "then the window full is taken as it came, here %zu bytes",
          owner.count);
    peer_reset(p);
    check_all_gone();
}

TEST(test_segments_larger_than_agreed_are_kept_whole)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100 * PEER_LARGEST);

    pool_set_limit("PBUF_POOL", 300);
    owner.takes = 0;
    while (p->sent < 100 * PEER_LARGEST) {
        uint32_t at = p->sent;

        p->sent += PEER_LARGEST;
        peer_anything(p, 24, at, 0, 0xffff, NULL, 0, data + at, PEER_LARGEST);
        card_run();
    }
    CHECK(card.lent <= RECEIVED_KEPT_MAX + 1, "of the card's buffers at most "
          "%d are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.count == 100 * PEER_LARGEST &&
          memcmp(owner.bytes, data, owner.count) == 0, "all of it is taken as "
          "it came, here %zu bytes", owner.count);
    finish(p);
}

TEST(test_bytes_that_come_one_by_one_are_kept_close_together)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(5000);

    owner.takes = 0;
    for (unsigned i = 0; i < 5000; i++)
        peer_send(p, data + i, 1);
    CHECK(card.lent <= RECEIVED_KEPT_MAX + 1, "of the card's buffers at most "
          "%d are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    CHECK(pool_out("PBUF_POOL") <= 8, "5000 bytes lie in 4 buffers of ours, "
          "or a few more, here in %u", pool_out("PBUF_POOL"));
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.count == 5000 && memcmp(owner.bytes, data, 5000) == 0, "they "
          "are taken as they came, here %zu", owner.count);
    finish(p);
}

TEST(test_a_stream_that_leaves_bytes_lying_ends_when_memory_does)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(WINDOW);

    pool_set_limit("PBUF_POOL", 10);
    owner.takes = 0;
    for (unsigned i = 0; i < WINDOW && !p->reset; i += 4096)
        peer_send(p, data + i, 4096);
    CHECK(p->reset && owner.errors == 1 && owner.error == -ENOMEM, "without "
          "memory to keep them in the stream ends with -ENOMEM, here %u "
          "errors, %d", owner.errors, owner.error);
    check_all_gone();
}

TEST(test_segments_that_come_too_early_wait_their_turn)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(10000);

    p->sent = 10000;
    peer_send_at(p, 4000, data + 4000, 6000);
    CHECK(owner.count == 0, "what is not its turn is not received");
    peer_send_at(p, 0, data, 5000);
    CHECK(owner.count == 10000 && memcmp(owner.bytes, data, 10000) == 0,
          "then everything is, in order, here %zu", owner.count);
    finish(p);
}

TEST(test_early_segments_keep_few_of_the_cards_buffers)
{
    struct peer *p[8];
    uint8_t *data = random_bytes(PEER_SEGMENT);

    start();
    for (unsigned i = 0; i < 8; i++) {
        p[i] = peer_connect(PORT);
        p[i]->sent = 100000;
        for (unsigned at = 1; at < 60; at++)
            peer_send_at(p[i], at * PEER_SEGMENT, data, PEER_SEGMENT);
    }
    CHECK(card.lent <= 2 * RECEIVED_KEPT_MAX, "eight peers that skip their "
          "first segment keep few of the card's buffers, here %u", card.lent);
    for (unsigned i = 0; i < 8; i++) {
        owner.dead = false;
        p[i]->sent = 0;
        peer_reset(p[i]);
    }
    check_all_gone();
}
