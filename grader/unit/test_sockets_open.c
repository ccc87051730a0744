/* SPDX-License-Identifier: MIT */
/*
 * test_sockets_open.c - lab 13: all who wait are let in, as long as there is
 * room for them and the host has descriptors.
 */
#include <errno.h>
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
