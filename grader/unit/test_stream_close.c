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

TEST(test_close_sends_what_is_queued_first)
{
    struct peer *p = start_connected();
    uint8_t *copy = send_all(owner.stream, 300000);

    finish(p);
    CHECK(p->count == 300000 && p->fin_at == 300000 &&
          memcmp(p->bytes, copy, 300000) == 0, "300000 bytes arrive before "
          "the FIN, here %u", p->count);
    CHECK(released == 1, "and are released once, here %u times", released);
}

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

TEST(test_what_comes_after_close_is_thrown_away)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(WINDOW);

    close_it(owner.stream);
    card_run();
    for (unsigned i = 0; i < 2 * WINDOW; i += 4096)
        peer_send(p, data + i % WINDOW, 4096);
    card_sleep(500);
    CHECK(!p->reset && p->acked == 2 * WINDOW, "two windows full after "
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
    CHECK(p->reset, "a peer that goes on sending after it has got everything "
          "is reset");
    check_all_gone();
}

TEST(test_a_silent_peer_that_has_everything_is_soon_left)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 1000);
    close_it(owner.stream);
    card_sleep(5000);
    CHECK(p->fin && p->count == 1000, "it has everything");
    CHECK(stream_usage().open == 0 && !p->reset, "five seconds later the "
          "stream is gone, and nobody was reset");
    check_all_gone();
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
