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

TEST(test_a_reset_is_an_error)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    send_all(owner.stream, 1000);
    card_run();
    peer_reset(p);
    CHECK(owner.errors == 1 && owner.error == -ECONNRESET, "a RST is one "
          "error(), -ECONNRESET, here %u, %d", owner.errors, owner.error);
    CHECK(released == 2, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

TEST(test_a_reset_with_bytes_unread)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    peer_send(p, "unread", 6);
    stream_resume(owner.stream);
    peer_reset(p);
    CHECK(owner.errors == 1, "error() is called once");
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

TEST(test_a_reset_of_a_closed_stream_is_nobodys_business)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_run();
    peer_reset(p);
    CHECK(owner.errors == 0, "a closed stream has no error()");
    CHECK(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

/* ---- Callbacks that end their own stream --------------------------------- */

TEST(test_receive_may_close)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(5000);

    owner.in_receive = close_it;
    peer_send(p, data, 5000);
    CHECK(p->fin && !p->reset, "a stream that receive() closes gets a FIN");
    peer_fin(p);
    check_all_gone();
}

TEST(test_receive_may_abort)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(5000);

    owner.in_receive = abort_it;
    peer_send(p, data, 5000);
    CHECK(p->reset, "a stream that receive() aborts is reset");
    check_all_gone();
}

TEST(test_receive_may_abort_after_resume)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    peer_send(p, "later", 5);
    owner.in_receive = abort_it;
    stream_resume(owner.stream);
    card_run();
    CHECK(p->reset, "a stream that receive() aborts is reset");
    check_all_gone();
}

TEST(test_abort_between_resume_and_the_next_round)
{
    struct peer *p = start_connected();

    owner.takes = 0;
    peer_send(p, "never", 5);
    stream_resume(owner.stream);
    abort_it(owner.stream);
    card_run();
    CHECK(p->reset, "an aborted stream is reset");
    check_all_gone();
}

TEST(test_end_may_close)
{
    struct peer *p = start_connected();

    owner.in_end = close_it;
    peer_fin(p);
    CHECK(p->fin && !p->reset, "a stream that end() closes gets a FIN");
    check_all_gone();
}

TEST(test_end_may_abort)
{
    struct peer *p = start_connected();

    owner.in_end = abort_it;
    peer_fin(p);
    CHECK(p->reset, "a stream that end() aborts is reset");
    check_all_gone();
}

static void writable_with(void (*in_writable)(struct stream *s))
{
    struct peer *p = start_connected();

    big_make(MIB);
    owner.in_writable = in_writable;
    loan_send(owner.stream, big, false);
    card_sleep(10000);
    CHECK(owner.writables == 1, "writable() came once, here %u times",
          owner.writables);
    peer_fin(p);
    CHECK(released == 1, "what was borrowed is given back, here %u", released);
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
