/* SPDX-License-Identifier: MIT */
/*
 * test_stream_weather.c - lab 11: lines that lose, pools that are
 * empty, and peers that keep to no rules.
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

/* ---- Bad weather --------------------------------------------------------- */

static struct peer *storm_peer;
static uint8_t *storm_data;

/* Both directions at once, until all has come through. */
static void storm(struct peer *p, unsigned len)
{
    for (unsigned round = 0; round < 4000; round++) {
        if (p->acked < len) {
            unsigned n = len - p->acked < 6000 ? len - p->acked : 6000;

            p->sent = p->acked + n > p->sent ? p->acked + n : p->sent;
            peer_send_at(p, p->acked, storm_data + p->acked, n);
        }
        card_sleep(250);
        if (p->count == len && p->acked == len &&
            owner.count == len)
            return;
    }
}

TEST(test_what_gets_lost_comes_again)
{
    const unsigned len = 200000;

    storm_peer = start_connected();
    storm_data = random_bytes(len);
    big_make(len);
    owner.in_writable = send_more_of_big;
    peers_lose(12);             /* one in twenty */
    send_more_of_big(owner.stream);
    storm(storm_peer, len);
    CHECK(storm_peer->count == len && memcmp(storm_peer->bytes, big_copy,
          len) == 0, "%u bytes of ours come through a bad line, here %u", len,
          storm_peer->count);
    CHECK(owner.count == len && memcmp(owner.bytes, storm_data, len) == 0,
          "and %u of theirs, here %zu", len, owner.count);
    peers_lose(0);
    finish(storm_peer);
}

TEST(test_pools_that_are_empty_now_and_then_lose_nothing)
{
    const unsigned len = 200000;

    storm_peer = start_connected();
    storm_data = random_bytes(len);
    big_make(len);
    owner.in_writable = send_more_of_big;
    pools_fail(12);
    send_more_of_big(owner.stream);
    storm(storm_peer, len);
    CHECK(storm_peer->count == len && memcmp(storm_peer->bytes, big_copy,
          len) == 0, "%u bytes of ours come through with pools that fail one "
          "time in twenty, here %u", len, storm_peer->count);
    CHECK(owner.count == len && memcmp(owner.bytes, storm_data, len) == 0,
          "and %u of theirs, here %zu", len, owner.count);
    pools_fail(0);
    finish(storm_peer);
}

TEST(test_a_peer_that_changes_its_mss_is_not_heard)
{
    static const uint8_t mss_of_1[] = { 1, 1, 1, 1, 2, 4, 0, 1 };
    struct peer *p = start_connected();

    p->room = 0;
    peer_send(p, "x", 1);
    peer_send(p, "y", 1);
    send_all(owner.stream, 2000);
    card_run();
    peer_anything(p, 16, p->sent, p->count, 0, mss_of_1, 8, NULL, 0);
    send_all(owner.stream, 2000);
    p->room = WINDOW;
    peer_acknowledge(p, p->count);
    card_sleep(10000);
    CHECK(p->count == 4000 && p->segments < 10, "4000 bytes arrive in full "
          "segments all the same, here %u in %u", p->count, p->segments);
    finish(p);
}

/* ---- Strangers ----------------------------------------------------------- */

static unsigned guests, bytes_seen;

/* An owner who does whatever the contract allows. */
static void be_whimsical(struct stream *s)
{
    static const char text[5000];

    stream_send(s, text, unit_random_below(sizeof text), false, NULL, NULL);
    if (unit_random_below(4) == 0)
        stream_resume(s);
    switch (unit_random_below(64)) {
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
    for (size_t i = 0; i < len; i++)
        bytes_seen += data[i] == 1;
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

static void anything(struct peer *p)
{
    static const uint8_t flags[] = { 16, 16, 16, 24, 24, 17, 2, 4, 18, 0, 63 };
    static uint8_t data[PEER_SEGMENT];
    uint8_t options[40];
    size_t n = unit_random_below(4) ? 0 : 4 * unit_random_below(11);
    uint32_t at = p->acked + unit_random_below(3000) -
                  (unit_random_below(4) ? 0 : 1500);
    uint32_t acked = p->count + unit_random_below(200) -
                     (unit_random_below(4) ? 0 : 2000);

    memset(data, 1, sizeof data);
    for (size_t i = 0; i < sizeof options; i++)
        options[i] = (uint8_t)unit_random_below(10);
    if (unit_random_below(4))
        at = p->acked;
    if (unit_random_below(4))
        acked = p->count;
    peer_anything(p, flags[unit_random_below(sizeof flags)], at, acked,
                  (uint16_t)(unit_random_below(4) ? 0xffff : unit_random()),
                  options, n, data, unit_random_below(PEER_SEGMENT));
}

TEST(test_no_segment_does_harm)
{
    struct peer *p[64];

    start();
    CHECK(stream_listen(81, 16, whimsical_accept) == 0, "a port is free");
    pools_fail(4);
    for (unsigned i = 0; i < 64; i++) {
        p[i] = peer_connect(81);
        p[i]->unruly = true;
        for (unsigned round = 0; round < 200; round++) {
            anything(p[unit_random_below(i + 1)]);
            if (unit_random_below(16) == 0)
                card_sleep(unit_random_below(1000));
            else
                card_run();
        }
    }
    pools_fail(0);
    CHECK(guests > 30 && bytes_seen > 10000, "some were let in (%u) and heard "
          "(%u bytes)", guests, bytes_seen);
    for (unsigned i = 0; i < 64; i++)
        p[i]->deaf = true;
    card_sleep(1800000);
    for (unsigned i = 0; i < 64; i++)
        peer_anything(p[i], 4, p[i]->acked, 0, 0, NULL, 0, NULL, 0);
    card_sleep(70000);
}
