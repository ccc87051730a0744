/* SPDX-License-Identifier: MIT */
/*
 * test_connections.c - segments on their short way to a connection: that each
 * gets its own, in whatever order they come and connections go; and that what
 * lwIP would not have taken is not taken there either.
 */
#include "fake_card.h"
#include "frame_maker.h"
#include "net/stream.h"
#include "tcp_peer.h"
#include "unit.h"

enum { PORT = 80, PEERS = 24, CHANGES = 40, ROUNDS = 3000, ACK = 16, PSH = 8 };

static struct peer *peers[PEERS];
static unsigned heard, byte_heard, from_port;

/* stream_peer() writes "10.0.0.1:50412". */
static size_t hear(struct stream *s, const uint8_t *data, size_t len)
{
    char text[32];
    const char *at = text;

    stream_peer(s, text, sizeof text);
    while (*at != ':')
        at++;
    for (from_port = 0, at++; *at; at++)
        from_port = 10 * from_port + (unsigned)(*at - '0');
    heard++;
    byte_heard = data[len - 1];
    return len;
}

static const struct stream_events events = { hear, stream_close, NULL, NULL };

static int take(struct stream *s)
{
    stream_attach(s, &events, NULL);
    return 0;
}

static void start(void)
{
    card_up("10.0.0.2/24", "10.0.0.1", 16);
    peers_start();
    CHECK(stream_listen(PORT, 2 * PEERS, take) == 0, "it listens");
}

static void check_heard(struct peer *p)
{
    uint8_t byte = (uint8_t)unit_random();
    unsigned before = heard;

    peer_send(p, &byte, 1);
    CHECK(heard == before + 1 && byte_heard == byte && from_port == p->port,
          "what comes from port %u is heard there, here %u times and from "
          "port %u", p->port, heard - before, from_port);
    card_run();
}

TEST(test_each_gets_its_own_whatever_comes_and_goes_in_between)
{
    unsigned changes = 0;

    start();
    for (unsigned i = 0; i < PEERS; i++)
        peers[i] = peer_connect(PORT);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = unit_random_below(PEERS), what = unit_random_below(64);

        check_heard(peers[i]);
        if (what > 1 || changes == CHANGES)
            continue;
        changes++;
        if (what == 0)
            peer_reset(peers[i]);
        else                        /* it ends in good order, and rests */
            peer_fin(peers[i]);
        card_run();
        peers[i] = peer_connect(PORT);
        CHECK(peers[i]->established, "another takes its place");
    }
}

/* What the peer would say next: three bytes. */
static uint8_t *make_next(struct made *f, const struct peer *p)
{
    uint8_t *data = make_tcp(f, p->port, PORT, p->first + p->sent,
                             p->their_first, ACK | PSH, 1000, 0, 3);

    mend(f);
    return data;
}

static void check_refused(const struct made *f, const char *why)
{
    unsigned before = heard;

    card_receive(f->bytes, f->len);
    card_run();
    CHECK(heard == before, "a segment %s is not heard", why);
}

TEST(test_what_is_not_as_it_was_sent_is_not_heard)
{
    struct made f;
    struct peer *p;

    start();
    p = peer_connect(PORT);
    p->unruly = true;
    for (unsigned at = MAKER_ETH; at < MAKER_ETH + MAKER_IP + MAKER_TCP + 3;
         at++) {
        make_next(&f, p);
        f.bytes[at] ^= (uint8_t)(1 + unit_random_below(255));
        check_refused(&f, "of which a byte has changed");
    }
    make_next(&f, p);
    card_receive(f.bytes, f.len);
    CHECK(heard == 1, "as it was sent it is heard");
}

TEST(test_what_is_for_or_from_another_is_not_heard)
{
    static const struct { unsigned at; const char *why; } number[] = {
        { MAKER_ETH + 15, "from another address" },
        { MAKER_ETH + 19, "for another address" },
        { MAKER_ETH + MAKER_IP + 1, "from another port" },
        { MAKER_ETH + MAKER_IP + 3, "for another port" },
    };
    struct made f;
    struct peer *p;

    start();
    p = peer_connect(PORT);
    p->unruly = true;
    for (unsigned i = 0; i < sizeof number / sizeof *number; i++) {
        make_next(&f, p);
        f.bytes[number[i].at] ^= 4;
        mend(&f);
        check_refused(&f, number[i].why);
    }
    make_next(&f, p);
    f.bytes[MAKER_ETH + 6] = 0x20;      /* more fragments follow */
    mend(&f);
    check_refused(&f, "that is part of a packet");
}

/* [IEEE 802.3]: what is shorter than 60 bytes is filled up. */
TEST(test_what_is_behind_a_packet_is_not_heard)
{
    struct made f;
    struct peer *p;
    uint8_t *data;

    start();
    p = peer_connect(PORT);
    p->unruly = true;
    data = make_next(&f, p);
    data[2] = 77;
    mend(&f);
    data[3] = 78;
    f.len += 3;
    card_receive(f.bytes, f.len);
    CHECK(heard == 1 && byte_heard == 77, "the packet's last byte is the last "
          "that is heard");
}
