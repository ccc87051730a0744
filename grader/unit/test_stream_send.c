/* SPDX-License-Identifier: MIT */
/*
 * test_stream_send.c - lab 11: what is sent arrives, and what was
 * lent comes back.
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

TEST(test_small_pieces_leave_together)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 100);
    send_all(owner.stream, 200);
    send_all(owner.stream, 300);
    card_run();
    CHECK(p->count == 600 && p->segments == 1, "three small pieces that are "
          "sent in one round leave in one segment, here in %u", p->segments);
    finish(p);
}

TEST(test_nothing_is_copied)
{
    struct peer *p = start_connected();
    struct loan *loan = loan_make(1000);
    const uint8_t *at = loan->bytes;

    card.frame = NULL;
    loan_send(owner.stream, loan, false);
    card_run();
    CHECK(card.last == at, "the card is shown the very bytes that were given "
          "to stream_send()");
    peers_start();
    card_sleep(5000);           /* the first transmission was lost */
    finish(p);
}

TEST(test_release_waits_for_the_acknowledgement)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    card_run();
    CHECK(p->count == 1000, "1000 bytes have arrived");
    CHECK(released == 0, "nothing is released before it is acknowledged");
    peer_acknowledge(p, 1000);
    CHECK(released == 1, "what is acknowledged is released, here %u times",
          released);
    finish(p);
}

TEST(test_half_a_segment_acknowledged_releases_nothing_of_it)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 400);
    send_all(owner.stream, 400);
    card_run();
    CHECK(p->segments == 1, "both pieces are in one segment");
    peer_acknowledge(p, 500);
    CHECK(released == 0, "a segment of which a part is acknowledged will be "
          "sent again as a whole: nothing of it is released");
    card_sleep(5000);
    CHECK(p->again > 0, "it is sent again");
    peer_acknowledge(p, 800);
    CHECK(released == 2, "both are released then, here %u", released);
    finish(p);
}

TEST(test_release_comes_for_each_piece_in_turn)
{
    struct peer *p = start_connected();

    p->silent = true;
    for (unsigned i = 0; i < 8; i++) {
        send_all(owner.stream, PEER_SEGMENT);
        card_run();
    }
    for (unsigned i = 0; i < 8; i++) {
        card_sleep(100);
        peer_acknowledge(p, (i + 1) * PEER_SEGMENT);
        CHECK(released == i + 1, "after %u segments %u pieces are released, "
              "here %u", i + 1, i + 1, released);
    }
    finish(p);
}

TEST(test_release_waits_for_the_card_too)
{
    struct peer *p = start_connected();

    card.holds = true;
    send_all(owner.stream, 1000);
    card_run();
    CHECK(p->count == 1000, "1000 bytes have arrived and are acknowledged");
    CHECK(released == 0, "nothing is released while the card may read it");
    card_reclaim();
    card_run();
    CHECK(released == 1, "it is released when the card is done with it");
    card.holds = false;
    finish(p);
}

TEST(test_writable_comes_though_nothing_is_under_way)
{
    struct peer *p = start_connected();

    pool_set_limit("TCP_SEG", 0);
    big_make(1000);
    owner.in_writable = send_more_of_big;
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "without a TCP_SEG "
          "nothing is taken");
    pool_set_limit("TCP_SEG", 100);
    card_sleep(2000);
    CHECK(p->count == 1000, "when there are some again writable() comes by "
          "itself, and 1000 bytes arrive, here %u", p->count);
    finish(p);
}

TEST(test_writable_comes_by_itself_only_when_there_is_room)
{
    struct stream *s;

    start_connected();
    s = owner.stream;
    s->wants_room = true;
    s->pcb->snd_buf = 0;
    stream_on_poll(s, s->pcb);
    CHECK(owner.writables == 0 && s->wants_room, "without room writable() does "
          "not come");
    s->pcb->snd_buf = 1;
    stream_on_poll(s, s->pcb);
    CHECK(owner.writables == 1 && !s->wants_room, "with any it comes, here %u "
          "times", owner.writables);
}

TEST(test_an_empty_pool_of_segments_delays_and_loses_nothing)
{
    struct peer *p = start_connected();

    pool_set_limit("TCP_SEG", 7);
    big_make(MIB);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    card_sleep(600000);
    CHECK(p->count == MIB && memcmp(p->bytes, big_copy, MIB) == 0, "1 MiB "
          "arrives with 7 segments at a time, here %u bytes", p->count);
    finish(p);
}

TEST(test_no_more_is_taken_than_stream_room_says)
{
    struct peer *p = start_connected();
    size_t room;
    long n;

    pool_set_limit("TCP_SEG", 556);     /* few, to be shared with others */
    room = stream_room(owner.stream);
    big_make(MIB);
    owner.in_writable = send_more_of_big;
    n = loan_send(owner.stream, big, false);
    CHECK(room < MIB && n > 0 && (size_t)n <= room, "of 1 MiB at most "
          "stream_room() (%zu) is taken, here %ld", room, n);
    card_sleep(60000);
    CHECK(p->count == MIB, "and in the end all of it, here %u", p->count);
    finish(p);
}

TEST(test_when_memory_is_short_what_goes_is_taken)
{
    struct peer *p = start_connected();
    long n;

    p->silent = true;
    pool_set_limit("headers", pool_out("headers") + 5);
    big_make(20 * PEER_SEGMENT);
    owner.in_writable = send_more_of_big;
    n = loan_send(owner.stream, big, false);
    CHECK(n > 0 && n < 20 * PEER_SEGMENT, "of 20 segments a few are taken "
          "when there is memory for 5 headers, here %ld bytes", n);
    pool_set_limit("headers", 1000);
    p->silent = false;
    card_sleep(60000);
    CHECK(p->count == 20 * PEER_SEGMENT, "and then the others, here %u bytes",
          p->count);
    finish(p);
}

TEST(test_an_empty_pool_of_borrowed_pieces_delays_and_loses_nothing)
{
    struct peer *p = start_connected();

    pool_set_limit("borrowed", 1);
    big_make(2 * MIB);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "what can't be "
          "remembered is not taken");
    card_sleep(60000);
    CHECK(p->count == 2 * MIB && memcmp(p->bytes, big_copy, 2 * MIB) == 0,
          "2 MiB arrive with one piece borrowed at a time, here %u", p->count);
    finish(p);
}

TEST(test_pieces_of_a_byte_fill_the_queue_and_empty_it)
{
    struct peer *p = start_connected();
    struct loan *loan;
    unsigned sent = 0;

    p->silent = true;
    while (loan = loan_make(1), loan_send(owner.stream, loan, false) > 0) {
        CHECK(++sent < 10000, "at some time stream_send() takes no more");
    }
    CHECK(stream_room(owner.stream) == 0, "then stream_room() is 0, here %zu",
          stream_room(owner.stream));
    p->silent = false;
    card_sleep(60000);
    CHECK(p->count == sent && released == sent, "%u bytes arrive and are "
          "released, here %u and %u", sent, p->count, released);
    CHECK(owner.writables > 0 && stream_room(owner.stream) > 0, "and there is "
          "room again");
    finish(p);
}

TEST(test_memory_that_never_changes_needs_no_release)
{
    static const char text[] = "hello localhost :)";
    struct peer *p = start_connected();
    long n;

    pool_set_limit("borrowed", 0);
    n = stream_send(owner.stream, text, 18, false, NULL, NULL);
    CHECK(n == 18, "a send with a release of NULL borrows nothing, and "
          "returns %ld", n);
    card_run();
    CHECK(p->count == 18 && memcmp(p->bytes, text, 18) == 0, "it arrives");
    finish(p);
}

TEST(test_a_full_card_delays_and_loses_nothing)
{
    struct peer *p = start_connected();
    uint8_t *copy;

    card.refuses = -ENOSPC;
    copy = send_all(owner.stream, 20000);
    card_run();
    CHECK(p->count == 0, "nothing leaves while the card is full");
    card.refuses = 0;
    card.netdev.writable(&card.netdev);
    card_run();
    CHECK(p->count == 20000 && memcmp(p->bytes, copy, 20000) == 0, "once it "
          "has room everything leaves, without waiting for a timer, here %u",
          p->count);
    finish(p);
}
