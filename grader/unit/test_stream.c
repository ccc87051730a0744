/* SPDX-License-Identifier: MIT */
/*
 * test_stream.c - lab 11: streams over lwIP, with a peer that keeps to no
 * rules but the test's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/buffers.h"
#include "net/lwip/streams.h"
#include "net/stream.h"
#include "tcp_peer.h"
#include "unit.h"

enum { PORT = 80, MIB = 1 << 20, WINDOW = 256 << 10 };

/* ---- The owner of the streams ------------------------------------------- */

/* What it has seen, and what it is to do, of the stream that came last; a
 * test with several has them one after the other. */
static struct owner {
    struct stream *stream;
    unsigned accepted, ended, errors, writables;
    int error;
    uint8_t *bytes;             /* received */
    size_t count;
    size_t takes;               /* the most that receive() takes */
    int refuse;                 /* what accept() returns */
    void (*in_receive)(struct stream *s);
    void (*in_end)(struct stream *s);
    void (*in_writable)(struct stream *s);
    void (*in_accept)(struct stream *s);
    void (*in_error)(struct stream *s);
    bool dead;                  /* nothing may be called any more */
} owner;

static void check_alive(struct stream *s, const char *what)
{
    CHECK(!owner.dead, "%s() is not called once the stream is closed, "
          "aborted or in error", what);
    CHECK(stream_context(s) == &owner, "stream_context() is what was given "
          "to stream_attach()");
}

static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    size_t n = len < owner.takes ? len : owner.takes;

    check_alive(s, "receive");
    CHECK(len > 0, "receive() is called with something to take");
    CHECK(!owner.ended, "receive() is not called after end()");
    memcpy(owner.bytes + owner.count, data, n);
    owner.count += n;
    if (owner.in_receive)
        owner.in_receive(s);
    return n;
}

static void on_end(struct stream *s)
{
    check_alive(s, "end");
    owner.ended++;
    if (owner.in_end)
        owner.in_end(s);
}

static void on_writable(struct stream *s)
{
    check_alive(s, "writable");
    owner.writables++;
    if (owner.in_writable)
        owner.in_writable(s);
}

static void on_error(struct stream *s, int error)
{
    check_alive(s, "error");
    owner.errors++;
    owner.error = error;
    owner.dead = true;
    if (owner.in_error)
        owner.in_error(s);
}

static const struct stream_events events = {
    on_receive, on_end, on_writable, on_error,
};

static int on_accept(struct stream *s)
{
    owner.accepted++;
    owner.stream = s;
    owner.dead = false;
    stream_attach(s, &events, &owner);
    if (owner.in_accept)
        owner.in_accept(s);
    return owner.refuse;
}

static void close_it(struct stream *s)
{
    stream_close(s);
    owner.dead = true;
}

static void abort_it(struct stream *s)
{
    stream_abort(s);
    owner.dead = true;
}

/* ---- What is lent ------------------------------------------------------- */

/* A piece of memory for stream_send(); the sanitizer sees who reads it after
 * it was given back, and the test whether that was too early. */
struct loan {
    uint8_t *bytes;
    size_t len;
    size_t parts;               /* that a send took and a release gave back */
    size_t most;                /* bytes taken */
};
static unsigned released, parts_out;

static void on_release(void *ctx)
{
    struct loan *loan = ctx;

    CHECK(loan->parts > 0, "each release() answers one send, here one more");
    loan->parts--;
    parts_out--;
    released++;
    if (loan->parts == 0 && loan->most == loan->len) {
        free(loan->bytes);
        free(loan);
    }
}

static struct loan *loan_make(size_t len)
{
    struct loan *loan = calloc(1, sizeof *loan);

    loan->bytes = malloc(len);
    loan->len = len;
    for (size_t i = 0; i < len; i++)
        loan->bytes[i] = (uint8_t)unit_random();
    return loan;
}

/* Sends what of `loan` has not been sent. */
static long loan_send(struct stream *s, struct loan *loan, bool more)
{
    long n = stream_send(s, loan->bytes + loan->most, loan->len - loan->most,
                         more, on_release, loan);

    if (n > 0) {
        loan->most += (size_t)n;
        loan->parts++;
        parts_out++;
    }
    return n;
}

/* Sends `len` bytes that are taken at once; returns a copy of them. */
static uint8_t *send_all(struct stream *s, size_t len)
{
    struct loan *loan = loan_make(len);
    uint8_t *copy = malloc(len);
    long n;

    memcpy(copy, loan->bytes, len);
    n = loan_send(s, loan, false);
    CHECK(n == (long)len, "stream_send() takes %zu bytes while there is room "
          "for %zu, here it returned %ld", len, stream_room(s), n);
    return copy;
}

/* ---- The start ---------------------------------------------------------- */

static void start(void)
{
    card_up("10.0.0.2/24", "10.0.0.1", 16);
    peers_start();
    owner.bytes = malloc(8 << 20);
    owner.takes = SIZE_MAX;
    CHECK(stream_listen(PORT, 64, on_accept) == 0, "stream_listen() on a free "
          "port returns 0");
}

static struct peer *start_connected(void)
{
    struct peer *p;

    start();
    p = peer_connect(PORT);
    CHECK(p->established && owner.accepted == 1, "a SYN to a port on which "
          "somebody listens is answered, and accept() called once");
    return p;
}

static uint8_t *random_bytes(size_t len)
{
    uint8_t *bytes = malloc(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)unit_random();
    return bytes;
}

/* All connections are at their end, and nothing is left over. */
static void check_all_gone(void)
{
    struct stream_usage usage = stream_usage();

    CHECK(usage.open == 0, "no stream is left, but %u are", usage.open);
    card_sleep(70000);          /* TIME-WAIT */
    card_check_nothing_is_out();
    CHECK(parts_out == 0, "all that was borrowed has been given back, but "
          "for %u parts", parts_out);
}

/* Both ends close, ours first. */
static void finish(struct peer *p)
{
    close_it(owner.stream);
    card_run();
    CHECK(p->fin && !p->reset, "stream_close() ends with a FIN%s",
          p->reset ? ", not with a RST" : "");
    peer_fin(p);
    check_all_gone();
}

/* ---- Opening ------------------------------------------------------------ */

TEST(test_a_connection_is_accepted_once)
{
    struct peer *p = start_connected();

    CHECK(stream_usage().open == 1, "one stream is open");
    finish(p);
}

TEST(test_a_port_that_is_taken_is_busy)
{
    int err;

    start();
    err = stream_listen(PORT, 1, on_accept);
    CHECK(err == -EBUSY, "a second stream_listen() on a port returns -EBUSY, "
          "here %d", err);
    CHECK(pool_out("TCP_PCB") == 0, "no pcb is left over");
}

TEST(test_a_refused_connection_is_reset)
{
    struct peer *p;

    start();
    owner.refuse = -ENOMEM;
    p = peer_connect(PORT);
    CHECK(p->reset, "a connection that accept() refuses is reset");
    check_all_gone();
}

TEST(test_accept_may_send_and_close)
{
    struct peer *p;

    start();
    owner.in_accept = close_it;
    p = peer_connect(PORT);
    CHECK(p->fin && !p->reset, "a connection that accept() closes gets a FIN");
    peer_fin(p);
    check_all_gone();
}

TEST(test_accept_may_abort)
{
    struct peer *p;

    start();
    owner.in_accept = abort_it;
    p = peer_connect(PORT);
    CHECK(p->reset, "a connection that accept() aborts is reset");
    check_all_gone();
}

TEST(test_beyond_the_backlog_nobody_is_answered_until_one_has_gone)
{
    struct peer *a, *b, *c;

    start();
    CHECK(stream_listen(81, 2, on_accept) == 0, "another port is free");
    a = peer_connect(81);
    b = peer_connect(81);
    c = peer_connect(81);
    CHECK(a->established && b->established, "with a backlog of 2 the first "
          "two connections are established");
    CHECK(!c->established && !c->reset, "the third is neither accepted nor "
          "reset while two are open");
    peer_reset(a);
    peer_syn(c, 81);
    CHECK(c->established, "once one has gone, the next SYN is answered");
    CHECK(!b->reset, "the others don't notice");
    owner.dead = false;
    peer_reset(b);
    owner.dead = false;
    peer_reset(c);
    check_all_gone();
}

/* ---- Sending ------------------------------------------------------------ */

TEST(test_what_is_sent_arrives)
{
    struct peer *p = start_connected();
    uint8_t *a = send_all(owner.stream, 100);
    uint8_t *b = send_all(owner.stream, 5000);

    card_run();
    CHECK(p->count == 5100 && memcmp(p->bytes, a, 100) == 0 &&
          memcmp(p->bytes + 100, b, 5000) == 0, "5100 bytes arrive as they "
          "were sent, here %u", p->count);
    card_run();
    CHECK(released == 2, "both pieces are released, here %u", released);
    finish(p);
}

TEST(test_small_pieces_leave_together)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 100);
    send_all(owner.stream, 200);
    send_all(owner.stream, 300);
    card_run();
    CHECK(p->count == 600 && p->segments == 1, "three small pieces that are "
          "sent in one round leave in one segment, here in %u", p->segments);
    finish(p);
}

TEST(test_nothing_is_copied)
{
    struct peer *p = start_connected();
    struct loan *loan = loan_make(1000);
    const uint8_t *at = loan->bytes;

    card.frame = NULL;
    loan_send(owner.stream, loan, false);
    card_run();
    CHECK(card.last == at, "the card is shown the very bytes that were given "
          "to stream_send()");
    peers_start();
    card_sleep(5000);           /* the first transmission was lost */
    finish(p);
}

TEST(test_release_waits_for_the_acknowledgement)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 1000);
    card_run();
    CHECK(p->count == 1000, "1000 bytes have arrived");
    CHECK(released == 0, "nothing is released before it is acknowledged");
    peer_acknowledge(p, 1000);
    CHECK(released == 1, "what is acknowledged is released, here %u times",
          released);
    finish(p);
}

TEST(test_half_a_segment_acknowledged_releases_nothing_of_it)
{
    struct peer *p = start_connected();

    p->silent = true;
    send_all(owner.stream, 400);
    send_all(owner.stream, 400);
    card_run();
    CHECK(p->segments == 1, "both pieces are in one segment");
    peer_acknowledge(p, 500);
    CHECK(released == 0, "a segment of which a part is acknowledged will be "
          "sent again as a whole: nothing of it is released");
    card_sleep(5000);
    CHECK(p->again > 0, "it is sent again");
    peer_acknowledge(p, 800);
    CHECK(released == 2, "both are released then, here %u", released);
    finish(p);
}

TEST(test_release_comes_for_each_piece_in_turn)
{
    struct peer *p = start_connected();

    p->silent = true;
    for (unsigned i = 0; i < 8; i++) {
        send_all(owner.stream, PEER_SEGMENT);
        card_run();
    }
    for (unsigned i = 0; i < 8; i++) {
        card_sleep(100);
        peer_acknowledge(p, (i + 1) * PEER_SEGMENT);
        CHECK(released == i + 1, "after %u segments %u pieces are released, "
              "here %u", i + 1, i + 1, released);
    }
    finish(p);
}

TEST(test_release_waits_for_the_card_too)
{
    struct peer *p = start_connected();

    card.holds = true;
    send_all(owner.stream, 1000);
    card_run();
    CHECK(p->count == 1000, "1000 bytes have arrived and are acknowledged");
    CHECK(released == 0, "nothing is released while the card may read it");
    card_reclaim();
    card_run();
    CHECK(released == 1, "it is released when the card is done with it");
    card.holds = false;
    finish(p);
}

static struct loan *big;
static uint8_t *big_copy;

static void send_more_of_big(struct stream *s)
{
    if (big && big->most < big->len) {
        loan_send(s, big, false);
        if (big->most == big->len)
            big = NULL;
    }
}

static void big_make(size_t len)
{
    big = loan_make(len);
    big_copy = malloc(len);
    memcpy(big_copy, big->bytes, len);
}

TEST(test_more_than_there_is_room_for_is_taken_in_parts)
{
    struct peer *p = start_connected();
    size_t room;
    long n;

    p->silent = true;
    big_make(3 * MIB);
    owner.in_writable = send_more_of_big;
    room = stream_room(owner.stream);
    n = loan_send(owner.stream, big, false);
    CHECK(n > 0 && (size_t)n <= room, "of 3 MiB a part is taken, at most "
          "stream_room() (%zu), here %ld", room, n);
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "when nothing is "
          "taken stream_send() returns -EAGAIN");
    CHECK(owner.writables == 0, "writable() waits for room");
    p->silent = false;
    card_sleep(60000);
    CHECK(p->count == 3 * MIB && memcmp(p->bytes, big_copy, 3 * MIB) == 0,
          "all of 3 MiB arrives as it was sent, here %u bytes", p->count);
    CHECK(owner.writables > 0, "writable() was called");
    finish(p);
}

TEST(test_writable_is_not_called_unasked)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 100000);
    card_sleep(5000);
    CHECK(p->count == 100000, "100000 bytes arrive");
    CHECK(owner.writables == 0, "writable() is for those that a send left "
          "waiting, here it came %u times", owner.writables);
    finish(p);
}

TEST(test_writable_comes_though_nothing_is_under_way)
{
    struct peer *p = start_connected();

    pool_set_limit("TCP_SEG", 0);
    big_make(1000);
    owner.in_writable = send_more_of_big;
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "without a TCP_SEG "
          "nothing is taken");
    pool_set_limit("TCP_SEG", 100);
    card_sleep(2000);
    CHECK(p->count == 1000, "when there are some again writable() comes by "
          "itself, and 1000 bytes arrive, here %u", p->count);
    finish(p);
}

TEST(test_an_empty_pool_of_segments_delays_and_loses_nothing)
{
    struct peer *p = start_connected();

    pool_set_limit("TCP_SEG", 7);
    big_make(MIB);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    card_sleep(600000);
    CHECK(p->count == MIB && memcmp(p->bytes, big_copy, MIB) == 0, "1 MiB "
          "arrives with 7 segments at a time, here %u bytes", p->count);
    finish(p);
}

TEST(test_an_empty_pool_of_borrowed_pieces_delays_and_loses_nothing)
{
    struct peer *p = start_connected();

    pool_set_limit("borrowed", 1);
    big_make(2 * MIB);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    CHECK(loan_send(owner.stream, big, false) == -EAGAIN, "what can't be "
          "remembered is not taken");
    card_sleep(60000);
    CHECK(p->count == 2 * MIB && memcmp(p->bytes, big_copy, 2 * MIB) == 0,
          "2 MiB arrive with one piece borrowed at a time, here %u", p->count);
    finish(p);
}

TEST(test_pieces_of_a_byte_fill_the_queue_and_empty_it)
{
    struct peer *p = start_connected();
    struct loan *loan;
    unsigned sent = 0;

    p->silent = true;
    while (loan = loan_make(1), loan_send(owner.stream, loan, false) > 0) {
        CHECK(++sent < 10000, "at some time stream_send() takes no more");
    }
    CHECK(stream_room(owner.stream) == 0, "then stream_room() is 0, here %zu",
          stream_room(owner.stream));
    p->silent = false;
    card_sleep(60000);
    CHECK(p->count == sent && released == sent, "%u bytes arrive and are "
          "released, here %u and %u", sent, p->count, released);
    CHECK(owner.writables > 0 && stream_room(owner.stream) > 0, "and there is "
          "room again");
    finish(p);
}

TEST(test_memory_that_never_changes_needs_no_release)
{
    static const char text[] = "hello localhost :)";
    struct peer *p = start_connected();
    long n;

    pool_set_limit("borrowed", 0);
    n = stream_send(owner.stream, text, 18, false, NULL, NULL);
    CHECK(n == 18, "a send with a release of NULL borrows nothing, and "
          "returns %ld", n);
    card_run();
    CHECK(p->count == 18 && memcmp(p->bytes, text, 18) == 0, "it arrives");
    finish(p);
}

TEST(test_a_full_card_delays_and_loses_nothing)
{
    struct peer *p = start_connected();
    uint8_t *copy;

    card.refuses = -ENOSPC;
    copy = send_all(owner.stream, 20000);
    card_run();
    CHECK(p->count == 0, "nothing leaves while the card is full");
    card.refuses = 0;
    card.netdev.writable(&card.netdev);
    card_run();
    CHECK(p->count == 20000 && memcmp(p->bytes, copy, 20000) == 0, "once it "
          "has room everything leaves, without waiting for a timer, here %u",
          p->count);
    finish(p);
}

/* ---- Receiving ---------------------------------------------------------- */

TEST(test_what_comes_is_received)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100000);

    peer_send(p, data, 100000);
    CHECK(owner.count == 100000 && memcmp(owner.bytes, data, 100000) == 0,
          "100000 bytes are received as they were sent, here %zu",
          owner.count);
    CHECK(card.lent == 0, "the card has its buffers back");
    finish(p);
}

TEST(test_more_than_a_window_is_received)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(4 * WINDOW);

    for (unsigned i = 0; i < 4 * WINDOW; i += 4096)
        peer_send(p, data + i, 4096);
    card_sleep(1000);
    CHECK(owner.count == 4 * WINDOW &&
          memcmp(owner.bytes, data, 4 * WINDOW) == 0, "four windows full are "
          "received, here %zu bytes", owner.count);
    CHECK(p->acked == 4 * WINDOW && p->window >= WINDOW / 2, "the window is "
          "open again: %u bytes acknowledged, window %u", p->acked, p->window);
    finish(p);
}

TEST(test_what_is_not_taken_is_offered_again)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(3000);

    owner.takes = 0;
    peer_send(p, data, 1000);
    CHECK(owner.count == 0, "nothing is taken");
    owner.takes = 700;
    stream_resume(owner.stream);
    CHECK(owner.count == 0, "stream_resume() calls nobody itself");
    card_run();
    CHECK(owner.count == 700, "after stream_resume() 700 bytes are taken, "
          "here %zu", owner.count);
    owner.takes = SIZE_MAX;
    peer_send(p, data + 1000, 2000);
    CHECK(owner.count == 3000 && memcmp(owner.bytes, data, 3000) == 0, "the "
          "rest comes with the next bytes, in order, here %zu", owner.count);
    finish(p);
}

static void take_no_more(struct stream *s)
{
    (void)s;
    owner.takes = 0;
}

TEST(test_the_window_opens_by_what_was_taken)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(WINDOW);
    uint32_t edge;

    owner.takes = 0;
    peer_send(p, data, 10 * PEER_SEGMENT);
    card_sleep(1000);
    edge = p->acked + p->window;
    CHECK(edge <= WINDOW, "while nothing is taken the window's edge stays at "
          "%u, here it is at %u", WINDOW, edge);
    CHECK(p->acked == 10 * PEER_SEGMENT, "what came is acknowledged");
    for (unsigned taken = 1; taken <= 4; taken++) {
        owner.takes = PEER_SEGMENT;
        owner.in_receive = take_no_more;
        stream_resume(owner.stream);
        card_sleep(1000);
        send_all(owner.stream, 1);      /* the window goes with it */
        card_run();
        edge = p->acked + p->window;
        CHECK(edge + 16 > WINDOW + taken * PEER_SEGMENT &&
              edge <= WINDOW + taken * PEER_SEGMENT, "after %u bytes were "
              "taken the window's edge is at %u, here at %u",
              taken * PEER_SEGMENT, WINDOW + taken * PEER_SEGMENT, edge);
    }
    finish(p);
}

TEST(test_a_window_full_that_nobody_takes_is_kept_without_the_cards_buffers)
{
    struct peer *p = start_connected(), *other;
    struct stream *first = owner.stream;
    uint8_t *data = random_bytes(WINDOW);

    pool_set_limit("PBUF_POOL", WINDOW / PEER_SEGMENT);
    owner.takes = 0;
    for (unsigned i = 0; i < WINDOW; i += 4096)
        peer_send(p, data + i, 4096);
    CHECK(card.lent <= RECEIVED_KEPT_MAX + 1, "of the card's buffers at most "
          "%d are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    other = peer_connect(PORT);
    CHECK(other->established, "others still get through");
    owner.in_receive = abort_it;
    owner.takes = SIZE_MAX;
    peer_send(other, data, 100);
    CHECK(owner.count == 100, "and are received");
    owner.in_receive = NULL;
    owner.dead = false;
    owner.count = 0;
    stream_resume(first);
    card_run();
    CHECK(owner.count == WINDOW && memcmp(owner.bytes, data, WINDOW) == 0,
          "then the window full is taken as it came, here %zu bytes",
          owner.count);
    peer_reset(p);
    check_all_gone();
}

TEST(test_segments_larger_than_agreed_are_kept_whole)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(100 * PEER_LARGEST);

    pool_set_limit("PBUF_POOL", 300);
    owner.takes = 0;
    while (p->sent < 100 * PEER_LARGEST) {
        uint32_t at = p->sent;

        p->sent += PEER_LARGEST;
        peer_anything(p, 24, at, 0, 0xffff, NULL, 0, data + at, PEER_LARGEST);
        card_run();
    }
    CHECK(card.lent <= RECEIVED_KEPT_MAX + 1, "of the card's buffers at most "
          "%d are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.count == 100 * PEER_LARGEST &&
          memcmp(owner.bytes, data, owner.count) == 0, "all of it is taken as "
          "it came, here %zu bytes", owner.count);
    finish(p);
}

TEST(test_bytes_that_come_one_by_one_are_kept_close_together)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(5000);

    owner.takes = 0;
    for (unsigned i = 0; i < 5000; i++)
        peer_send(p, data + i, 1);
    CHECK(card.lent <= RECEIVED_KEPT_MAX + 1, "of the card's buffers at most "
          "%d are kept, here %u", RECEIVED_KEPT_MAX, card.lent);
    CHECK(pool_out("PBUF_POOL") <= 8, "5000 bytes lie in 4 buffers of ours, "
          "or a few more, here in %u", pool_out("PBUF_POOL"));
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.count == 5000 && memcmp(owner.bytes, data, 5000) == 0, "they "
          "are taken as they came, here %zu", owner.count);
    finish(p);
}

TEST(test_a_stream_that_leaves_bytes_lying_ends_when_memory_does)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(WINDOW);

    pool_set_limit("PBUF_POOL", 10);
    owner.takes = 0;
    for (unsigned i = 0; i < WINDOW && !p->reset; i += 4096)
        peer_send(p, data + i, 4096);
    CHECK(p->reset && owner.errors == 1 && owner.error == -ENOMEM, "without "
          "memory to keep them in the stream ends with -ENOMEM, here %u "
          "errors, %d", owner.errors, owner.error);
    check_all_gone();
}

TEST(test_segments_that_come_too_early_wait_their_turn)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(10000);

    p->sent = 10000;
    peer_send_at(p, 4000, data + 4000, 6000);
    CHECK(owner.count == 0, "what is not its turn is not received");
    peer_send_at(p, 0, data, 5000);
    CHECK(owner.count == 10000 && memcmp(owner.bytes, data, 10000) == 0,
          "then everything is, in order, here %zu", owner.count);
    finish(p);
}

TEST(test_early_segments_keep_few_of_the_cards_buffers)
{
    struct peer *p[8];
    uint8_t *data = random_bytes(PEER_SEGMENT);

    start();
    for (unsigned i = 0; i < 8; i++) {
        p[i] = peer_connect(PORT);
        p[i]->sent = 100000;
        for (unsigned at = 1; at < 60; at++)
            peer_send_at(p[i], at * PEER_SEGMENT, data, PEER_SEGMENT);
    }
    CHECK(card.lent <= 2 * RECEIVED_KEPT_MAX, "eight peers that skip their "
          "first segment keep few of the card's buffers, here %u", card.lent);
    for (unsigned i = 0; i < 8; i++) {
        owner.dead = false;
        p[i]->sent = 0;
        peer_reset(p[i]);
    }
    check_all_gone();
}

TEST(test_end_comes_after_the_last_byte_once)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(2000);

    owner.takes = 500;
    peer_send(p, data, 2000);
    peer_fin(p);
    CHECK(owner.ended == 0, "end() waits until all has been taken");
    owner.takes = SIZE_MAX;
    stream_resume(owner.stream);
    card_run();
    CHECK(owner.count == 2000 && owner.ended == 1, "2000 bytes, then end(): "
          "here %zu, and %u times end()", owner.count, owner.ended);
    stream_resume(owner.stream);
    card_sleep(2000);
    CHECK(owner.ended == 1, "end() comes once, here %u times", owner.ended);
    close_it(owner.stream);
    card_run();
    CHECK(p->fin && !p->reset, "stream_close() sends a FIN then");
    check_all_gone();
}

TEST(test_after_the_peers_end_we_may_still_send)
{
    struct peer *p = start_connected();
    uint8_t *copy;

    peer_fin(p);
    CHECK(owner.ended == 1, "end() is called");
    copy = send_all(owner.stream, 10000);
    card_run();
    CHECK(p->count == 10000 && memcmp(p->bytes, copy, 10000) == 0, "10000 "
          "bytes arrive all the same, here %u", p->count);
    close_it(owner.stream);
    card_run();
    CHECK(p->fin && !p->reset, "and then a FIN");
    check_all_gone();
}

/* ---- Closing ------------------------------------------------------------ */

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

/* ---- Errors ------------------------------------------------------------- */

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

/* ---- Callbacks that end their own stream -------------------------------- */

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
    static const struct stream_events none = { .receive = on_receive };
    struct peer *p = start_connected();

    stream_attach(owner.stream, &none, &owner);
    big_make(MIB);
    loan_send(owner.stream, big, false);
    card_sleep(5000);
    peer_fin(p);
    card_sleep(5000);
    peer_reset(p);
    check_all_gone();
}

/* ---- Bad weather -------------------------------------------------------- */

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

/* ---- Strangers ---------------------------------------------------------- */

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
