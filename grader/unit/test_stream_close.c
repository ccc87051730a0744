/* SPDX-License-Identifier: MIT */
/*
 * test_stream_close.c - lab 11: an end in good order, whatever the peer does.
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

TEST(test_close_with_unread_bytes_is_no_reset)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100000);

    owner.takes = 0;
    for (unsigned i = 0; i < 100000; i += 4000)
        peer_send(p, data + i, 4000);
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    for (unsigned i = 0; i < WINDOW; i += 4096)
        peer_send(p, data, 4096);
    CHECK(p->fin && !p->reset, "stream_close() ends with a FIN%s",
          p->reset ? ", not with a RST" : "");
    CHECK(p->count == 1000, "our last words arrive");
    CHECK(p->acked == p->sent && p->window > WINDOW / 4 * 3, "the window is "
          "as open as if the bytes had been read, here %u of %u", p->window,
          WINDOW);
    peer_fin(p);
    check_all_gone();
}

TEST(test_close_with_unread_bytes_opens_the_window_by_the_last_of_them)
{
    static const unsigned sizes[] = { 1, 2, 1460 };

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct peer *p = i ? peer_connect(PORT) : start_connected();
        uint8_t *data = random_bytes(sizes[i]);

        owner.takes = 0;
        peer_send(p, data, sizes[i]);
        close_it(owner.stream);
        CHECK(owner.stream->pcb->rcv_wnd == WINDOW, "with %u bytes unread the "
              "window is as open as if they had been read, but for %u bytes",
              sizes[i], WINDOW - owner.stream->pcb->rcv_wnd);
    }
}

TEST(test_a_slow_peer_may_take_its_time_after_close)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 20 * PEER_SEGMENT);
    close_it(owner.stream);
    for (unsigned i = 1; i <= 20; i++) {
        card_sleep(10000);
        peer_acknowledge(p, p->count < i * PEER_SEGMENT ? p->count
                                                        : i * PEER_SEGMENT);
    }
    CHECK(!p->reset && p->count == 20 * PEER_SEGMENT, "a peer that takes a "
          "segment every ten seconds gets all of them, here %u bytes",
          p->count);
    peer_reset(p);
    check_all_gone();
}

TEST(test_a_peer_that_takes_nothing_is_given_up_after_close)
{
    struct peer *p = start_connected();

    p->room = 0;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);       /* newer than the SYN's ACK, so that counts */
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    for (unsigned s = 0; s < 60 && stream_usage().open; s++) {
        card_sleep(1000);
        peer_acknowledge(p, p->count);
    }
    CHECK(p->reset, "a peer whose window stays shut is reset");
    CHECK(released == 1, "what was borrowed is given back");
    check_all_gone();
}

/* It has acknowledged our FIN, and is not hurried to send its own. */
TEST(test_a_peer_that_has_everything_may_take_a_moment_to_end)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_sleep((STREAM_LINGER - 2) * 500);
    CHECK(p->fin && p->count == 1000, "it has everything");
    CHECK(stream_usage().open == 1, "a peer that has everything is waited for, "
          "as it has its own end to send: expected STREAM_LINGER polls, %u ms, "
          "and after %u ms the stream is gone", STREAM_LINGER * 500,
          (STREAM_LINGER - 2) * 500);
    peer_fin(p);
    card_run();
    CHECK(stream_usage().open == 0, "with the peer's end the stream is gone, "
          "here %u are open", stream_usage().open);
    check_all_gone();
}

/* Polls by hand: no time goes by. */
static void poll_it(struct stream *s, unsigned times)
{
    for (unsigned i = 0; i < times && s->pcb; i++)
        s->pcb->poll(s->pcb->callback_arg, s->pcb);
}

static void check_gone_by(struct stream *s, const char *limit, unsigned polls)
{
    poll_it(s, polls - 1);
    CHECK(s->pcb, "a closed stream should be there for %s polls, %u, and was "
          "gone before", limit, polls);
    poll_it(s, 1);
    CHECK(!s->pcb, "a closed stream should be gone after %s polls, %u, and is "
          "still there", limit, polls);
}

TEST(test_a_closed_stream_waits_for_the_peers_end_for_so_many_polls)
{
    struct peer *p = start_connected();
    struct stream *s = owner.stream;

    stream_enter(s);            /* so that the struct stays */
    send_all(s, 1000);
    close_it(s);
    card_run();
    check_gone_by(s, "STREAM_LINGER", STREAM_LINGER);
    stream_leave(s);
    peer_fin(p);
    check_all_gone();
}

TEST(test_a_closed_stream_is_given_up_after_so_many_polls_without_progress)
{
    struct peer *p = start_connected();
    struct stream *s = owner.stream;

    stream_enter(s);
    p->silent = true;
    send_all(s, 1000);
    close_it(s);
    card_run();
    check_gone_by(s, "STREAM_PATIENCE", STREAM_PATIENCE);
    stream_leave(s);
    card_run();
    CHECK(p->reset, "a stream that is given up sends a RST");
    check_all_gone();
}

TEST(test_both_close_at_once)
{
    struct peer *p = start_connected();

    p->deaf = true;
    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_run();
    p->deaf = false;
    peer_fin(p);                /* which acknowledges nothing of ours */
    card_sleep(10000);
    CHECK(p->fin && p->count == 1000 && !p->reset, "both directions close in "
          "good order");
    CHECK(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}

TEST(test_a_silent_peer_does_not_keep_a_closed_stream)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 1000);
    p->deaf = true;
    close_it(owner.stream);
    card_sleep(120000);
    CHECK(released == 1, "what was borrowed is given back, here %u", released);
    check_all_gone();
}
