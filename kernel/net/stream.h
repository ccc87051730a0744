/* SPDX-License-Identifier: MIT */
/*
 * stream.h - connections: bytes both ways, in order, or an error.
 *
 * The waist between protocols such as HTTP and whatever carries them (lwIP's
 * TCP, a host's sockets). The bodies over lwIP are lab 11's.
 *
 * A stream lives from accept() to stream_close(), stream_abort() or the
 * error() callback, whichever is first; after that the pointer means nothing.
 * Every callback may send, close or abort its own stream.
 *
 *               accept
 *                 |            peer: FIN            last of ours + FIN acked
 *              [ open ] ---------- end() -----> [ half-closed ] ---> gone
 *                 |  \___ stream_close(): sends what is queued, then FIN
 *                 |______ stream_abort(): RST, now
 *                 '______ error(): the peer or the network gave up
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

/* Gives borrowed memory back; called exactly once for each piece that
 * stream_send() took, also when the connection fails. It comes from the event
 * loop, never from inside a call of yours, and it may come after the stream
 * has gone: the network card may still be reading what the peer has already
 * acknowledged, or will never ask for again. So `ctx` must not lie in what is
 * given up when the stream goes. */
typedef void (*stream_release_t)(void *ctx);

struct stream_events {
    /* `len` bytes have come. Returns how many were taken, 0 to len; what was
     * not taken stays with the stream, keeps the peer's window as small as it
     * is, and is offered again by stream_resume() or with the next bytes. The
     * memory is lent until the callback returns. A stream that leaves bytes
     * lying when there is no memory to keep them in is ended: error() with
     * -ENOMEM. */
    size_t (*receive)(struct stream *s, const uint8_t *data, size_t len);

    /* The peer has sent all it will, and receive() has taken all of it; we
     * may still send. May be NULL. */
    void (*end)(struct stream *s);

    /* There is room again, after stream_send() took less than it was given.
     * May be NULL. */
    void (*writable)(struct stream *s);

    /* Gone: -ECONNRESET, -ETIMEDOUT, -ENOMEM. The stream must not be touched
     * any more; what was borrowed is given back. May be NULL. */
    void (*error)(struct stream *s, int error);
};

/* Accepts connections on TCP port `port`. accept() returns 0 after it has
 * called stream_attach(), or a negative errno to refuse the connection, which
 * is then reset. `backlog` is the most connections at a time, those included
 * that are still closing; beyond it new ones wait until one has gone. Returns
 * 0, -EBUSY when the port is taken (or the host does not give it, which is
 * said), -ENOMEM. After net_up(). */
int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s));

/* Who hears of this stream's events. `events` must outlive the stream. */
void stream_attach(struct stream *s, const struct stream_events *events,
                   void *ctx);
void *stream_context(const struct stream *s);

/* Writes who is at the other end into text[cap], "10.0.2.2:50412", NUL-
 * terminated and cut to what fits. Only while the stream lives. */
void stream_peer(const struct stream *s, char *text, size_t cap);

/* Sends up to `len` bytes from `data`, borrowed: the memory must stay as it
 * is until release(ctx), which comes after the peer has acknowledged it, or a
 * host has made a copy of it, or the stream is gone. release may be NULL for
 * memory that never changes.
 * `more` says that more will be sent before the event loop's next round, so
 * that a segment need not leave half full.
 * Returns how many bytes were taken, which may be fewer than len: release is
 * then called for the part that was taken, and writable() will tell when to
 * go on. Returns -EAGAIN when none was taken (nothing is released). */
long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx);

/* How many bytes stream_send() would take now, at most. */
size_t stream_room(const struct stream *s);

/* Offers again what receive() left, before the next round ends. */
void stream_resume(struct stream *s);

/* Sends what is queued, then closes our direction; no more callbacks but
 * release(). What the peer still sends is thrown away, so that it gets to read
 * our last words: a reset would destroy them. A peer that takes nothing for
 * half a minute, or goes on sending after it has got everything, is reset. */
void stream_close(struct stream *s);

/* Ends the connection at once, both ways; no more callbacks but release(). */
void stream_abort(struct stream *s);

/* How many streams there are, of how many there may be. `resting` connections
 * are no streams any more: the network keeps their names for a minute, so that
 * nothing late is taken for another's. (A host does that by itself, and does
 * not say: 0.) */
struct stream_usage { unsigned open, limit, resting; };
struct stream_usage stream_usage(void);

#endif
