/* SPDX-License-Identifier: MIT */
/*
 * test_stream_contract.c - labs 11 and 13: what net/stream.h promises whoever
 * keeps it. Linked over the fake card, with lwIP in between, and over the
 * host's sockets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream_owner.h"
#include "unit.h"

/* ---- Beginning --------------------------------------------------------- */

TEST(test_a_connection_is_accepted_once)
{
    struct peer *p = start_connected();

    COMES(stream_usage().open == 1, "one stream is open");
    finish(p);
}

TEST(test_a_refused_connection_is_reset)
{
    struct peer *p;

    start();
    owner.refuse = -ENOMEM;
    p = peer_connect(PORT);
    COMES(p->reset, "a connection that accept() refuses is reset");
    check_all_gone();
}

TEST(test_accept_may_send_and_close)
{
    struct peer *p;

    start();
    owner.in_accept = close_it;
    p = peer_connect(PORT);
    COMES(p->fin && !p->reset, "a connection that accept() closes gets a FIN%s",
          p->reset ? ", not a RST" : "");
    peer_fin(p);
    check_all_gone();
}

TEST(test_accept_may_abort)
{
    struct peer *p;

    start();
    owner.in_accept = abort_it;
    p = peer_connect(PORT);
    COMES(p->reset, "a connection that accept() aborts is reset");
    check_all_gone();
}

/* ---- Receiving --------------------------------------------------------- */

TEST(test_what_is_not_taken_is_offered_again)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(3000);

    owner.takes = 0;
    peer_send(p, data, 1000);
    CHECK(owner.count == 0, "nothing is taken");
    owner.takes = 700;
    stream_resume(owner.stream);
    CHECK(owner.count == 0, "stream_resume() calls nobody itself");
    COMES(owner.count == 700, "after stream_resume() 700 bytes are taken, "
          "here %zu", owner.count);
    owner.takes = SIZE_MAX;
    peer_send(p, data + 1000, 2000);
    COMES(owner.count == 3000 && memcmp(owner.bytes, data, 3000) == 0, "the "
          "rest comes with the next bytes, in order, here %zu", owner.count);
    finish(p);
}

TEST(test_end_comes_after_the_last_byte_once)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(2000);

    owner.takes = 500;
    peer_send(p, data, 2000);
    peer_fin(p);
    CHECK(owner.ended == 0, "end() waits until all has been taken");
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    COMES(owner.count == 2000 && owner.ended == 1, "2000 bytes, then end(): "
          "here %zu, and %u times end()", owner.count, owner.ended);
    stream_resume(owner.stream);
    card_sleep(2000);
    COMES(owner.ended == 1, "end() comes once, here %u times", owner.ended);
    close_it(owner.stream);
    COMES(p->fin && !p->reset, "stream_close() sends a FIN then");
    check_all_gone();
}

TEST(test_after_the_peers_end_we_may_still_send)
{
    struct peer *p = start_connected();
    uint8_t *copy;

    peer_fin(p);
    COMES(owner.ended == 1, "end() is called");
    copy = send_all(owner.stream, 10000);
    COMES(p->count == 10000 && memcmp(p->bytes, copy, 10000) == 0, "10000 "
          "bytes arrive all the same, here %u", p->count);
    close_it(owner.stream);
    COMES(p->fin && !p->reset, "and then a FIN");
    check_all_gone();
}

/* ---- Sending ----------------------------------------------------------- */

TEST(test_what_is_sent_arrives)
{
    struct peer *p = start_connected();
    uint8_t *a = send_all(owner.stream, 100);
    uint8_t *b = send_all(owner.stream, 5000);

    COMES(p->count == 5100 && memcmp(p->bytes, a, 100) == 0 &&
          memcmp(p->bytes + 100, b, 5000) == 0, "5100 bytes arrive as they "
          "were sent, here %u", p->count);
    COMES(released == 2, "both pieces are released, here %u", released);
    finish(p);
}

TEST(test_more_than_there_is_room_for_is_taken_in_parts)
{
    struct peer *p = start_connected();
    size_t room;
    long n;

    p->silent = true;
    big_make(3 * MIB);
    owner.in_writable = send_more_of_big;
    room = stream_room(owner.stream);
    n = loan_send(owner.stream, big, false);
    CHECK(n > 0 && (size_t)n <= room, "of 3 MiB a part is taken, at most "
          "stream_room() (%zu), here %ld", room, n);
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "when nothing is "
          "taken stream_send() returns -EAGAIN");
    CHECK(owner.writables == 0, "writable() waits for room");
    p->silent = false;
    card_sleep(60000);
    COMES(p->count == 3 * MIB && memcmp(p->bytes, big_copy, 3 * MIB) == 0,
          "all of 3 MiB arrives as it was sent, here %u bytes", p->count);
    COMES(owner.writables > 0, "writable() was called");
    finish(p);
}

TEST(test_writable_is_not_called_unasked)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 100000);
    card_sleep(5000);
    COMES(p->count == 100000, "100000 bytes arrive");
    COMES(owner.writables == 0, "writable() is for those that a send left "
          "waiting, here it came %u times", owner.writables);
    finish(p);
}

TEST(test_writable_is_called_once_for_each_send_that_fell_short)
{
    struct peer *p = start_connected();

    p->silent = true;
    big_make(MIB);
    loan_send(owner.stream, big, false);
    p->silent = false;
    card_sleep(10000);          /* many acknowledgements, and nobody sends */
    COMES(owner.writables == 1, "writable() is called once, here %u times",
          owner.writables);
    finish(p);
}

/* ---- Closing ----------------------------------------------------------- */

TEST(test_close_sends_what_is_queued_first)
{
    struct peer *p = start_connected();
    uint8_t *copy = send_all(owner.stream, 300000);

    finish(p);
    COMES(p->count == 300000 && p->fin_at == 300000 &&
          memcmp(p->bytes, copy, 300000) == 0, "300000 bytes arrive before "
          "the FIN, here %u", p->count);
    COMES(released == 1, "and are released once, here %u times", released);
}

TEST(test_what_comes_after_close_is_thrown_away)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(WINDOW);

    close_it(owner.stream);
    card_run();
    for (unsigned i = 0; i < 2 * WINDOW; i += 4096)
        peer_send(p, data + i % WINDOW, 4096);
    card_sleep(500);
    COMES(!p->reset && p->acked == 2 * WINDOW, "two windows full after "
          "stream_close() are acknowledged and not reset, here %u", p->acked);
    peer_fin(p);
    check_all_gone();
}

TEST(test_a_peer_that_never_ends_is_left_after_a_while)
{
    struct peer *p = start_connected();
    unsigned ms = 0;

    close_it(owner.stream);
    card_run();
    for (; ms < 60000 && !p->reset; ms += 100) {
        peer_send(p, "x", 1);
        card_sleep(100);
    }
    COMES(p->reset, "a peer that goes on sending after it has got everything "
          "is reset");
    check_all_gone();
}

TEST(test_a_silent_peer_that_has_everything_is_soon_left)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_sleep(5000);
    COMES(p->fin && p->count == 1000, "it has everything");
    COMES(stream_usage().open == 0 && !p->reset, "five seconds later the "
          "stream is gone, and nobody was reset");
    check_all_gone();
}

/* ---- Errors, and callbacks that end their own stream ------------------- */

TEST(test_a_reset_is_an_error)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    send_all(owner.stream, 1000);
    card_run();
    peer_reset(p);
    COMES(owner.errors == 1 && owner.error == -ECONNRESET, "a RST is one "
          "error(), -ECONNRESET, here %u, %d", owner.errors, owner.error);
    COMES(released == 2, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

TEST(test_a_reset_with_bytes_unread)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    peer_send(p, "unread", 6);
    stream_resume(owner.stream);
    peer_reset(p);
    COMES(owner.errors == 1, "error() is called once");
    check_all_gone();
}

TEST(test_a_reset_of_a_closed_stream_is_nobodys_business)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_run();
    peer_reset(p);
    COMES(owner.errors == 0, "a closed stream has no error()");
    COMES(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

TEST(test_receive_may_close)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(5000);

    owner.in_receive = close_it;
    peer_send(p, data, 5000);
    COMES(p->fin && !p->reset, "a stream that receive() closes gets a FIN%s",
          p->reset ? ", not a RST" : "");
    peer_fin(p);
    check_all_gone();
}

TEST(test_receive_may_abort)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(5000);

    owner.in_receive = abort_it;
    peer_send(p, data, 5000);
    COMES(p->reset, "a stream that receive() aborts is reset");
    check_all_gone();
}

TEST(test_receive_may_abort_after_resume)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    peer_send(p, "later", 5);
    owner.in_receive = abort_it;
    stream_resume(owner.stream);
    COMES(p->reset, "a stream that receive() aborts is reset");
    check_all_gone();
}

TEST(test_abort_between_resume_and_the_next_round)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    peer_send(p, "never", 5);
    stream_resume(owner.stream);
    abort_it(owner.stream);
    COMES(p->reset, "an aborted stream is reset");
    check_all_gone();
}

TEST(test_end_may_close)
{
    struct peer *p = start_connected();

    owner.in_end = close_it;
    peer_fin(p);
    COMES(p->fin && !p->reset, "a stream that end() closes gets a FIN%s",
          p->reset ? ", not a RST" : "");
    check_all_gone();
}

TEST(test_end_may_abort)
{
    struct peer *p = start_connected();

    owner.in_end = abort_it;
    peer_fin(p);
    COMES(p->reset, "a stream that end() aborts is reset");
    check_all_gone();
}

static void writable_with(void (*in_writable)(struct stream *s))
{
    struct peer *p = start_connected();

    big_make(MIB);
    owner.in_writable = in_writable;
    loan_send(owner.stream, big, false);
    card_sleep(10000);
    COMES(owner.writables == 1, "writable() came once, here %u times",
          owner.writables);
    peer_fin(p);
    COMES(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

TEST(test_writable_may_close)
{
    writable_with(close_it);
}

TEST(test_writable_may_abort)
{
    writable_with(abort_it);
}

TEST(test_a_stream_without_callbacks_gets_along)
{
    static struct stream_events none;
    struct peer *p = start_connected();

    none.receive = owner_events.receive;
    stream_attach(owner.stream, &none, &owner);
    big_make(MIB);
    loan_send(owner.stream, big, false);
    card_sleep(5000);
    peer_fin(p);
    card_sleep(5000);
    peer_reset(p);
    check_all_gone();
}
