/* SPDX-License-Identifier: MIT */
/*
 * test_stream_window.c - lab 11: peers whose window is small, or shut for as
 * long as they like.
 */
#include <errno.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"

TEST(test_a_peer_with_a_tiny_window_gets_everything)
{
    struct peer *p = start_connected();

    p->room = 0;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);
    send_all(owner.stream, 3000);
    card_run();
    p->room = 256;
    peer_acknowledge(p, p->count);
    send_all(owner.stream, 1000);
    card_sleep(120000);
    CHECK(p->count == 4000, "4000 bytes arrive in a window of 256, here %u",
          p->count);
    finish(p);
}

TEST(test_a_peer_that_takes_the_last_byte_and_shuts_its_window)
{
    struct peer *p = start_connected();

    p->silent = true;
    p->room = 3000;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);
    send_all(owner.stream, 2000);
    card_sleep(5000);           /* sent again, and so lwIP's to send */
    p->room = 0;
    peer_anything(p, 16, p->sent++, 0, 0, NULL, 0, "z", 1);
    card_sleep(30000);          /* with the window shut */
    peer_acknowledge(p, 2000);
    card_sleep(60000);
    CHECK(released == 1, "what is acknowledged is released");
    p->silent = false;
    p->room = WINDOW;
    peer_acknowledge(p, 2000);
    send_all(owner.stream, 1000);
    card_sleep(1000);
    CHECK(p->count == 3000, "and the stream goes on, here %u", p->count);
    finish(p);
}

static void link_is(bool up)
{
    card.netdev.link_up = up;
    card.netdev.link_changed(&card.netdev);
}

TEST(test_a_large_window_that_opens_while_the_link_is_down)
{
    struct peer *p = start_connected();

    p->room = 128;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);
    send_all(owner.stream, 3000);
    card_run();                 /* does not fit: lwIP's timer is set */
    link_is(false);
    peer_anything(p, 16, p->sent++, p->count, 0x2000, NULL, 0, "z", 1);
    card_sleep(30000);          /* 2^20 bytes: in 16 bits nothing */
    link_is(true);
    p->room = WINDOW;
    card_sleep(60000);
    CHECK(p->count == 3000, "3000 bytes arrive when the link is up again, "
          "here %u", p->count);
    finish(p);
}

/* A peer that has shut its window, and 3000 bytes that wait for it. */
static struct peer *start_shut(void)
{
    struct peer *p = start_connected();

    p->room = 0;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);
    send_all(owner.stream, 3000);
    card_run();
    return p;
}

/* Nobody says so when it opens again: it has to be asked. */
static void check_is_asked_again(struct peer *p)
{
    CHECK(owner.errors == 0, "a peer that could not be asked whether its "
          "window is still shut owes no answer, but error() said %d",
          owner.error);
    p->room = WINDOW;
    card_sleep(130000);
    CHECK(p->count == 3000, "3000 bytes arrive when it can be asked again, "
          "here %u", p->count);
    finish(p);
}

TEST(test_a_shut_window_outlasts_a_card_without_room)
{
    struct peer *p = start_shut();

    card.refuses = -ENOSPC;
    card_sleep(60000);
    card.refuses = 0;
    check_is_asked_again(p);
}

TEST(test_a_shut_window_outlasts_a_link_that_is_down)
{
    struct peer *p = start_shut();

    link_is(false);
    card_sleep(60000);
    link_is(true);
    check_is_asked_again(p);
}

TEST(test_a_shut_window_outlasts_pools_without_memory)
{
    struct peer *p = start_shut();

    pools_fail(256);
    card_sleep(60000);
    pools_fail(0);
    check_is_asked_again(p);
}

TEST(test_a_peer_that_is_asked_and_never_answers_is_a_timeout)
{
    struct peer *p = start_shut();

    for (unsigned i = 0; i < 4; i++) {
        card.refuses = -ENOSPC; /* now and then it can't be asked */
        card_sleep(5000);
        card.refuses = 0;
        card_sleep(5000);
    }
    p->deaf = true;
    card_sleep(900000);
    CHECK(owner.errors == 1 && owner.error == -ETIMEDOUT, "a peer that shuts "
          "its window and vanishes is one error(), -ETIMEDOUT, here %u, %d",
          owner.errors, owner.error);
    check_all_gone();
}
