/* SPDX-License-Identifier: MIT */
/*
 * test_stream_steps_out.c - lab 11 step by step, sending: see
 * test_stream_steps_in.c.
 */
#include <errno.h>
#include <string.h>

#include "fake_card.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"

#include "lwip/priv/tcp_priv.h"

/* ---- 11.6 --------------------------------------------------------------- */

static void check_room(const struct stream *s, size_t room, const char *what)
{
    CHECK(stream_room(s) == room, "%s: stream_room() is %zu, here %zu", what,
          room, stream_room(s));
}

TEST(test_stream_room_is_the_least_of_bytes_pbufs_and_share)
{
    struct stream *s;
    tcpwnd_size_t all;

    start_connected();
    s = owner.stream;
    all = s->pcb->snd_buf;
    CHECK(all > 65535 && stream_share(s) > all, "lwIP has room for %u bytes, "
          "and there are segments for more", all);
    check_room(s, all, "nothing is under way, and lwIP has room for more than "
               "65535 bytes");
    s->pcb->snd_buf = 1000;
    check_room(s, 1000, "lwIP has room for 1000 bytes");
    s->pcb->snd_buf = 0;
    check_room(s, 0, "lwIP has room for none");
    s->pcb->snd_buf = all;
    s->pcb->snd_queuelen = TCP_SND_QUEUELEN - 1;
    check_room(s, all, "one pbuf more may be queued");
    s->pcb->snd_queuelen = TCP_SND_QUEUELEN;
    check_room(s, 0, "as many pbufs are queued as may be");
    s->pcb->snd_queuelen = TCP_SND_QUEUELEN + 1;
    check_room(s, 0, "and one more");
    s->pcb->snd_queuelen = 0;
    pool_set_limit("TCP_SEG", 556);     /* few, to be shared with others */
    CHECK(stream_share(s) > 0 && stream_share(s) < all, "there are few "
          "segments");
    check_room(s, stream_share(s), "its share of few segments");
}

TEST(test_stream_room_is_none_when_the_stream_is_closed_or_gone)
{
    struct stream *s, gone = { .pcb = NULL };

    start_connected();
    s = owner.stream;
    s->closed = true;
    check_room(s, 0, "the stream is closed");
    check_room(&gone, 0, "there is no pcb any more");
}

/* ---- 11.7 --------------------------------------------------------------- */

static struct peer *silent(void)
{
    struct peer *p = start_connected();

    p->silent = true;
    return p;
}

TEST(test_stream_send_queues_and_what_is_queued_leaves_in_the_same_round)
{
    struct peer *p = silent();
    unsigned sent = card.sent;
    uint8_t *a = send_all(owner.stream, 100), *b = send_all(owner.stream, 200);

    CHECK(card.sent == sent, "stream_send() sends nothing itself");
    card_run();
    CHECK(p->count == 300 && memcmp(p->bytes, a, 100) == 0 &&
          memcmp(p->bytes + 100, b, 200) == 0, "300 bytes arrive as they were "
          "given, here %u", p->count);
    CHECK(p->segments == 1, "two small pieces leave in one segment, here in %u",
          p->segments);
    CHECK(owner.stream->accepted == 300, "300 bytes were accepted, here %llu",
          (unsigned long long)owner.stream->accepted);
    CHECK(released == 0, "nothing is released before it is acknowledged");
}

TEST(test_stream_send_takes_all_that_there_is_room_for_and_no_more)
{
    struct stream *s;
    size_t room;
    long n;

    silent();
    s = owner.stream;
    room = stream_room(s);
    big_make(MIB);
    n = loan_send(s, big, false);
    CHECK(n == (long)room, "of 1 MiB as much is taken as stream_room() says, "
          "%zu, here %ld", room, n);
    CHECK(s->wants_room, "who was given less than he offered is to hear of "
          "room: wants_room is set");
    CHECK(loan_send(s, big, false) == -EAGAIN, "when nothing is taken "
          "stream_send() returns -EAGAIN (%d)", -EAGAIN);
    CHECK(s->accepted == room, "accepted is what was taken, %zu, here %llu",
          room, (unsigned long long)s->accepted);
}

TEST(test_stream_send_leaves_the_others_their_share)
{
    size_t room;
    long n;

    silent();
    pool_set_limit("TCP_SEG", 556);     /* few, to be shared with others */
    room = stream_room(owner.stream);
    big_make(MIB);
    n = loan_send(owner.stream, big, false);
    CHECK(n > 0 && n <= (long)room, "of 1 MiB as much is taken as "
          "stream_room() says, at most %zu, here %ld", room, n);
}

TEST(test_stream_send_that_took_all_waits_for_nothing)
{
    struct stream *s;

    silent();
    s = owner.stream;
    s->wants_room = true;
    send_all(s, 70000);
    CHECK(!s->wants_room, "who had all taken does not wait for room");
}

TEST(test_stream_send_takes_less_when_memory_is_short)
{
    struct peer *p = silent();
    long n;

    pool_set_limit("headers", pool_out("headers") + 5);
    big_make(20 * PEER_SEGMENT);
    n = loan_send(owner.stream, big, false);
    CHECK(n > 0 && n < 20 * PEER_SEGMENT, "of 20 segments a few are taken "
          "when there is memory for 5 headers, here %ld bytes", n);
    CHECK(owner.stream->accepted == (size_t)n, "accepted is what was taken, "
          "%ld, here %llu", n, (unsigned long long)owner.stream->accepted);
    card_run();
    CHECK(p->count == (unsigned)n && memcmp(p->bytes, big_copy, p->count) == 0,
          "and arrives: %ld bytes, here %u", n, p->count);
}

TEST(test_stream_send_without_memory_takes_nothing)
{
    struct stream *s;
    long n;

    silent();
    s = owner.stream;
    pool_set_limit("TCP_SEG", 0);
    big_make(1000);
    n = loan_send(s, big, false);
    CHECK(n == -EAGAIN, "without a TCP_SEG nothing is taken, and stream_send() "
          "returns -EAGAIN (%d), here %ld", -EAGAIN, n);
    CHECK(s->wants_room && s->accepted == 0, "writable() is owed, and nothing "
          "counted as accepted");
}

TEST(test_stream_send_borrows_once_for_each_send)
{
    struct stream *s;
    unsigned before;
    long n;

    silent();
    s = owner.stream;
    before = pool_out("borrowed");
    send_all(s, 200000);
    CHECK(pool_out("borrowed") == before + 1, "a send borrows one piece, "
          "however many segments it makes: here %u", pool_out("borrowed") -
          before);
    pool_set_limit("borrowed", before + 1);
    big_make(100);
    n = loan_send(s, big, false);
    CHECK(n == -EAGAIN, "what can't be remembered is not taken: -EAGAIN (%d), "
          "here %ld", -EAGAIN, n);
    n = stream_send(s, "for ever", 8, false, NULL, NULL);
    CHECK(n == 8, "a send with a release of NULL borrows nothing, and returns "
          "8, here %ld", n);
}

static unsigned flags_sent;

static void note_flags(const uint8_t *data, size_t len)
{
    if (len > 54 && data[23] == 6)
        flags_sent = data[47];
}

TEST(test_stream_send_pushes_unless_more_is_to_come)
{
    silent();
    card.frame = note_flags;
    send_all(owner.stream, 100);
    card_run();
    CHECK(flags_sent & TCP_PSH, "the last segment of what is sent without "
          "`more` has PSH, here its flags are %02x", flags_sent);
    loan_send(owner.stream, loan_make(100), true);
    card_run();
    CHECK(!(flags_sent & TCP_PSH), "what is sent with `more` has not, here its "
          "flags are %02x", flags_sent);
}

/* ---- 11.8 --------------------------------------------------------------- */

TEST(test_stream_on_sent_gives_back_what_is_acknowledged)
{
    struct peer *p = silent();

    for (unsigned i = 0; i < 4; i++) {
        send_all(owner.stream, PEER_SEGMENT);
        card_run();
    }
    CHECK(p->count == 4 * PEER_SEGMENT && released == 0, "four pieces have "
          "arrived, and nothing is released before it is acknowledged");
    for (unsigned i = 1; i <= 4; i++) {
        peer_acknowledge(p, i * PEER_SEGMENT);
        CHECK(released == i, "after %u segments %u pieces are released, here "
              "%u", i, i, released);
        CHECK(owner.stream->acknowledged == i * PEER_SEGMENT, "acknowledged "
              "is %u, here %llu", i * PEER_SEGMENT,
              (unsigned long long)owner.stream->acknowledged);
    }
}

TEST(test_stream_on_sent_calls_writable_once_and_for_some_room)
{
    struct peer *p = silent();
    struct stream *s = owner.stream;

    big_make(MIB);
    loan_send(s, big, false);
    card_run();
    peer_acknowledge(p, PEER_SEGMENT);
    CHECK(owner.writables == 0, "room for a segment is not worth a word while "
          "more is under way: TCP_SNDLOWAT is %d, and writable() came %u times",
          TCP_SNDLOWAT, owner.writables);
    while (stream_room(s) < TCP_SNDLOWAT)
        peer_acknowledge(p, p->count);
    CHECK(owner.writables == 1, "with room for TCP_SNDLOWAT (%d) writable() "
          "comes, here %u times", TCP_SNDLOWAT, owner.writables);
    for (unsigned i = 0; i < 5; i++)
        peer_acknowledge(p, p->count);
    CHECK(owner.writables == 1, "and only once while nobody sends, here %u "
          "times", owner.writables);
}

TEST(test_stream_on_sent_calls_writable_when_there_is_just_enough_room)
{
    struct stream *s;

    silent();
    s = owner.stream;
    s->wants_room = true;
    s->quiet = 5;
    s->pcb->snd_buf = TCP_SNDLOWAT - 1;
    stream_on_sent(s, s->pcb, 0);
    CHECK(owner.writables == 0, "with room for a byte less than TCP_SNDLOWAT "
          "writable() is not worth a word");
    s->pcb->snd_buf = TCP_SNDLOWAT;
    stream_on_sent(s, s->pcb, 0);
    CHECK(owner.writables == 1, "with room for TCP_SNDLOWAT writable() comes, "
          "here %u times", owner.writables);
    CHECK(s->quiet == 0, "and it counts as progress: quiet is 0, here %u",
          s->quiet);
}

TEST(test_stream_on_sent_lets_megabytes_through)
{
    struct peer *p = start_connected();

    big_make(3 * MIB);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    card_run();
    CHECK(p->count == 3 * MIB && memcmp(p->bytes, big_copy, 3 * MIB) == 0,
          "all of 3 MiB arrives as it was sent, here %u bytes", p->count);
    CHECK(owner.stream->busy == 0, "each stream_enter() has a stream_leave(): "
          "%u have none", owner.stream->busy);
}

TEST(test_stream_on_sent_is_not_for_who_asked_for_nothing)
{
    struct peer *p = start_connected();

    send_all(owner.stream, 200000);
    card_run();
    CHECK(p->count == 200000 && owner.writables == 0, "writable() is for those "
          "that a send left waiting, here it came %u times", owner.writables);
}
