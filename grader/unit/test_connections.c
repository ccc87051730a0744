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

/* ---- What lwIP would not stand ------------------------------------------- */

static size_t leave(struct stream *s, const uint8_t *data, size_t len)
{
    (void)s;
    (void)data;
    (void)len;
    return 0;
}

static int take_nothing(struct stream *s)
{
    static const struct stream_events deaf = { leave, stream_close, NULL,
                                               NULL };

    stream_attach(s, &deaf, NULL);
    return 0;
}

TEST(test_what_comes_early_and_reaches_beyond_the_window_is_not_kept)
{
    enum { WINDOW = 256 << 10, LEFT = 10 };
    static uint8_t bytes[WINDOW];
    struct peer *p;

    card_up("10.0.0.2/24", "10.0.0.1", 64);
    peers_start();
    CHECK(stream_listen(PORT, 1, take_nothing) == 0, "it listens");
    p = peer_connect(PORT);
    peer_send(p, bytes, WINDOW - LEFT);
    CHECK(p->acked == WINDOW - LEFT && p->window == 0, "the window is as good "
          "as shut: %u bytes are acknowledged", p->acked);
    p->sent++;
    peer_send_at(p, WINDOW - LEFT + 1, bytes, 1000);
    peer_send_at(p, WINDOW - LEFT, bytes, 1);
    card_sleep(500);
    CHECK(p->acked == WINDOW - LEFT + 1, "of what comes then only the byte "
          "that was next: %u bytes", p->acked);
}

/* ---- With a card that stands for sums ------------------------------------ */

static void start_summed(uint8_t sum)
{
    start();
    card.netdev.sum_before = 1;
    card.sum = sum;
}

/* The sum of TCP or UDP is not right. */
static void spoil(struct made *f, unsigned at)
{
    f->bytes[MAKER_ETH + MAKER_IP + at] ^= 0x55;
}

static unsigned answers;

static void count_answer(const uint8_t *data, size_t len)
{
    (void)data;
    (void)len;
    answers++;
}

static void check_sum_is_known(uint8_t sum)
{
    struct made f;
    struct peer *p;

    start_summed(sum);
    p = peer_connect(PORT);
    p->unruly = true;
    make_next(&f, p);
    spoil(&f, 16);
    card_receive(f.bytes, f.len);
    card_run();
    CHECK(heard == 1, "of a segment with the note %u no sum is looked at", sum);
    p->sent += 3;
    card.sum = 0;
    make_next(&f, p);
    spoil(&f, 16);
    check_refused(&f, "of which the card knows nothing, and not right,");
    card.sum = 0xfc;
    check_refused(&f, "of which it says what we do not know, and not right,");
    mend(&f);
    card_receive(f.bytes, f.len);
    CHECK(heard == 2, "one of which it knows nothing is heard if it is right");
}

TEST(test_a_sum_that_was_left_out_is_not_missed)
{
    check_sum_is_known(NETDEV_SUM_LEFT_OUT);
}

TEST(test_a_sum_that_the_card_has_looked_at_is_not_looked_at_again)
{
    check_sum_is_known(NETDEV_SUM_RIGHT);
}

TEST(test_a_segment_whose_sum_is_right_needs_an_ip_header_that_is)
{
    struct made f;
    struct peer *p;

    start_summed(NETDEV_SUM_RIGHT);
    p = peer_connect(PORT);
    p->unruly = true;
    make_next(&f, p);
    f.bytes[MAKER_ETH + 8] ^= 1;
    check_refused(&f, "with an IP header that is not right");
}

/* Whichever way it takes: for nobody, for a listener, in place of an old
 * connection, of UDP. */
TEST(test_a_sum_is_known_on_every_way)
{
    enum { SYN = 2 };
    struct made f;
    struct peer *p;

    start_summed(NETDEV_SUM_LEFT_OUT);
    p = peer_connect(PORT);
    p->unruly = true;
    card.frame = count_answer;
    make_tcp(&f, 999, PORT + 1, 5, 5, ACK, 1000, 0, 0);
    mend(&f);
    spoil(&f, 16);
    card_receive(f.bytes, f.len);
    CHECK(answers == 1, "a reset from a port at which nobody listens");
    make_tcp(&f, 999, PORT, 5, 0, SYN, 1000, 0, 0);
    mend(&f);
    spoil(&f, 16);
    card_receive(f.bytes, f.len);
    CHECK(answers == 2, "an answer to a SYN");
    make_udp(&f, 999, 999, 5);
    mend(&f);
    spoil(&f, 6);
    card_receive(f.bytes, f.len);
    CHECK(answers == 3, "word from a port of UDP where there is nobody");
    card.sum = 0;
    card_receive(f.bytes, f.len);
    CHECK(answers == 3, "but none when the sum has to be right");
}

TEST(test_a_connection_begins_anew_with_its_sum_left_out)
{
    enum { SYN = 2 };
    struct made f;
    struct peer *p;

    start_summed(NETDEV_SUM_LEFT_OUT);
    p = peer_connect(PORT);
    peer_fin(p);
    card_run();
    CHECK(p->fin, "it has ended, and rests");
    card.frame = count_answer;
    make_tcp(&f, p->port, PORT, p->first + 100000, 0, SYN, 1000, 0, 0);
    mend(&f);
    spoil(&f, 16);
    card_receive(f.bytes, f.len);
    card_run();
    CHECK(answers == 1 && stream_usage().resting == 0, "the old makes way");
}
