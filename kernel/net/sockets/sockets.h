/* SPDX-License-Identifier: MIT */
/*
 * sockets.h - a connection over a socket of the host: what net/stream.h
 * promises, kept with a descriptor that never blocks. The bodies of the
 * functions in net/stream.h, but for stream_listen(), _attach(), _context(),
 * _peer() and _usage(), and of those in the first part here are lab 13's.
 *
 *     stream_send      stream_resume, _close, _abort          net/stream.h
 *     ------------------------------------------------------------------
 *       |                 |         listener_on_ready   stream_on_readable
 *       |                 |                   ^         _writable  _error
 *       v                 v                   |             ^
 *     send()        shutdown(), close()   accept4()       recv()     host
 *
 * What is ready the host says through arch/unix/descriptor.h, by its level:
 * again and again, as long as it is so and is watched for. From that, and from
 * what a host is like, come the rules here:
 *   - no call may block: where a guest waits for an event, so do we;
 *   - what can't be taken now must not be watched for, or the process turns in
 *     circles; what is waited for must be, or it never hears of it;
 *   - the host tells of an error once, to whichever call comes first;
 *   - a descriptor is closed exactly once, on every path.
 */
#ifndef NET_SOCKETS_SOCKETS_H
#define NET_SOCKETS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "arch/unix/descriptor.h"
#include "event/event.h"
#include "net/stream.h"

enum {
    LISTENERS_MAX = 4,
    STREAM_UNREAD = 4096,       /* bytes that receive() may leave lying */
    STREAM_ROOM = 512 << 10,    /* bytes that one stream_send() may take */
    STREAM_TICK_MS = 500,
    STREAM_LINGER = 4,          /* ticks that a closed stream waits for the
                                   peer's end, once it has got everything */
    STREAM_PATIENCE = 60,       /* ticks without progress after which a closed
                                   stream is given up */
};

/*
 * A socket that listens.
 *
 * Invariant, between calls: it is watched exactly while it is not `resting`,
 * and it rests when it has no room, or the host nothing to give.
 */
struct listener {
    struct descriptor wire;     /* wire.fd is -1: free */
    uint16_t port;              /* as the application knows it */
    int (*accept)(struct stream *s);
    unsigned open;              /* streams */
    unsigned backlog;           /* of at most so many */
    bool resting;               /* newcomers wait, in the host's queue */
    struct event_work work;
};

/*
 * Invariants, between calls:
 *   - wire.fd is open, or -1 once the stream has gone;
 *   - events is NULL once the stream was closed, aborted or in error: nobody
 *     is told anything any more;
 *   - unread[0 .. unread_len) are the bytes that came and were not taken; none
 *     once it is closed;
 *   - once `closed`, our FIN is queued behind all that was sent.
 */
struct stream {
    struct descriptor wire;
    struct listener *listener;
    const struct stream_events *events;
    void *ctx;

    uint8_t unread[STREAM_UNREAD];
    size_t unread_len;
    bool peer_ended;            /* the peer's FIN comes after these */
    bool end_told;              /* end() has been called */
    bool resume;                /* stream_resume() was called */

    bool wants_room;            /* writable() is owed; no room until then */
    bool held;                  /* what was sent last may still wait for more
                                   (MSG_MORE) */
    int error;                  /* what a call of the host's came back with,
                                   for stream_on_error(); 0: nothing yet */
    bool closed;                /* by stream_close() */

    /* Given code's: */
    unsigned ready;             /* what the handler has seen */
    struct event_work work;
    struct event_timer timer;   /* ticks while it is closed */
    unsigned quiet;             /* ticks since the last progress */
    int left;                   /* bytes not acknowledged, at the last tick */
    struct sockaddr_storage peer;
    struct stream *next_free;
};

/* ---- Lab 13 ------------------------------------------------------------- */

/* There are connections to accept, or were a moment ago: takes one after the
 * other (accept4(); the new descriptor does not block and does not outlive an
 * exec) and begins a stream with each, until there are none left (EAGAIN) or
 * the listener has no room. One that came to nothing before we got to it
 * (ECONNABORTED, or what accept(2) calls network errors) is none of the others'
 * business. Anything else is said of the host, which has no descriptors left or
 * no memory: listener_rest(), and no more for now. */
void listener_on_ready(struct listener *listener);

/* Makes a stream of `fd`, which is ours from here on whatever happens, and
 * offers it to the listener's accept(). Refused, it is reset; without a struct
 * stream for it, closed; taken, its first words are heard before the next one
 * is let in (stream_hear()): who has waited in the host's queue has often said
 * what he wants, and must not be thought idle. */
void stream_begin(struct listener *listener, int fd);

/* Bytes have come, or the peer's end; or neither, after all. One recv(), into
 * what is free of s->unread, and stream_deliver(). A closed stream has no
 * owner to take what comes: it is thrown away until the peer's end. Errors are
 * left in s->error (stream_error()). */
void stream_on_readable(struct stream *s);

/* Offers s->unread, if there is anything in it, to receive(). What is left
 * then is at the beginning of s->unread, unless the stream's owner has closed
 * or aborted it meanwhile. After the last byte tells end(), once, if the peer
 * has ended. */
void stream_deliver(struct stream *s);

/* There is room again: tells writable(), if that is owed. */
void stream_on_writable(struct stream *s);

/* The connection has failed, or has come to its end both ways. Why, s->error
 * says, or if it does not the host (SO_ERROR). The stream is gone when its
 * owner is told: stream_gone(). There is no error when a closed stream comes
 * to its end. */
void stream_on_error(struct stream *s);

/* What error() says for the host's errno `host`: -ETIMEDOUT for all ways in
 * which the peer can't be reached, -ENOMEM when the host has no memory, else
 * -ECONNRESET. */
int stream_error(int host);

/* What is to be watched for on behalf of this stream: DESCRIPTOR_IN while
 * there is something to come and room for it, DESCRIPTOR_OUT while writable()
 * is owed. */
unsigned stream_wants(const struct stream *s);

/* ---- Given: a stream's life (streams.c) --------------------------------- */

/* Makes the pool of streams. Returns 0 or -ENOMEM. */
int streams_make(void);

/* May one more connection become a stream of this listener's? */
bool listener_has_room(const struct listener *listener);

/* The host has nothing to give now: this listener is left alone until one of
 * our streams has gone, or a second has passed. Says so, the first time. */
void listener_rest(struct listener *listener);

/* A stream of `listener` on `fd`, watched for what comes; NULL, with fd still
 * the caller's, when there is none. */
struct stream *stream_make(struct listener *listener, int fd);

/* Takes what may have come already. Harmless when nothing has, and when the
 * stream has gone. */
void stream_hear(struct stream *s);

/*
 * Before the next round of the event loop is over: what is resumed is offered
 * again, what is held is sent, an error is told, and the stream is watched for
 * what it wants by then (stream_wants()). To be called for whatever of this
 * has changed outside of the functions above.
 */
void stream_see_to(struct stream *s);

/* Closes the descriptor, and gives the struct back, but not before the next
 * round: whoever is in the middle of something with it may still look at it.
 * Harmless when it has gone. */
void stream_gone(struct stream *s);

/* From now on waits (as ticks go by) for a closed stream's peer to take what
 * is queued and to end; then the stream is gone. (linger.c) */
void stream_linger(struct stream *s);

/* A closed stream whose peer has ended too: gone, if it has got everything. */
void stream_finish(struct stream *s);

/* ---- Given: what is borrowed (borrowed.c) ------------------------------- */

/*
 * The host copies what it takes, so that it could be given back at once; but
 * release() comes from the event loop. borrow() remembers that release(ctx) is
 * owed; a release of NULL costs nothing. Only when borrow_possible() has just
 * said so: the pool has an end, and lasts for a round.
 */
int borrowed_make(unsigned limit);
bool borrow_possible(stream_release_t release);
void borrow(stream_release_t release, void *ctx);
unsigned borrowed_count(void);

/* ---- Given: who listens, and where (listen.c, address.c) ---------------- */

/* The listener of this port, or NULL. */
struct listener *listener_find(uint16_t port);

/* One of `listener`'s streams has gone: there may be room again, and there is
 * a descriptor. */
void listener_stream_gone(struct listener *listener);

/* Where we are on the host. Reads LODGE_ADDRESS. Returns 0, or -EINVAL for
 * one that makes no sense, which it says. */
int address_read(const char *name);

/* A socket that listens there for `port`, on the port of LODGE_ADDRESS for 80
 * and for others on one that the host chooses; says which. Returns its
 * descriptor, -EBUSY or -ENOMEM, having said what is wrong. */
int address_listen(uint16_t port);

/* Writes "127.0.0.1:8080", "[::1]:8080" or "?:0" into text[cap]. */
void address_text(const struct sockaddr_storage *address, char *text,
                  size_t cap);

#endif
