/* SPDX-License-Identifier: MIT */
/*
 * test_stream_steps_in.c - lab 11 step by step, beginning and receiving: what a
 * function can be asked for while those after it are not written yet. So no
 * clock moves here, as stream_on_poll() is one of the last, and nobody closes
 * anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_card.h"
#include "net/lwip/streams.h"
#include "stream_owner.h"
#include "unit.h"

#include "lwip/priv/tcp_priv.h"

/* ---- 11.1 --------------------------------------------------------------- */

static unsigned syn_acks;

static void count_syn_acks(const uint8_t *data, size_t len)
{
    syn_acks += len >= 54 && data[13] == 0 && data[23] == 6 &&
                (data[47] & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

TEST(test_stream_listen_answers_who_calls)
{
    start();
    card.frame = count_syn_acks;
    peer_connect(PORT);
    CHECK(syn_acks == 1, "a SYN for a port on which somebody listens is "
          "answered by one SYN, ACK, here by %u", syn_acks);
    peer_connect(PORT + 1);
    CHECK(syn_acks == 1, "a SYN for another port is not");
}

static const struct listener *listener_of(uint16_t port)
{
    for (struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next)
        if (l->local_port == port) {
            CHECK(l->accept == stream_on_accept, "lwIP is told to call "
                  "stream_on_accept()");
            CHECK(l->callback_arg, "the listening pcb's argument is the struct "
                  "listener, here it is NULL");
            CHECK(((struct listener *)l->callback_arg)->pcb ==
                  (struct tcp_pcb *)l, "the struct listener knows the pcb that "
                  "listens, not the one that was bound");
            return l->callback_arg;
        }
    FAIL("no pcb listens on port %u", port);
}

TEST(test_stream_listen_keeps_what_it_was_given)
{
    const struct listener *listener;

    start();
    listener = listener_of(PORT);
    CHECK(listener->accept == owner_accept, "the struct listener knows whom to "
          "ask: accept() is what stream_listen() was given");
    CHECK(listener->backlog == 64 && listener->open == 0, "its backlog is 64 "
          "and it has 0 open, here %u and %u", listener->backlog,
          listener->open);
}

static void check_listening(unsigned count)
{
    CHECK(pool_out("TCP_PCB") == 0, "no pcb is left over, but %u are",
          pool_out("TCP_PCB"));
    CHECK(pool_out("TCP_PCB_LISTEN") == count, "%u ports are listened on, here "
          "%u", count, pool_out("TCP_PCB_LISTEN"));
}

TEST(test_stream_listen_on_a_port_that_is_taken_is_busy)
{
    int err;

    start();
    err = stream_listen(PORT, 1, owner_accept);
    CHECK(err == -EBUSY, "a second stream_listen() on a port returns -EBUSY "
          "(%d), here %d", -EBUSY, err);
    check_listening(1);
    CHECK(listener_of(PORT)->backlog == 64, "and the first one stays");
}

TEST(test_stream_listen_has_an_end_of_listeners)
{
    int err;

    start();
    for (unsigned i = 1; i < LISTENERS_MAX; i++) {
        err = stream_listen((uint16_t)(PORT + i), i, owner_accept);
        CHECK(err == 0, "there are %d listeners, and number %u is refused with "
              "%d", LISTENERS_MAX, i + 1, err);
        CHECK(listener_of((uint16_t)(PORT + i))->backlog == i, "each has a "
              "backlog of its own");
    }
    err = stream_listen(PORT + 9, 1, owner_accept);
    CHECK(err == -ENOMEM, "without a free listener stream_listen() returns "
          "-ENOMEM (%d), here %d", -ENOMEM, err);
    check_listening(LISTENERS_MAX);
}

TEST(test_stream_listen_without_memory_leaves_nothing_behind)
{
    int err;

    start();
    pool_set_limit("TCP_PCB", 0);
    err = stream_listen(PORT + 1, 1, owner_accept);
    CHECK(err == -ENOMEM, "without a TCP_PCB stream_listen() returns -ENOMEM "
          "(%d), here %d", -ENOMEM, err);
    pool_set_limit("TCP_PCB", 10);
    pool_set_limit("TCP_PCB_LISTEN", 1);
    for (unsigned i = 0; i < 2 * LISTENERS_MAX; i++) {
        err = stream_listen(PORT + 1, 1, owner_accept);
        CHECK(err == -ENOMEM, "without a TCP_PCB_LISTEN stream_listen() "
              "returns -ENOMEM (%d), here %d", -ENOMEM, err);
    }
    check_listening(1);
    pool_set_limit("TCP_PCB_LISTEN", 8);
    err = stream_listen(PORT + 1, 1, owner_accept);
    CHECK(err == 0, "when there is memory again the port and a listener are "
          "still free, here %d", err);
}

/* ---- 11.2 --------------------------------------------------------------- */

TEST(test_stream_on_accept_makes_a_stream_and_offers_it)
{
    struct peer *p = start_connected();
    struct tcp_pcb *pcb = owner.stream->pcb;

    CHECK(pcb && pcb->callback_arg == owner.stream, "the stream has the pcb "
          "that came, and is its argument");
    CHECK(listener_of(PORT)->open == 1 && stream_usage().open == 1, "one "
          "stream is open, here %u", stream_usage().open);
    CHECK(!p->reset, "and the connection stays");
    CHECK(owner.stream->busy == 0, "each stream_enter() has a stream_leave(): "
          "%u have none", owner.stream->busy);
}

TEST(test_stream_on_accept_hears_of_connections_for_which_there_was_no_pcb)
{
    err_t err;

    start();
    err = stream_on_accept((void *)(uintptr_t)listener_of(PORT), NULL, ERR_MEM);
    CHECK(owner.accepted == 0, "without a pcb accept() is not called");
    CHECK(err != ERR_OK && err != ERR_ABRT, "lwIP hears an error, but not that "
          "something was aborted (-13): here %d", err);
}

TEST(test_stream_on_accept_without_a_stream_is_no_memory)
{
    err_t err;

    start();
    pool_set_limit("streams", 0);
    err = stream_on_accept((void *)(uintptr_t)listener_of(PORT), tcp_new(),
                           ERR_OK);
    CHECK(owner.accepted == 0, "without a stream accept() is not called");
    CHECK(err == ERR_MEM, "without a stream lwIP hears ERR_MEM (-1), here %d",
          err);
}

/* ---- 11.3 --------------------------------------------------------------- */

static uint8_t came[8192];      /* what the peer has sent */
static unsigned came_len, receives;
static tcpwnd_size_t window_at_start;

static void count_receive(struct stream *s)
{
    (void)s;
    receives++;
}

/* A stream that is connected, and nothing of which lwIP is in the middle of. */
static struct stream *connected(void)
{
    start_connected();
    owner.in_receive = count_receive;
    window_at_start = owner.stream->pcb->rcv_wnd;
    return owner.stream;
}

/* As if `len` bytes had come in a pbuf of their own. */
static void comes(struct stream *s, u16_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, len, PBUF_RAM);

    for (unsigned i = 0; i < len; i++)
        came[came_len + i] = (uint8_t)unit_random();
    pbuf_take(p, came + came_len, len);
    came_len += len;
    s->pcb->rcv_wnd -= len;
    stream_keep(s, p);
}

static void deliver(struct stream *s)
{
    stream_enter(s);
    stream_deliver(s);
    stream_leave(s);
}

static void check_taken(const struct stream *s, size_t count)
{
    tcpwnd_size_t opened = came_len - (window_at_start - s->pcb->rcv_wnd);

    CHECK(owner.count == count && memcmp(owner.bytes, came, count) == 0,
          "of what came receive() has taken %zu bytes, in order, here %zu",
          count, owner.count);
    CHECK(opened == count, "the window opens by what was taken, %zu bytes, "
          "here by %u", count, opened);
}

TEST(test_stream_deliver_offers_one_pbuf_after_the_other)
{
    struct stream *s = connected();

    comes(s, 1000);
    comes(s, 1);
    comes(s, 1460);
    deliver(s);
    check_taken(s, 2461);
    CHECK(receives == 3, "receive() is called for each of 3 pbufs, here %u "
          "times", receives);
    CHECK(!s->unread, "and nothing is left unread");
}

TEST(test_stream_deliver_leaves_what_receive_did_not_take)
{
    struct stream *s = connected();

    comes(s, 1000);
    comes(s, 500);
    owner.takes = 700;
    deliver(s);
    CHECK(receives == 1, "after a receive() that took less than it was offered "
          "there is none, here there were %u", receives);
    check_taken(s, 700);
    owner.takes = 0;
    deliver(s);
    CHECK(receives == 2, "a receive() that takes nothing is called once, here "
          "%u times", receives - 1);
    check_taken(s, 700);
    owner.takes = SIZE_MAX;
    deliver(s);
    check_taken(s, 1500);
    CHECK(receives == 4 && !s->unread, "then the rest is offered, pbuf by "
          "pbuf");
}

TEST(test_stream_deliver_tells_the_end_once_and_behind_the_last_byte)
{
    struct stream *s = connected();

    comes(s, 1000);
    s->peer_ended = true;
    owner.takes = 999;
    deliver(s);
    CHECK(owner.ended == 0, "end() waits until all has been taken");
    owner.takes = SIZE_MAX;
    deliver(s);
    check_taken(s, 1000);
    CHECK(owner.ended == 1, "then it is called, here %u times", owner.ended);
    deliver(s);
    CHECK(owner.ended == 1, "once, here %u times", owner.ended);
}

TEST(test_stream_deliver_does_without_an_end)
{
    static struct stream_events no_end;
    struct stream *s = connected();

    no_end.receive = owner_events.receive;
    stream_attach(s, &no_end, &owner);
    comes(s, 10);
    s->peer_ended = true;
    deliver(s);
    check_taken(s, 10);
    stream_attach(s, &owner_events, &owner);
    deliver(s);
    CHECK(owner.ended == 0, "an end that was passed over is not told later");
}

TEST(test_stream_deliver_calls_nobody_where_nobody_is)
{
    struct stream *s = connected();

    comes(s, 10);
    s->peer_ended = true;
    stream_attach(s, NULL, NULL);
    deliver(s);
    CHECK(s->unread && receives == 0, "without an owner the bytes stay");
}

/* As stream_close() leaves it: without an owner, and with nothing unread. */
static void lose_owner(struct stream *s)
{
    s->events = NULL;
    s->closed = true;
    stream_discard(s);
    owner.dead = true;
}

TEST(test_stream_deliver_stops_when_receive_has_closed_the_stream)
{
    struct stream *s = connected();

    comes(s, 1000);
    comes(s, 1000);
    s->peer_ended = true;
    owner.in_receive = lose_owner;
    deliver(s);
    CHECK(owner.count == 1000 && owner.ended == 0, "nobody is called any more");
    CHECK(s->pcb->rcv_wnd == window_at_start - 2000, "and the window is not "
          "opened again: who closed the stream has seen to it");
}

/* As stream_abort() leaves it: without a pcb as well. */
static void lose_all(struct stream *s)
{
    struct tcp_pcb *pcb = s->pcb;

    lose_owner(s);
    stream_detach(s);
    tcp_abort(pcb);
}

TEST(test_stream_deliver_stops_when_receive_has_aborted_the_stream)
{
    struct stream *s = connected();

    comes(s, 1000);
    comes(s, 1000);
    s->peer_ended = true;
    owner.in_receive = lose_all;
    deliver(s);
    CHECK(owner.count == 1000 && stream_usage().open == 0, "nobody is called "
          "any more, and the stream is gone");
}

/* ---- 11.4 --------------------------------------------------------------- */

TEST(test_stream_on_receive_delivers_what_comes)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(2 * WINDOW);

    for (unsigned i = 0; i < 2 * WINDOW; i += 4096)
        peer_send(p, data + i, 4096);
    CHECK(owner.count == 2 * WINDOW &&
          memcmp(owner.bytes, data, 2 * WINDOW) == 0, "two windows full are "
          "received as they were sent, here %zu of %u bytes", owner.count,
          2 * WINDOW);
    CHECK(card.lent == 0, "the card has its buffers back, but for %u",
          card.lent);
    CHECK(owner.stream->busy == 0, "each stream_enter() has a stream_leave(): "
          "%u have none", owner.stream->busy);
}

TEST(test_stream_on_receive_keeps_the_order)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(3000);

    owner.takes = 0;
    peer_send(p, data, 1000);
    peer_send(p, data + 1000, 1000);
    CHECK(owner.count == 0, "nothing is taken");
    CHECK(owner.stream->pcb->rcv_wnd == WINDOW - 2000, "the window opens by "
          "what was taken, so it has 2000 bytes less than %u, here %u", WINDOW,
          WINDOW - owner.stream->pcb->rcv_wnd);
    owner.takes = SIZE_MAX;
    peer_send(p, data + 2000, 1000);
    CHECK(owner.count == 3000 && memcmp(owner.bytes, data, 3000) == 0, "what "
          "was left comes before what is new, here %zu bytes", owner.count);
}

TEST(test_stream_on_receive_hears_the_peers_end)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(2000);

    owner.takes = 500;
    peer_send(p, data, 2000);
    peer_fin(p);
    CHECK(owner.ended == 0, "end() waits until all has been taken");
    while (owner.count < 1500)
        deliver(owner.stream);
    owner.takes = SIZE_MAX;
    deliver(owner.stream);
    CHECK(owner.count == 2000 && owner.ended == 1, "2000 bytes, then end(): "
          "here %zu, and %u times end()", owner.count, owner.ended);
}

/* ---- 11.5 --------------------------------------------------------------- */

TEST(test_stream_resume_offers_again_but_not_at_once)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(1000);

    owner.takes = 0;
    peer_send(p, data, 1000);
    owner.takes = 700;
    stream_resume(owner.stream);
    CHECK(owner.count == 0, "stream_resume() calls nobody itself");
    card_run();
    CHECK(owner.count == 700, "before the next round is over 700 bytes are "
          "taken, here %zu", owner.count);
    card_run();
    CHECK(owner.count == 700, "and are not offered again unasked, here %zu",
          owner.count);
}

static void resume_it(struct stream *s)
{
    if (owner.count < 1000)
        stream_resume(s);
}

TEST(test_stream_resume_may_come_from_inside_receive)
{
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(1000);

    owner.takes = 10;
    owner.in_receive = resume_it;
    peer_send(p, data, 1000);
    CHECK(owner.count == 1000 && memcmp(owner.bytes, data, 1000) == 0, "1000 "
          "bytes are taken ten by ten, here %zu", owner.count);
}
