/* SPDX-License-Identifier: MIT */
/*
 * test_sockets_data.c - lab 13: a host that gives what it has and takes what it
 * likes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"
#include "net/sockets/sockets.h"
#include "stream_owner.h"
#include "unit.h"

/* ---- Receiving ---------------------------------------------------------- */

TEST(test_not_now_is_no_error)
{
    static const int errors[] = { EAGAIN, EINTR };
    struct peer *p = start_connected();

    for (unsigned i = 0; i < 2; i++) {
        host.recv = (struct host_fault){ 3, errors[i] };
        peer_send(p, "hello", 5);
        COMES(owner.count == 5 * (i + 1), "bytes are received after a recv() "
              "that comes back with \"%s\"", strerror(errors[i]));
        CHECK(owner.errors == 0, "and nobody is told of an error");
    }
    finish(p);
}

TEST(test_what_nobody_takes_is_not_watched_for)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(300000);

    owner.takes = 0;
    peer_send(p, data, 300000);
    COMES(!host_watches(owner.stream->wire.fd), "a stream of which nobody "
          "takes anything is not watched for more");
    owner.stream->wire.ready(&owner.stream->wire, DESCRIPTOR_IN);
    card_run();                 /* the host has said so before */
    CHECK(owner.count == 0 && owner.errors == 0 && owner.ended == 0,
          "nothing was taken, and nothing is at an end");
    peer_fin(p);
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    COMES(owner.ended == 1, "after stream_resume() all comes, and the end");
    CHECK(owner.count == 300000 && memcmp(owner.bytes, data, 300000) == 0,
          "300000 bytes are received as they were sent, here %zu",
          owner.count);
    close_it(owner.stream);
    check_all_gone();
}

static size_t take_a_little(struct stream *s, const uint8_t *data, size_t len)
{
    size_t n = len < 3 ? len : 1 + unit_random_below(3);

    (void)s;
    memcpy(owner.bytes + owner.count, data, n);
    owner.count += n;
    if (n < len)
        stream_resume(s);
    return n;
}

TEST(test_bytes_that_are_taken_in_morsels_keep_their_order)
{
    static const struct stream_events morsels = { .receive = take_a_little };
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(20000);

    stream_attach(owner.stream, &morsels, &owner);
    peer_send(p, data, 20000);
    COMES(owner.count == 20000 && memcmp(owner.bytes, data, 20000) == 0,
          "20000 bytes are received as they were sent, here %zu",
          owner.count);
    finish(p);
}

TEST(test_after_the_peers_end_nothing_is_waited_for)
{
    struct peer *p = start_connected();

    peer_fin(p);
    COMES(owner.ended == 1, "the peer's end is told");
    CHECK(!host_watches(owner.stream->wire.fd), "and is not watched for any "
          "more: it would be ready for ever");
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.ended == 1, "and is told once");
    finish(p);
}

/* ---- Sending ------------------------------------------------------------ */

TEST(test_a_host_that_takes_little_gets_the_rest_later)
{
    struct peer *p = start_connected();
    long n;

    host.send_most = 1000;
    big_make(20000);
    owner.in_writable = send_more_of_big;
    n = loan_send(owner.stream, big, false);
    CHECK(n > 0 && n <= 20000, "of 20000 bytes some are taken, here %ld", n);
    COMES(p->count == 20000 && memcmp(p->bytes, big_copy, 20000) == 0, "all "
          "20000 arrive as they were sent, here %u", p->count);
    finish(p);
}

TEST(test_a_host_that_takes_nothing_now_says_when)
{
    static const int errors[] = { EAGAIN, EINTR };
    struct peer *p = start_connected();

    owner.in_writable = send_more_of_big;
    for (unsigned i = 0; i < 2; i++) {
        big_make(1000);
        host.send = (struct host_fault){ 1, errors[i] };
        if (loan_send(owner.stream, big, false) > 0)
            big = NULL;         /* who asks again at once may as well */
        COMES(p->count == 1000 * (i + 1), "1000 bytes arrive after a send() "
              "that comes back with \"%s\"", strerror(errors[i]));
        CHECK(owner.errors == 0, "and nobody is told of an error");
    }
    finish(p);
}

TEST(test_room_is_watched_for_only_while_somebody_waits)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 1000);
    COMES(p->count == 1000, "1000 bytes arrive");
    CHECK(!(owner.stream->wire.events & DESCRIPTOR_OUT), "nobody waits for "
          "room, and nobody watches for it");
    finish(p);
}

TEST(test_a_send_to_one_who_has_gone_kills_nobody)
{
    struct peer *p = start_connected();
    static const uint8_t text[10];

    peer_send(p, "x", 1);
    COMES(owner.count == 1, "a byte comes");
    host.quiet = true;          /* we have not heard of it */
    peer_reset(p);
    for (unsigned i = 0; i < 100; i++) {
        stream_send(owner.stream, text, 10, false, NULL, NULL);
        host_pause();
    }
    CHECK(owner.errors == 0, "stream_send() tells nobody of an error");
    host.quiet = false;
    COMES(owner.errors == 1 && owner.error == -ECONNRESET, "a reset that a "
          "send() has met is one error(), -ECONNRESET, here %u, %d",
          owner.errors, owner.error);
    check_all_gone();
}

TEST(test_a_broken_pipe_is_a_reset)
{
    struct peer *p = start_connected();

    host.send = (struct host_fault){ 1, EPIPE };
    big_make(1000);
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "nothing is taken");
    CHECK(owner.errors == 0, "stream_send() tells nobody of an error");
    COMES(owner.errors == 1 && owner.error == -ECONNRESET, "it is one error(), "
          "-ECONNRESET, here %u, %d", owner.errors, owner.error);
    COMES(p->fin || p->reset, "the peer hears of it");
    check_all_gone();
}

TEST(test_what_may_wait_for_more_does_so_until_the_round_is_over)
{
    struct peer *p = start_connected();
    static const uint8_t text[10];
    int fd = owner.stream->wire.fd;

    stream_send(owner.stream, text, 10, true, NULL, NULL);
    CHECK(host_not_sent(fd) == 10, "with more to come 10 bytes wait, here %u",
          host_not_sent(fd));
    host_run();
    CHECK(host_not_sent(fd) == 0, "when nothing has come they leave by the "
          "end of the round, but %u still wait", host_not_sent(fd));
    stream_send(owner.stream, text, 10, true, NULL, NULL);
    stream_send(owner.stream, text, 10, false, NULL, NULL);
    CHECK(host_not_sent(fd) == 0, "and when something has, at once");
    COMES(p->count == 30, "30 bytes arrive");
    finish(p);
}

TEST(test_a_round_can_borrow_only_so_much)
{
    struct peer *p;
    unsigned taken = 0;

    host_up(1);
    owner.bytes = malloc(MIB);
    CHECK(stream_listen(PORT, 10, owner_accept) == 0, "the port is free");
    p = peer_connect(PORT);
    COMES(owner.accepted == 1, "somebody comes");
    while (big_make(10), loan_send(owner.stream, big, false) > 0)
        CHECK(++taken < 10000, "at some time nothing more is taken");
    CHECK(released == 0, "release() does not come from inside a call");
    owner.in_writable = send_more_of_big;
    COMES(p->count == 10 * (taken + 1), "it goes on in the next round: %u "
          "bytes arrive, here %u", 10 * (taken + 1), p->count);
    COMES(released == taken + 1, "%u pieces are released, here %u",
          taken + 1, released);
    finish(p);
}
