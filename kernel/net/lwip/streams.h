/* SPDX-License-Identifier: MIT */
/*
 * streams.h - a connection over lwIP's raw API: what net/stream.h promises,
 * kept with struct tcp_pcb. The bodies of the functions in net/stream.h and of
 * those in the first part here are lab 11's.
 *
 *     stream_send      stream_resume, _close, _abort          net/stream.h
 *     ------------------------------------------------------------------
 *       |                 |         on_receive  on_sent  on_poll  on_error
 *       v                 v              ^         ^        ^        ^
 *     tcp_write        tcp_recved        |         |        |        |   lwIP
 *
 * Three rules of lwIP's decide the shape of it:
 *   - a pcb that was aborted inside one of its own callbacks must not be
 *     touched again, and the callback returns ERR_ABRT;
 *   - when lwIP calls on_error the pcb is already gone;
 *   - tcp_close() with unread bytes, and bytes that come after it, answer the
 *     peer with a reset, which destroys what it has not read yet.
 */
#ifndef NET_LWIP_STREAMS_H
#define NET_LWIP_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"
#include "net/stream.h"

#include "lwip/err.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"

enum {
    LISTENERS_MAX = 4,
    STREAM_MSS_MIN = 256,       /* segments are never cut smaller: a peer that
                                   asks for bytes one by one asks for all our
                                   memory [RFC 9293 §3.7.1] */
    STREAM_SHARE_MIN = 2,       /* segments that it may queue, if it has none */
    STREAM_POLL = 1,            /* on_poll comes every half second */
    STREAM_LINGER = 4,          /* polls that a closed stream waits for the
                                   peer's end, once it has got everything */
    STREAM_PATIENCE = 60,       /* polls without progress after which a closed
                                   stream is given up */
};

struct listener {
    struct tcp_pcb *pcb;        /* NULL: free */
    int (*accept)(struct stream *s);
    unsigned open;              /* streams */
    unsigned backlog;           /* of at most so many */
};

struct borrowed;
struct departure;
struct interface;

/*
 * Invariants, between calls:
 *   - pcb is NULL exactly when lwIP has no connection for it any more;
 *   - acknowledged <= accepted, and what is borrowed are pieces of the bytes
 *     between the two;
 *   - events is NULL once the stream was closed or aborted: nobody is told
 *     anything any more;
 *   - once `closed`, our FIN has been queued and unread is empty.
 */
struct stream {
    struct tcp_pcb *pcb;
    struct listener *listener;
    const struct stream_events *events;
    void *ctx;

    struct pbuf *unread;        /* bytes that came and were not taken */
    bool peer_ended;            /* the peer's FIN comes after these */
    bool end_told;              /* end() has been called */

    uint64_t accepted;          /* bytes that stream_send() has taken */
    uint64_t acknowledged;      /* of these, acknowledged by the peer */
    struct borrowed *borrowed, **borrowed_last;
    bool wants_room;            /* writable() is owed */

    bool closed;                /* by stream_close() */
    unsigned quiet;             /* polls since an acknowledgement came */

    /* Given code's: */
    struct interface *interface;        /* over whose card it is */
    struct departure *departure;        /* its last frame's */
    unsigned busy;              /* stream_enter()s not yet left */
    bool aborted;               /* inside the callback that we are in */
    bool resume;                /* stream_resume() was called */
    uint8_t probes;             /* that left, of a shut window, unanswered */
    struct list link;           /* in the list of streams to see to */
};

/* ---- Lab 11: what lwIP calls; `arg` is the struct stream ---------------- */

/* A connection to `arg`, a struct listener, is established: makes a stream of
 * it and offers it to the listener's accept(). Returns ERR_OK, ERR_MEM when
 * there is no stream (lwIP then resets the connection), ERR_ABRT when
 * accept() refused. */
err_t stream_on_accept(void *arg, struct tcp_pcb *pcb, err_t err);

/* The chain `p` has come and is ours from now on; NULL: the peer's FIN. */
err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err);

/* The peer has acknowledged `len` more bytes, in the order of sending, whole
 * segments only: lwIP will not read them again. */
err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len);

/* Half a second has passed. */
err_t stream_on_poll(void *arg, struct tcp_pcb *pcb);

/* The connection is gone and its pcb with it. ERR_RST: the peer's reset;
 * ERR_ABRT: lwIP gave it up after too many retransmissions; ERR_CLSD: both
 * directions were closed in good order. */
void stream_on_error(void *arg, err_t err);

/* Offers s->unread to receive() until nothing is left, the stream's owner
 * takes no more, or has closed or aborted the stream; opens the window by
 * what was taken. After the last byte tells end(), once, if the peer has
 * ended. */
void stream_deliver(struct stream *s);

/* ---- Given -------------------------------------------------------------- */

/* Makes the pools. Returns 0 or -ENOMEM. */
int streams_make(void);

/* A listener that is free, or NULL. It is in use once it has a pcb. */
struct listener *listener_find_free(void);

/* May one more connection become a stream of this listener's? */
bool listener_has_room(const struct listener *listener);

/* A stream of `listener` for `pcb`, whose callbacks lead to it from now on
 * (tcp_arg, tcp_recv, ...) and which sends small segments at once; NULL when
 * there is none. */
struct stream *stream_make(struct listener *listener, struct tcp_pcb *pcb);

/*
 * Stand around everything that may call the stream's owner. In between, the
 * struct stays, whatever the owner does to the stream; s->pcb tells. The last
 * stream_leave() frees the struct if the pcb has gone. It returns what a
 * callback of lwIP's has to return: ERR_ABRT when the pcb was aborted in
 * between, else ERR_OK. It also sends what may go at once (departure_send()),
 * and sees to it that what is left unread does not keep too many of the card's
 * buffers: stream_left() is the half of it for when there is something to do.
 */
static inline void stream_enter(struct stream *s)
{
    s->busy++;
}

err_t stream_left(struct stream *s);

static inline err_t stream_leave(struct stream *s)
{
    if (s->busy > 1 || !s->pcb || s->unread || s->pcb->unsent)
        return stream_left(s);
    s->busy = 0;
    return ERR_OK;
}

/* lwIP is to forget us: pcb->callback_arg and its callbacks are cleared, and
 * s->pcb is NULL. What becomes of the pcb is the caller's business. */
void stream_detach(struct stream *s);

/* Leaves a closed stream to lwIP (stream_detach(), tcp_close()), which sees to
 * what FINs and acknowledgements there may still be. */
void stream_finish(struct stream *s);

/* The same, if it is closed, the peer has ended too, and all that was accepted
 * has been acknowledged. */
static inline void stream_finish_if_done(struct stream *s)
{
    if (s->closed && s->pcb && s->peer_ended &&
        s->acknowledged == s->accepted)
        stream_finish(s);
}

/*
 * tcp_write() without a copy, of at most 65535 bytes, all or none; `flags` is
 * TCP_WRITE_FLAG_MORE or 0. What is short makes a segment in one piece of
 * memory (net/lwip/departure.h). Where the card can cut, what is long makes
 * segments that are larger than the wire's (net/lwip/cut.h): with the same
 * bytes many times faster. Only while there is a pcb. Who has begun with this
 * one stays with it: tcp_write() can't go on behind a large segment.
 */
err_t stream_write(struct stream *s, const void *data, u16_t len, u8_t flags);

/* Lets stream_deliver() (if s->resume) and tcp_output() be called for `s`
 * before the next round of the event loop is over. */
void stream_see_to(struct stream *s);

/* How many bytes more it may queue now, so that something is left for all the
 * others: peers who never acknowledge anything must not bring all to a
 * standstill. Only while there is a pcb. */
size_t stream_share(const struct stream *s);

/* Appends the chain `p` to s->unread. */
static inline void stream_keep(struct stream *s, struct pbuf *p)
{
    struct pbuf **last = &s->unread;

    while (*last)
        last = &(*last)->next;
    *last = p;
}

/* `n` bytes at the start of s->unread were taken. */
void stream_consume(struct stream *s, size_t n);

/* Throws s->unread away. Returns how many bytes it had. */
size_t stream_discard(struct stream *s);

/* Remembers that release(ctx) is owed once all of s->accepted has been
 * acknowledged; a release of NULL costs nothing. Only when borrow_possible()
 * has just said so: the pool has an end. */
void borrow(struct stream *s, stream_release_t release, void *ctx);
bool borrow_possible(stream_release_t release);

/* Gives back what ends at or before s->acknowledged; borrowed_return_all()
 * everything, for a stream that has gone. The release() comes from the event
 * loop, once the card is done with all that was sent up to now. */
void borrowed_return(struct stream *s);
void borrowed_return_all(struct stream *s);

#endif
