/* SPDX-License-Identifier: MIT */
/*
 * test_sockets_end.c - lab 13: errors, and ends in good order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_host.h"
#include "net/sockets/sockets.h"
#include "stream_owner.h"
#include "unit.h"

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
