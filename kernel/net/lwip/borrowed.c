/* SPDX-License-Identifier: MIT */
/*
 * borrowed.c - gives borrowed memory back, neither too early nor twice.
 *
 * A piece is in two hands. lwIP may send it again until the peer has
 * acknowledged it, or the connection is gone. And frames that point at it may
 * still lie in the card's ring: the peer can acknowledge what it has not
 * received, and a connection can end while the card is behind. So a piece goes
 * from its stream to the list `waiting` of the card over which the connection
 * is, and from there, once the card is done with every frame up to then, back
 * to its owner.
 *
 *     stream:   [ piece ]-[ piece ]-[ piece ]      by end
 *                   | acknowledged, or the stream is gone
 *                   v
 *     waiting:  [ piece ]-[ piece ]                by frame
 *                   | transmit_done() >= frame
 *                   v
 *               release(ctx), from the event loop
 */
#include "net/lwip/borrowed.h"

#include "event/event.h"
#include "net/lwip/interface.h"
#include "net/lwip/pools.h"
#include "net/lwip/streams.h"

struct borrowed {
    struct borrowed *next;
    uint64_t end;               /* s->accepted behind it; then, in `waiting`, */
    uint64_t frame;             /* the last frame that may point at it */
    stream_release_t release;
    void *ctx;
};

static struct pool pieces;
static struct event_work give_back;

void borrowed_waiting_init(struct borrowed_waiting *waiting)
{
    waiting->first = NULL;
    waiting->last = &waiting->first;
}

/* Pieces that nothing points at any more. Those that come to wait meanwhile
 * have their turn in another round. */
static void give_back_of(struct interface *interface)
{
    struct borrowed_waiting *waiting = &interface->waiting;
    uint64_t done = transmit_done(&interface->transmits);

    while (waiting->first && waiting->first->frame <= done) {
        struct borrowed piece = *waiting->first;

        pool_give(&pieces, waiting->first);
        waiting->first = piece.next;
        if (!waiting->first)
            waiting->last = &waiting->first;
        piece.release(piece.ctx);
    }
    interface->transmits.awaited = waiting->first != NULL;
}

static void run_give_back(struct event_work *work)
{
    (void)work;
    for (struct interface *i = interfaces; i; i = i->next)
        give_back_of(i);
}

static void drained(void)
{
    event_post(&give_back);
}

int borrowed_make(void)
{
    give_back.run = run_give_back;
    transmit_on_drained(drained);
    return pool_make(&pieces, "borrowed", sizeof(struct borrowed),
                     pool_limits().segments);
}

bool borrow_possible(stream_release_t release)
{
    return !release || pieces.used < pieces.limit;
}

void borrow(struct stream *s, stream_release_t release, void *ctx)
{
    struct borrowed *piece = release ? pool_take(&pieces) : NULL;

    if (!piece)
        return;
    *piece = (struct borrowed){ .end = s->accepted, .release = release,
                                .ctx = ctx };
    *s->borrowed_last = piece;
    s->borrowed_last = &piece->next;
}

/* The first piece of the stream's goes to the waiting ones. */
static void wait_for_card(struct stream *s)
{
    struct borrowed_waiting *waiting = &s->interface->waiting;
    struct borrowed *piece = s->borrowed;

    s->borrowed = piece->next;
    if (!s->borrowed)
        s->borrowed_last = &s->borrowed;
    piece->next = NULL;
    piece->frame = s->interface->transmits.last;
    *waiting->last = piece;
    waiting->last = &piece->next;
    event_post(&give_back);
}

void borrowed_return(struct stream *s)
{
    while (s->borrowed && s->borrowed->end <= s->acknowledged)
        wait_for_card(s);
}

void borrowed_return_all(struct stream *s)
{
    while (s->borrowed)
        wait_for_card(s);
}
