/* SPDX-License-Identifier: MIT */
/*
 * test_stream_error.c - lab 11: resets, silence, and callbacks that
 * end their own stream.
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

/* ---- Errors -------------------------------------------------------------- */

TEST(test_abort_resets_at_once)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    card_run();
    abort_it(owner.stream);
    CHECK(released == 0, "release() does not come from inside a call");
    card_run();
    CHECK(p->reset, "stream_abort() sends a RST");
    CHECK(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

TEST(test_abort_resets_and_leaves_nobody_to_be_told)
{
    struct stream *s;

    start_connected();
    s = owner.stream;
    stream_enter(s);            /* so that the struct stays */
    abort_it(s);
    CHECK(!s->pcb && !s->events, "an aborted stream has no pcb and no owner");
    CHECK(stream_leave(s) == ERR_ABRT, "and whoever is inside hears ERR_ABRT");
    check_all_gone();
}

static void look_for_the_pcb(struct stream *s)
{
    CHECK(!s->pcb, "in error() the stream still has its pcb: expected NULL, as "
          "lwIP has freed it");
}

TEST(test_an_error_is_told_when_the_pcb_is_forgotten)
{
    struct peer *p = start_connected();

    owner.in_error = look_for_the_pcb;
    peer_reset(p);
    CHECK(owner.errors == 1, "a reset is told once, here %u times",
          owner.errors);
    check_all_gone();
}

/* The reset itself is the one buffer too many. */
TEST(test_a_reset_is_told_once_though_memory_ends_with_it)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    for (unsigned i = 0; i < RECEIVED_KEPT_MAX; i++)
        peer_send(p, "unread", 6);
    CHECK(card.lent == RECEIVED_KEPT_MAX && owner.errors == 0, "%u of the "
          "card's buffers are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    pool_set_limit("PBUF_POOL", 0);
    peer_reset(p);
    CHECK(owner.errors == 1 && owner.error == -ECONNRESET, "error() is called "
          "once, with -ECONNRESET, here %u times, %d", owner.errors,
          owner.error);
    check_all_gone();
}

TEST(test_after_a_reset_the_card_may_still_read)
{
    struct peer *p = start_connected();

    card.holds = true;
    p->silent = true;
    send_all(owner.stream, 1000);
    card_run();
    peer_reset(p);
    CHECK(owner.errors == 1 && released == 0, "error() has come, but nothing "
          "is released while the card may read it");
    card_reclaim();
    card_run();
    CHECK(released == 1, "then it is");
    card.holds = false;
    check_all_gone();
}

TEST(test_a_peer_that_vanishes_is_a_timeout)
{
    struct peer *p = start_connected();

    p->deaf = true;
    send_all(owner.stream, 1000);
    card_sleep(900000);
    CHECK(owner.errors == 1 && owner.error == -ETIMEDOUT, "a peer that does "
          "not answer is one error(), -ETIMEDOUT, here %u, %d", owner.errors,
          owner.error);
    CHECK(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

/* ---- Callbacks that end their own stream --------------------------------- */
