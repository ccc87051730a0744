/* SPDX-License-Identifier: MIT */
/*
 * test_sockets.c - lab 13: sockets of a host that takes what it likes and
 * gives what it has. What every network library must do besides is in
 * test_stream_contract.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_host.h"
#include "net/sockets/sockets.h"
#include "net/up.h"
#include "stream_owner.h"
#include "unit.h"

static int door(uint16_t port)
{
    return listener_find(port)->wire.fd;
}

/* `n` connections that have come and of which nobody has been told yet. */
static void come_unheard(struct peer **p, unsigned n)
{
    host.quiet = true;
    for (unsigned i = 0; i < n; i++)
        p[i] = peer_connect(PORT);
    host.quiet = false;
}

static void all_end(struct peer **p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        owner.dead = false;
        peer_reset(p[i]);
        COMES(owner.errors == i + 1, "each peer's reset is an error");
    }
    check_all_gone();
}

/* ---- Letting in --------------------------------------------------------- */

TEST(test_all_who_wait_are_let_in_at_one_go)
{
    struct peer *p[5];

    start();
    come_unheard(p, 5);
    CHECK(owner.accepted == 0, "nobody has been told");
    host_look();
    host_run();
    CHECK(owner.accepted == 5, "when the host says once that somebody waits, "
          "all 5 who do are let in, here %u", owner.accepted);
    all_end(p, 5);
}

TEST(test_who_has_spoken_is_heard_before_the_next_is_let_in)
{
    struct peer *p[3];

    start();
    come_unheard(p, 3);
    host.quiet = true;
    for (unsigned i = 0; i < 3; i++) {
        peer_send(p[i], "x", 1);
        COMES(p[i]->acked == 1, "his word is here");
    }
    host.quiet = false;
    host_look();
    event_run_once(0);          /* the listener's turn, and nobody else's */
    CHECK(owner.accepted == 3, "all 3 who wait are let in, here %u",
          owner.accepted);
    CHECK(owner.count == 3, "and what each has said already is heard, here "
          "of %zu", owner.count);
    all_end(p, 3);
}

TEST(test_one_that_came_to_nothing_does_not_stop_the_others)
{
    static const int errors[] = { ECONNABORTED, EINTR, EPROTO, ENETDOWN };

    start();
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct peer *p[2];

        owner.accepted = 0;
        owner.errors = 0;
        come_unheard(p, 2);
        host.accept = (struct host_fault){ 1, errors[i] };
        host_look();
        host_run();
        CHECK(owner.accepted == 2, "after an accept4() that comes back with "
              "\"%s\" the two who wait are let in, here %u",
              strerror(errors[i]), owner.accepted);
        CHECK(unit_log_count() == 1, "and nobody is told of it");
        all_end(p, 2);
    }
}

TEST(test_without_descriptors_newcomers_wait_a_second)
{
    static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM };
    struct peer *p[1];

    start();
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
        owner.accepted = 0;
        owner.errors = 0;
        host.accept = (struct host_fault){ 1000, errors[i] };
        host.accepts = 0;
        p[0] = peer_connect(PORT);
        COMES(host.accepts == 1, "accept4() is tried once when the host has "
              "nothing left, here %u times", host.accepts);
        CHECK(!host_watches(door(PORT)), "and the door is not watched");
        CHECK(unit_log_count() == 2, "and a line says so, the first time: "
              "here there are %u", unit_log_count());
        card_sleep(5000);
        CHECK(host.accepts > 1 && host.accepts < 10, "it is tried again, now "
              "and then: here %u times in 5 seconds", host.accepts);
        host.accept.times = 0;
        card_sleep(1000);
        COMES(owner.accepted == 1, "and the newcomer is let in when there are "
              "descriptors again");
        all_end(p, 1);
    }
}

TEST(test_whoever_goes_leaves_a_descriptor_for_who_waits)
{
    struct peer *a = start_connected(), *b;

    host.accept = (struct host_fault){ 1, EMFILE };
    b = peer_connect(PORT);
    CHECK(owner.accepted == 1, "without a descriptor nobody is let in");
    abort_it(owner.stream);
    COMES(owner.accepted == 2, "once a stream has gone the next is let in, "
          "without the clock having to move");
    COMES(a->reset && !b->reset, "who was there first is reset, and the other "
          "is not");
    finish(b);
}

TEST(test_beyond_the_backlog_newcomers_wait_unwatched)
{
    struct peer *p[3];

    start();
    CHECK(stream_listen(81, 2, owner_accept) == 0, "another port is free");
    for (unsigned i = 0; i < 3; i++)
        p[i] = peer_connect(81);
    COMES(owner.accepted == 2, "with a backlog of 2 the first two are let in, "
          "here %u", owner.accepted);
    CHECK(!host_watches(door(81)) && host_watches(door(PORT)), "nobody "
          "watches a door through which none can come, but the other one");
    abort_it(owner.stream);
    COMES(owner.accepted == 3, "once one has gone the third is let in");
    CHECK(!p[0]->reset && p[1]->reset && !p[2]->reset, "the others don't "
          "notice");
    owner.dead = false;
    peer_reset(p[0]);
    owner.dead = false;
    peer_reset(p[2]);
    check_all_gone();
}

TEST(test_there_are_no_more_streams_than_there_is_memory_for)
{
    enum { LIMIT = 32 };
    struct peer *p[LIMIT + 2];

    host_up(1);
    owner.bytes = malloc(MIB);
    owner.takes = SIZE_MAX;
    CHECK(stream_usage().limit == LIMIT, "with 1 MiB there may be %d streams, "
          "here %u", LIMIT, stream_usage().limit);
    CHECK(stream_listen(PORT, 1000, owner_accept) == 0, "the port is free");
    for (unsigned i = 0; i < LIMIT + 2; i++)
        p[i] = peer_connect(PORT);
    COMES(stream_usage().open == LIMIT && owner.accepted == LIMIT, "%d are "
          "let in, here %u", LIMIT, owner.accepted);
    for (unsigned i = 0; i < LIMIT + 2; i++) {
        owner.dead = false;
        peer_reset(p[i]);
        COMES(owner.errors == i + 1, "each peer's reset is an error");
    }
    CHECK(owner.accepted == LIMIT + 2, "and in the end all of them, here %u",
          owner.accepted);
    check_all_gone();
}

TEST(test_who_can_not_be_watched_is_sent_away)
{
    struct peer *p;

    start();
    host.watch_fails = true;
    p = peer_connect(PORT);
    COMES(p->fin || p->reset, "a connection that can't be watched ends");
    CHECK(owner.accepted == 0 && host.open == 0, "without accept(), and its "
          "descriptor is closed");
    host.watch_fails = false;
    p = peer_connect(PORT);
    COMES(owner.accepted == 1, "the next one is let in");
    finish(p);
}

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
    CHECK(n > 0 && n < 20000, "of 20000 bytes a part is taken, here %ld", n);
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

/* ---- Errors ------------------------------------------------------------- */

TEST(test_the_hosts_errors_have_three_names)
{
    static const struct { int host, ours; } table[] = {
        { ECONNRESET, -ECONNRESET }, { EPIPE, -ECONNRESET },
        { ENOTCONN, -ECONNRESET }, { 0, -ECONNRESET },
        { ETIMEDOUT, -ETIMEDOUT }, { EHOSTUNREACH, -ETIMEDOUT },
        { ENETUNREACH, -ETIMEDOUT }, { EHOSTDOWN, -ETIMEDOUT },
        { ENETDOWN, -ETIMEDOUT }, { ENOMEM, -ENOMEM }, { ENOBUFS, -ENOMEM },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        CHECK(stream_error(table[i].host) == table[i].ours, "\"%s\" is %d, "
              "here %d", strerror(table[i].host), table[i].ours,
              stream_error(table[i].host));
}

TEST(test_a_recv_that_fails_is_one_error)
{
    struct peer *p = start_connected();

    host.recv = (struct host_fault){ 1, ETIMEDOUT };
    peer_send(p, "x", 1);
    COMES(owner.errors == 1 && owner.error == -ETIMEDOUT, "it is one error(), "
          "-ETIMEDOUT, here %u, %d", owner.errors, owner.error);
    check_all_gone();
}

TEST(test_a_reset_is_heard_though_nobody_takes_anything)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100000);

    owner.takes = 0;
    peer_send(p, data, 100000);
    COMES(!host_watches(owner.stream->wire.fd), "nobody watches for more");
    peer_reset(p);
    COMES(owner.errors == 1 && owner.error == -ECONNRESET, "a reset is one "
          "error(), -ECONNRESET, here %u, %d", owner.errors, owner.error);
    check_all_gone();
}

TEST(test_what_hangs_up_without_a_reason_is_gone)
{
    struct peer *p = start_connected();

    owner.stream->wire.ready(&owner.stream->wire, DESCRIPTOR_ERROR);
    COMES(owner.errors == 1 && owner.error == -ECONNRESET, "it is one error(), "
          "-ECONNRESET, here %u, %d", owner.errors, owner.error);
    peer_reset(p);
    check_all_gone();
}

TEST(test_what_the_host_says_unasked_is_told_to_nobody)
{
    struct peer *p = start_connected();

    owner.stream->wire.ready(&owner.stream->wire,
                             DESCRIPTOR_IN | DESCRIPTOR_OUT);
    card_run();
    CHECK(owner.writables == 0 && owner.ended == 0 && owner.errors == 0,
          "neither bytes nor room were there or asked for");
    finish(p);
}

static char name_seen[64];

static void see_name(struct stream *s)
{
    stream_peer(s, name_seen, sizeof name_seen);
}

TEST(test_a_peer_has_a_name_also_when_it_has_gone)
{
    struct peer *p = start_connected();
    char name[64];

    snprintf(name, sizeof name, "127.0.0.1:%u", peer_port(p));
    see_name(owner.stream);
    CHECK(strcmp(name_seen, name) == 0, "the peer is %s, here %s", name,
          name_seen);
    name_seen[0] = '\0';
    owner.in_error = see_name;
    peer_reset(p);
    COMES(owner.errors == 1, "it goes");
    CHECK(strcmp(name_seen, name) == 0, "in error() it still is %s, here %s",
          name, name_seen);
    check_all_gone();
}

/* ---- Closing ------------------------------------------------------------ */

TEST(test_a_closed_stream_reads_on_so_that_its_last_words_are_heard)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100000);

    owner.takes = 0;
    peer_send(p, data, 100000);
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    peer_send(p, data, 100000);
    COMES(p->fin && p->count == 1000, "1000 bytes arrive, and a FIN");
    COMES(p->acked == 200000, "what comes is taken and thrown away");
    CHECK(!p->reset, "nobody is reset");
    CHECK(stream_usage().open == 1, "the stream waits for the peer's end");
    peer_fin(p);
    check_all_gone();
    CHECK(!p->reset, "nobody was reset");
}

TEST(test_a_peer_who_takes_nothing_is_reset_after_half_a_minute)
{
    struct peer *p = start_connected();

    p->silent = true;
    host.left = 5000;
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_sleep(29000);
    CHECK(stream_usage().open == 1 && !p->reset, "29 seconds are not enough");
    card_sleep(2000);
    COMES(p->reset, "then the peer is reset");
    CHECK(released == 1, "what was borrowed is given back");
    check_all_gone();
}

TEST(test_a_slow_peer_may_take_its_time)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    for (host.left = 1000; host.left > 0; host.left -= 100) {
        card_sleep(20000);
        CHECK(stream_usage().open == 1 && !p->reset, "who takes something "
              "every 20 seconds is waited for");
    }
    host.left = 0;
    card_sleep(10000);
    CHECK(stream_usage().open == 0 && !p->reset, "who has everything, and is "
          "silent, is left");
    check_all_gone();
}

TEST(test_both_ends_closed_turn_nothing_in_circles)
{
    struct peer *p = start_connected();

    peer_fin(p);
    COMES(owner.ended == 1, "the peer has ended");
    host.left = 1000;           /* as far as anyone knows */
    close_it(owner.stream);
    COMES(p->fin, "and so have we");
    card_sleep(2000);
    CHECK(stream_usage().open == 1, "the stream waits until all is "
          "acknowledged");
    host.left = 0;
    card_sleep(1000);
    check_all_gone();
}

TEST(test_a_closed_stream_that_fails_is_gone)
{
    struct peer *p = start_connected();

    p->silent = true;
    big_make(MIB);
    loan_send(owner.stream, big, false);
    peer_fin(p);
    COMES(owner.ended == 1, "the peer has ended");
    host.left = 1000;           /* and goes on saying so */
    close_it(owner.stream);
    card_sleep(1000);
    CHECK(stream_usage().open == 1, "what is queued is waited for");
    peer_reset(p);
    do
        card_sleep(500);
    while (stream_usage().open > 0 && peers_wait());
    CHECK(stream_usage().open == 0, "until there is nobody left to take it");
    check_all_gone();
}

TEST(test_an_abort_is_a_reset_whatever_is_queued)
{
    struct peer *p = start_connected();

    p->silent = true;
    big_make(MIB);
    loan_send(owner.stream, big, false);
    abort_it(owner.stream);
    CHECK(host.open == 0, "stream_abort() ends the connection at once");
    COMES(p->reset, "and its peer is reset");
    check_all_gone();
}

TEST(test_a_hundred_come_and_go_and_leave_nothing)
{
    start();
    owner.in_end = close_it;
    for (unsigned i = 0; i < 100; i++) {
        struct peer *p = peer_connect(PORT);

        COMES(owner.accepted == i + 1, "one after the other is let in");
        owner.ended = owner.errors = 0;
        peer_send(p, "x", 1);
        send_all(owner.stream, 100);
        if (i % 3 == 0)
            abort_it(owner.stream);
        else if (i % 3 == 1)
            close_it(owner.stream);
        if (i % 2)
            peer_fin(p);
        else
            peer_reset(p);
        COMES(owner.ended + owner.errors == (i % 3 == 2), "who has not been "
              "closed hears once that the peer has gone");
    }
    check_all_gone();
}

/* ---- Bad weather -------------------------------------------------------- */

TEST(test_a_host_that_does_half_of_everything_loses_nothing)
{
    enum { LEN = 200000 };
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(LEN);

    host.weather = 64;
    big_make(LEN);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    peer_send(p, data, LEN);
    peer_fin(p);
    COMES(owner.ended == 1 && p->count == LEN, "all comes through, both ways: "
          "here %zu and %u of %d", owner.count, p->count, LEN);
    CHECK(owner.count == LEN && memcmp(owner.bytes, data, LEN) == 0, "theirs "
          "as it was sent");
    CHECK(memcmp(p->bytes, big_copy, LEN) == 0, "ours as it was sent");
    finish(p);
}

static unsigned guests;

static void be_whimsical(struct stream *s)
{
    static const char text[5000];

    stream_send(s, text, unit_random_below(sizeof text), unit_random() & 1,
                NULL, NULL);
    if (unit_random_below(4) == 0)
        stream_resume(s);
    switch (unit_random_below(32)) {
    case 0:
        stream_close(s);
        break;
    case 1:
        stream_abort(s);
        break;
    }
}

static size_t whimsical_receive(struct stream *s, const uint8_t *data,
                                size_t len)
{
    (void)data;
    be_whimsical(s);
    return unit_random_below((uint32_t)len + 1);
}

static void whimsical_error(struct stream *s, int error)
{
    (void)s;
    CHECK(error == -ECONNRESET || error == -ETIMEDOUT || error == -ENOMEM,
          "error() says -ECONNRESET, -ETIMEDOUT or -ENOMEM, here %d", error);
}

static int whimsical_accept(struct stream *s)
{
    static const struct stream_events whimsical = {
        whimsical_receive, be_whimsical, be_whimsical, whimsical_error,
    };

    guests++;
    stream_attach(s, &whimsical, NULL);
    return unit_random_below(16) ? 0 : -ENOMEM;
}

TEST(test_no_whim_of_either_side_does_harm)
{
    struct peer *p[100];
    uint8_t *data = random_bytes(5000);

    start();
    CHECK(stream_listen(81, 16, whimsical_accept) == 0, "a port is free");
    host.weather = 32;
    for (unsigned i = 0; i < 100; i++) {
        p[i] = peer_connect(81);
        for (unsigned round = 0; round < 20; round++)
            peer_send(p[unit_random_below(i + 1)], data,
                      1 + unit_random_below(5000));
        if (unit_random_below(2))
            peer_fin(p[unit_random_below(i + 1)]);
        else if (unit_random_below(2))
            peer_reset(p[unit_random_below(i + 1)]);
        if (unit_random_below(4) == 0)
            card_sleep(unit_random_below(1000));
    }
    host.weather = 0;
    for (unsigned i = 0; i < 100; i++)
        peer_reset(p[i]);
    COMES(guests > 50, "most were let in, here %u of 100", guests);
    check_all_gone();
}

/* ---- Where we are ------------------------------------------------------- */

static int up_at(const char *address)
{
    setenv("LODGE_ADDRESS", address, 1);
    return net_up("net0");
}

TEST(test_addresses_that_make_sense_are_taken)
{
    static const char *const good[] = {
        "127.0.0.1:0", "0.0.0.0:65535", ":8080", "[::1]:80", "[::]:0",
    };

    for (unsigned i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(up_at(good[i]) == 0, "\"%s\" is an address", good[i]);
}

TEST(test_addresses_that_make_none_are_refused_in_a_sentence)
{
    static const char *const bad[] = {
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "::1:80", "[::1]", "1.2.3.4.5:80", "127.0.0.1:80x",
        ":", "[:80", "]:80",
    };

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(up_at(bad[i]) == -EINVAL, "\"%s\" is no address", bad[i]);
        CHECK(unit_log_count() == i + 1 && strstr(unit_log_last(),
              "LODGE_ADDRESS"), "which is said");
    }
}

TEST(test_there_is_one_card_and_its_name_is_net0)
{
    CHECK(net_up("net1") == -ENODEV, "net1 is no device");
    CHECK(unit_log_count() == 1, "which is said");
}

static int descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

TEST(test_a_port_that_is_taken_is_busy)
{
    char address[64];
    int before, port;

    CHECK(up_at("127.0.0.1:0") == 0, "\"127.0.0.1:0\" is an address");
    CHECK(stream_listen(81, 1, owner_accept) == 0 && sscanf(unit_log_last(),
          "net0: port 81 is 127.0.0.1:%d of this host", &port) == 1, "a line "
          "says where the port is, here: %s", unit_log_last());
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    CHECK(up_at(address) == 0, "\"%s\" is an address", address);
    before = descriptors();
    CHECK(stream_listen(80, 1, owner_accept) == -EBUSY, "a port of the host "
          "that somebody has is busy");
    CHECK(strstr(unit_log_last(), "port 80 can't be 127.0.0.1:"), "which is "
          "said, here: %s", unit_log_last());
    CHECK(stream_listen(81, 1, owner_accept) == -EBUSY, "so is one of ours "
          "that somebody has");
    CHECK(descriptors() == before, "no descriptor is left over");
}

TEST(test_an_address_of_another_host_is_refused_in_a_sentence)
{
    CHECK(up_at("192.0.2.1:0") == 0, "it is an address");
    CHECK(stream_listen(80, 1, owner_accept) == -EBUSY, "but not one of this "
          "host");
    CHECK(strstr(unit_log_last(), "192.0.2.1"), "which is said, here: %s",
          unit_log_last());
}
