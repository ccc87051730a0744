/* SPDX-License-Identifier: MIT */
/*
 * test_crowd.c - connections when there are too many, or too greedy ones; and
 * when the clock of lwIP begins again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "fake_card.h"
#include "net/lwip/port.h"
#include "net/stream.h"
#include "tcp_peer.h"
#include "unit.h"

enum { PORT = 80, SECOND = 1000, FLOOD = 5000, BACKLOG = 40 };

/* ---- Who answers: everything that comes, and then more ------------------ */

static uint8_t content[512 << 10];
static unsigned accepted, gone;
static size_t send_first;       /* bytes of content, on accept() */
static bool closes_first;       /* after it has answered */

static size_t echo(struct stream *s, const uint8_t *data, size_t len)
{
    /* It fits: what is echoed is a few bytes, and content[] stays. */
    memcpy(content, data, len);
    len = (size_t)stream_send(s, content, len, false, NULL, NULL);
    if (closes_first)
        stream_close(s);
    return len;
}

static void ended(struct stream *s)
{
    gone++;
    stream_close(s);
}

static void failed(struct stream *s, int error)
{
    (void)s;
    (void)error;
    gone++;
}

static const struct stream_events events = { echo, ended, NULL, failed };

static int take(struct stream *s)
{
    accepted++;
    stream_attach(s, &events, NULL);
    if (send_first)
        stream_send(s, content, send_first, false, NULL, NULL);
    return 0;
}

static void start(void)
{
    card_up("10.0.0.2/24", "10.0.0.1", 16);
    peers_start();
    CHECK(stream_listen(PORT, BACKLOG, take) == 0, "it listens");
}

static void check_answered(const char *when)
{
    struct peer *p = peer_connect(PORT);

    card_run();
    CHECK(p->established, "%s a SYN is answered", when);
    peer_send(p, "hello", 5);
    card_run();
    CHECK(p->count == 5 && memcmp(p->bytes, "hello", 5) == 0, "%s a peer is "
          "served, here with %u bytes", when, p->count);
    peer_fin(p);
    card_run();
    CHECK(p->fin, "%s it is closed in good order", when);
}

/* ---- Too many ----------------------------------------------------------- */

static void flood(unsigned count)
{
    static struct peer stranger;

    for (unsigned i = 0; i < count; i++) {
        stranger.port = (uint16_t)(1024 + (stranger.port + 1) % 30000);
        stranger.first = (uint32_t)unit_random();
        peer_syn(&stranger, PORT);
    }
}

TEST(test_a_syn_flood_keeps_nobody_out)
{
    start();
    for (unsigned i = 0; i < 10; i++) {
        flood(FLOOD / 10);
        check_answered("while SYNs are flooding");
    }
    CHECK(pool_out("TCP_PCB") <= 8 * 16 + 20, "of 5000 half-open connections "
          "half_open are kept, here %u", pool_out("TCP_PCB"));
    card_sleep(120 * SECOND);
    CHECK(accepted == 10 && gone == 10, "none of them was accepted");
    card_check_nothing_is_out();
}

TEST(test_beyond_the_limit_the_oldest_half_open_connection_gives_way)
{
    struct peer *old, *young;

    start();
    old = peer_connect(99);             /* only to have a peer */
    old->deaf = true;
    peer_syn(old, PORT);
    card_sleep(SECOND);
    flood(8 * 16 - 2);
    young = peer_connect(99);
    young->deaf = true;
    peer_syn(young, PORT);
    flood(2);
    old->deaf = young->deaf = false;
    old->reset = young->reset = false;
    card_sleep(10 * SECOND);            /* the SYN's answer is sent again */
    CHECK(young->established && !young->reset, "the young one is still known");
    CHECK(!old->established, "the old one is not");
}

TEST(test_a_syn_that_comes_again_does_not_drive_out_its_own_connection)
{
    struct peer *oldest;

    start();
    oldest = peer_connect(99);
    oldest->reset = false;
    oldest->deaf = true;
    peer_syn(oldest, PORT);
    card_sleep(SECOND);
    flood(8 * 16 - 1);
    for (unsigned i = 0; i < 3; i++)
        peer_syn(oldest, PORT);
    oldest->deaf = false;
    peer_syn(oldest, PORT);
    CHECK(oldest->established && !oldest->reset, "it is still known");
    check_answered("with as many half-open as there may be");
}

TEST(test_connections_beyond_the_backlog_wait_and_are_not_refused)
{
    struct peer *peers[BACKLOG + 5];

    start();
    for (unsigned i = 0; i < BACKLOG + 5; i++) {
        peers[i] = peer_connect(PORT);
        card_run();
    }
    CHECK(accepted == BACKLOG, "as many as the backlog has are accepted, here "
          "%u", accepted);
    for (unsigned i = 0; i < 5; i++) {
        peer_reset(peers[i]);
        CHECK(!peers[BACKLOG + i]->reset, "who has to wait is not refused");
    }
    for (unsigned i = 0; i < 5; i++)
        peer_syn(peers[BACKLOG + i], PORT);
    card_sleep(30 * SECOND);
    CHECK(accepted == BACKLOG + 5, "and is accepted when some have gone, here "
          "%u", accepted);
}

TEST(test_who_believes_in_a_connection_that_gave_way_is_told_so_also_when_full)
{
    struct peer *p;

    start();
    p = peer_connect(99);               /* only to have a peer */
    p->reset = false;
    for (unsigned i = 0; i < BACKLOG; i++)
        peer_connect(PORT);
    CHECK(accepted == BACKLOG, "all are taken");
    peer_anything(p, 16, 0, 0, 8192, NULL, 0, NULL, 0);
    card_run();
    CHECK(p->reset, "the acknowledgement of a SYN that is forgotten is "
          "answered with a reset");
}

TEST(test_many_that_wait_to_be_forgotten_give_way)
{
    start();
    closes_first = true;
    for (unsigned i = 0; i < 60; i++)
        check_answered("with many in TIME-WAIT");
    CHECK(pool_out("TCP_PCB") == 60, "60 wait, here %u", pool_out("TCP_PCB"));
    pool_set_limit("TCP_PCB", 60);
    check_answered("with no pcb left but those in TIME-WAIT");
}

TEST(test_connections_that_were_left_to_lwip_give_way)
{
    start();
    closes_first = true;
    for (unsigned i = 0; i < 30; i++)
        peer_send(peer_connect(PORT), "x", 1);
    card_sleep(4 * SECOND);     /* the peers don't end theirs */
    CHECK(pool_out("streams") == 0, "no stream is left");
    CHECK(pool_out("TCP_PCB") == 30, "but a pcb of each, here %u",
          pool_out("TCP_PCB"));
    pool_set_limit("TCP_PCB", 30);
    check_answered("with no pcb left but those of closed connections");
}

/* ---- The same ports again ----------------------------------------------- */

/* A connection that we have closed first, and that waits to be forgotten. */
static struct peer *at_rest(size_t bytes)
{
    struct peer *p;

    start();
    closes_first = true;
    send_first = bytes;
    p = peer_connect(PORT);
    peer_send(p, "x", 1);
    peer_fin(p);
    card_run();
    CHECK(p->fin && stream_usage().resting == 1, "the connection is at rest");
    return p;
}

/* A SYN of the peer's, so many numbers beyond the last that it has used. */
static void call_again(struct peer *p, uint32_t beyond)
{
    p->first += p->sent + p->ended + beyond;
    p->sent = p->acked = p->window = p->count = 0;
    p->ended = p->fin = p->established = false;
    memset(p->have, 0, p->cap);
    peer_syn(p, PORT);
}

TEST(test_a_syn_with_new_numbers_takes_the_place_of_a_connection_at_rest)
{
    struct peer *p = at_rest(0);
    unsigned beyond[] = { 2, 100000, 0x7ffffff0 };

    for (unsigned i = 0; i < 3; i++) {
        call_again(p, beyond[i]);
        CHECK(p->established && !p->reset, "the first SYN is answered");
        peer_send(p, "hello", 5);
        peer_fin(p);
        CHECK(p->count == 5 && memcmp(p->bytes, "hello", 5) == 0 && p->fin,
              "and its sender served");
        CHECK(stream_usage().resting == 1, "of the two one is left, at rest");
    }
    CHECK(accepted == 4, "each of them is a connection, here %u", accepted);
    card_sleep(130 * SECOND);
    card_check_nothing_is_out();
}

TEST(test_our_numbers_begin_beyond_those_of_the_connection_at_rest)
{
    struct peer *p = at_rest(400 << 10);
    uint32_t last = p->their_first + p->fin_at;

    send_first = 0;
    call_again(p, 1000);
    CHECK(p->established, "the first SYN is answered");
    CHECK((int32_t)(p->their_first - 1 - last) > 0, "with the clock standing "
          "still, and 400 KiB sent, a connection that ended at %08x is "
          "followed by one that begins at %08x", last, p->their_first - 1);
}

TEST(test_an_old_syn_does_not_disturb_a_connection_at_rest)
{
    struct peer *p = at_rest(0);
    uint32_t old[] = { 0, (uint32_t)-1, (uint32_t)-2, (uint32_t)-5000,
                       0x80000010 };
    uint32_t end = p->first + p->sent + p->ended;

    for (unsigned i = 0; i < sizeof old / sizeof old[0]; i++) {
        p->deaf = true;
        p->first = end + old[i];
        p->established = false;
        peer_syn(p, PORT);
        CHECK(stream_usage().resting == 1 && accepted == 1 &&
              pool_out("TCP_PCB") == 1, "a SYN whose number is %d beyond the "
              "end is nobody's", (int)old[i]);
    }
}

TEST(test_a_syn_finds_no_place_while_there_are_too_many_and_a_place_after)
{
    struct peer *p = at_rest(0), *others[BACKLOG];

    closes_first = false;
    for (unsigned i = 0; i < BACKLOG; i++)
        others[i] = peer_connect(PORT);
    call_again(p, 1000);
    CHECK(!p->established && !p->reset, "it is passed over, not refused");
    for (unsigned i = 0; i < BACKLOG; i++)
        peer_reset(others[i]);
    peer_syn(p, PORT);
    CHECK(p->established, "and answered when it comes again");
}

/* ---- Too greedy --------------------------------------------------------- */

TEST(test_peers_that_acknowledge_nothing_leave_segments_to_the_others)
{
    start();
    send_first = sizeof content;
    for (unsigned i = 0; i < 30; i++) {
        struct peer *p = peer_connect(99);  /* only to have a peer */

        p->silent = true;
        p->reset = false;
        peer_syn(p, PORT);
    }
    CHECK(accepted == 30 && pool_out("TCP_SEG") > 64 * 16, "most of the "
          "segments are out, here %u", pool_out("TCP_SEG"));
    CHECK(pool_out("TCP_SEG") < 120 * 16, "of %u segments for data a sixteenth "
          "is left at least, here %u are out", 128 * 16, pool_out("TCP_SEG"));
    send_first = 0;
    for (unsigned i = 0; i < 5; i++)
        check_answered("while thirty acknowledge nothing");
}

TEST(test_each_who_waits_for_room_has_some_in_turn)
{
    enum { PEERS = 12, ROOM = 4, ROUNDS = 60 };
    struct peer *peers[PEERS];
    unsigned asked[PEERS] = { 0 };

    start();
    for (unsigned i = 0; i < PEERS; i++)
        peers[i] = peer_connect(PORT);
    card_run();
    card.narrow = true;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < PEERS; i++)
            if (peers[i]->count == 5 * asked[i]) {
                peer_send(peers[i], "hello", 5);
                asked[i]++;
            }
        card_run();
        card.room = ROOM;
        card.netdev.writable(&card.netdev);
        card_run();
    }
    for (unsigned i = 0; i < PEERS; i++)
        CHECK(peers[i]->count / 5 >= ROUNDS * ROOM / PEERS - 2, "of %d rounds "
              "in which %d find room, peer %u of %d had some in %u", ROUNDS,
              ROOM, i, PEERS, peers[i]->count / 5);
}

/* ---- The clock ---------------------------------------------------------- */

TEST(test_the_clock_wraps_at_2_to_the_32_ms_and_connections_go_on)
{
    struct peer *p;

    card_clock((((uint64_t)1 << 32) - 20 * SECOND) * NS_PER_MS);
    start();
    send_first = 400 << 10;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)unit_random();
    p = peer_connect(PORT);
    peers_lose(50);             /* so that timers are needed all the time */
    card_sleep(600 * SECOND);
    CHECK(sys_now() < 700 * SECOND, "the clock has wrapped");
    peers_lose(0);
    card_sleep(60 * SECOND);
    CHECK(p->count == send_first && memcmp(p->bytes, content, p->count) == 0,
          "all of %zu bytes have come, here %u", send_first, p->count);
    send_first = 0;
    peer_fin(p);
    card_sleep(130 * SECOND);
    CHECK(gone == 1, "the connection has ended");
    check_answered("after the clock has wrapped");
    card_sleep(130 * SECOND);
    card_check_nothing_is_out();
}

/* Timers that were set before the wrap and are due after it. */
TEST(test_the_clock_wraps_at_2_to_the_32_ms_and_what_waits_is_forgotten)
{
    start();
    card_sleep(SECOND);
    for (uint64_t before = 5; before <= 65; before += 20) {
        uint64_t now = clock_ns() / NS_PER_MS;
        uint64_t wrap = ((now >> 32) + 1) << 32;

        card_clock((wrap - before * SECOND) * NS_PER_MS);
        card_sleep(SECOND);
        check_answered("shortly before the wrap");
        flood(3);
        card_sleep(200 * SECOND);
        card_check_nothing_is_out();
    }
}
