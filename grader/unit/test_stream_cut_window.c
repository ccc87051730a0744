/* SPDX-License-Identifier: MIT */
/*
 * test_stream_cut_window.c - segments larger than the wire's, and than what the
 * peer takes just now. lwIP sends a segment as a whole or not at all, and has
 * assertions about how large one may be that waits.
 */
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"

enum { PART = 100000, ALL = 6 * PART };

/* Over a card that cuts: large segments wait, of all that is to come, and the
 * peer has taken what was under way, and now takes `room` bytes. */
static uint32_t narrowed_at;    /* of ALL, when it became narrow */

static struct peer *start_narrowed(uint32_t room)
{
    struct peer *p;

    card.netdev.features = NETDEV_CHECKSUM | NETDEV_TSO4;
    p = start_connected();
    send_all(owner.stream, PART);       /* lwIP learns how wide it is */
    card_run();
    send_all(owner.stream, PART);
    card_run();
    p->silent = true;
    send_all(owner.stream, ALL - 2 * PART);
    card_run();
    CHECK(p->count < ALL && card.longest > PART / 2, "large segments are "
          "under way, here of %zu bytes, and others wait", card.longest);
    p->room = room;             /* from here on nothing may be beyond it */
    p->segments = 0;
    narrowed_at = p->count;
    p->silent = false;
    peer_acknowledge(p, p->count);
    return p;
}

static void check_all_comes(struct peer *p)
{
    card_sleep(ALL / 1024 * 600);       /* twice a second */
    CHECK(owner.errors == 0 && p->count == ALL, "%d bytes arrive in a window "
          "of %u, here %u", ALL, p->room, p->count);
    finish(p);
}

TEST(test_a_window_smaller_than_a_segment)
{
    check_all_comes(start_narrowed(4096));
}

TEST(test_a_window_smaller_than_a_segment_of_the_wires)
{
    check_all_comes(start_narrowed(1024));
}

TEST(test_segments_of_the_wires_are_full_though_the_window_is_narrow)
{
    struct peer *p = start_narrowed(4096);

    CHECK(p->segments > 100 && p->count == ALL, "what fits goes at once, here "
          "%u bytes in %u segments", p->count, p->segments);
    CHECK(p->segments < (ALL - narrowed_at) / PEER_SEGMENT + 10, "in full "
          "segments, here %u", p->segments);
    finish(p);
}

/* The window is shut, large segments wait, and lwIP's timer runs. */
static struct peer *start_shut(void)
{
    struct peer *p = start_narrowed(0);

    card_sleep(100000);
    CHECK(p->count < ALL, "what waits goes on waiting, here at %u", p->count);
    return p;
}

static void open_by(struct peer *p, uint32_t room)
{
    p->room = room;
    peer_acknowledge(p, p->count);
}

TEST(test_a_shut_window_opens_wide)
{
    struct peer *p = start_shut();

    open_by(p, WINDOW);
    card_sleep(200);
    CHECK(p->count == ALL, "all comes at once, here %u", p->count);
    finish(p);
}

TEST(test_a_shut_window_opens_by_less_than_a_segment)
{
    struct peer *p = start_shut();

    open_by(p, 3072);
    card_sleep(200);
    CHECK(p->count == ALL, "what fits leaves at once, and so all comes, here "
          "%u", p->count);
    finish(p);
}

TEST(test_a_shut_window_opens_by_less_than_a_segment_of_the_wires)
{
    struct peer *p = start_shut();

    open_by(p, 1152);
    check_all_comes(p);
}

TEST(test_the_byte_that_asks_whether_it_is_open_counts)
{
    struct peer *p = start_narrowed(0);

    card_sleep(3000);
    p->room = 9000 & ~127;      /* nobody says so */
    check_all_comes(p);
}

/* lwIP's timer would take what fits off the segment, at any size. */
TEST(test_a_window_that_opens_while_there_is_no_memory)
{
    struct peer *p = start_shut();

    card.refuses_long = true;   /* when ARP's answer has gone stale */
    pools_fail(256);
    for (unsigned i = 0; i < 60; i++) {
        open_by(p, 2048u << i % 6);
        card_sleep(i / 6 * 1000);
    }
    pools_fail(0);
    open_by(p, 3072);
    check_all_comes(p);
}

TEST(test_a_window_that_opens_and_shuts_at_random)
{
    struct peer *p = start_shut();

    pools_fail(64);
    for (unsigned i = 0; i < 300; i++) {
        p->room = unit_random_below(3) ? unit_random_below(1u <<
                  unit_random_below(18)) & ~127u : 0;
        peer_acknowledge(p, p->count);
        card_sleep(unit_random_below(3000));
    }
    pools_fail(0);
    p->room = WINDOW;
    check_all_comes(p);
}

/* The FIN is part of the last segment, until that is split. */
static void check_end_comes_last(uint32_t room)
{
    struct peer *p = start_connected();

    p->room = room;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);
    send_all(owner.stream, 3 * PEER_SEGMENT);
    close_it(owner.stream);
    card_sleep(120000);
    CHECK(p->fin && p->fin_at == p->count && p->count == 3 * PEER_SEGMENT,
          "the FIN comes behind the last of %d bytes, here behind %u",
          3 * PEER_SEGMENT, p->fin_at);
    peer_fin(p);
    check_all_gone();
}

TEST(test_the_end_comes_last_through_a_narrow_window)
{
    check_end_comes_last(256);
}

TEST(test_the_end_of_a_large_segment_comes_last)
{
    card.netdev.features = NETDEV_CHECKSUM | NETDEV_TSO4;
    check_end_comes_last(1920);
}
