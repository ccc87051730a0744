/* SPDX-License-Identifier: MIT */
/*
 * sockets.c - connections over the host's sockets.
 *
 * Above it protocols, which know net/stream.h; below it a Unix, which copies
 * what it is given and says what is ready (net/sockets/sockets.h has the
 * picture and the rules). Who listens where, the struct's life, the timers and
 * what is borrowed are given code.
 */
#define _GNU_SOURCE

#include "net/sockets/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/panic.h"
#include "net/stream.h"

void listener_on_ready(struct listener *listener)
{
    /* TODO 13.1 listener_on_ready: go on until EAGAIN says that there is
     * nobody left. accept4() also hands on what happened to a connection
     * before we came to it. [accept(2)] */
    while (listener_has_room(listener)) {
        int fd = accept4(listener->wire.fd, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            stream_begin(listener, fd);
            continue;
        }
        switch (errno) {
        case EINTR:
        case ECONNABORTED:
        case EPROTO: case ENOPROTOOPT: case EOPNOTSUPP: case ENONET:
        case ENETDOWN: case ENETUNREACH: case EHOSTDOWN: case EHOSTUNREACH:
            continue;
        case EAGAIN:
            return;
        default:
            listener_rest(listener);
            return;
        }
    }
    /* END 13.1 */
}

void stream_begin(struct listener *listener, int fd)
{
    /* TODO 13.2 stream_begin: mind who has to close fd. */
    struct stream *s = stream_make(listener, fd);

    if (!s)
        close(fd);
    else if (listener->accept(s) != 0)
        stream_abort(s);
    else
        stream_hear(s);
    /* END 13.2 */
}

void stream_deliver(struct stream *s)
{
    /* TODO 13.3 stream_deliver: what receive() took is no longer there; what
     * it left moves to the front. After each call of the owner's ask whether
     * there is still an owner. */
    if (s->events && s->unread_len != 0) {
        size_t taken = s->events->receive(s, s->unread, s->unread_len);

        if (!s->events)
            return;
        s->unread_len -= taken;
        memmove(s->unread, s->unread + taken, s->unread_len);
    }
    if (s->events && s->peer_ended && s->unread_len == 0 && !s->end_told) {
        s->end_told = true;
        if (s->events->end)
            s->events->end(s);
    }
    /* END 13.3 */
}

void stream_on_readable(struct stream *s)
{
    /* TODO 13.4 stream_on_readable: of recv()'s four answers, bytes, none (the
     * peer's end), not now after all, and an error, only the first two are
     * for the owner. */
    size_t room = sizeof s->unread - s->unread_len;
    ssize_t n;

    if (s->peer_ended || room == 0)
        return;
    n = recv(s->wire.fd, s->unread + s->unread_len, room, 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            s->error = stream_error(errno);
        return;
    }
    if (n == 0)
        s->peer_ended = true;
    if (s->closed)
        return;
    s->unread_len += (size_t)n;
    stream_deliver(s);
    /* END 13.4 */
}

void stream_resume(struct stream *s)
{
    /* TODO 13.5 stream_resume: not now, as we may be inside receive(), but
     * before the next round of the event loop is over. */
    s->resume = true;
    stream_see_to(s);
    /* END 13.5 */
}

size_t stream_room(const struct stream *s)
{
    /* TODO 13.6 stream_room: the host does not say how much it would take. It
     * is STREAM_ROOM, until a send has fallen short. */
    bool can_send = s->wire.fd >= 0 && !s->closed && !s->error;

    return can_send && !s->wants_room ? STREAM_ROOM : 0;
    /* END 13.6 */
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    /* TODO 13.7 stream_send: one send() of at most stream_room() bytes. It
     * may take fewer than it was given, it must not raise SIGPIPE when the
     * peer has gone, and with more to come it may wait for that (MSG_NOSIGNAL,
     * MSG_MORE; s->held). What it took is borrowed until the loop's next
     * round. If that is less than was offered, writable() is owed, and the
     * host has to be asked when. An error is not told from in here.
     * [send(2)] */
    size_t room = stream_room(s);
    bool cut = len > room;
    ssize_t n = -1;

    if (room != 0 && borrow_possible(release)) {
        n = send(s->wire.fd, data, cut ? room : len,
                 MSG_NOSIGNAL | (more || cut ? MSG_MORE : 0));
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            s->error = stream_error(errno);
    }
    if (n > 0) {
        s->held = more || cut;
        borrow(release, ctx);
    }
    s->wants_room = n < 0 || (size_t)n < len;
    if (s->wants_room || s->held)
        stream_see_to(s);
    return n > 0 ? (long)n : -EAGAIN;
    /* END 13.7 */
}

void stream_on_writable(struct stream *s)
{
    /* TODO 13.8 stream_on_writable: the owner may fall short once more. */
    if (!s->wants_room)
        return;
    s->wants_room = false;
    if (s->events && s->events->writable)
        s->events->writable(s);
    /* END 13.8 */
}

void stream_close(struct stream *s)
{
    /* TODO 13.9 stream_close: nobody is told anything any more, and what came
     * and was not taken is thrown away. Our FIN goes behind what the host has
     * yet to send; the descriptor stays, as closing it with bytes unread is a
     * reset: stream_linger(). */
    s->events = NULL;
    s->closed = true;
    s->unread_len = 0;
    s->wants_room = false;
    if (shutdown(s->wire.fd, SHUT_WR) == 0)
        stream_linger(s);
    else
        stream_gone(s);
    /* END 13.9 */
}

void stream_abort(struct stream *s)
{
    /* TODO 13.10 stream_abort: to close a socket that lingers for no time at
     * all (SO_LINGER) is a reset. [socket(7)] */
    static const struct linger not_at_all = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(s->wire.fd, SOL_SOCKET, SO_LINGER, &not_at_all,
               sizeof not_at_all);
    stream_gone(s);
    /* END 13.10 */
}

int stream_error(int host)
{
    /* TODO 13.11 stream_error: three names for all that can happen. */
    switch (host) {
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
        return -ETIMEDOUT;
    case ENOMEM:
    case ENOBUFS:
        return -ENOMEM;
    default:
        return -ECONNRESET;
    }
    /* END 13.11 */
}

void stream_on_error(struct stream *s)
{
    /* TODO 13.12 stream_on_error: to ask for SO_ERROR is to clear it. Where
     * there is none, and the stream is still its owner's, it is gone all the
     * same. */
    const struct stream_events *events = s->events;
    socklen_t len = sizeof(int);
    int host = 0;

    if (!s->error) {
        getsockopt(s->wire.fd, SOL_SOCKET, SO_ERROR, &host, &len);
        if (host == 0 && s->closed)
            return;
        s->error = stream_error(host);
    }
    stream_gone(s);
    if (events && events->error)
        events->error(s, s->error);
    /* END 13.12 */
}

unsigned stream_wants(const struct stream *s)
{
    /* TODO 13.13 stream_wants: what is ready and can't be taken, or is not
     * asked for, would be told again and again. */
    bool in = !s->peer_ended && s->unread_len < sizeof s->unread;

    return (in ? DESCRIPTOR_IN : 0u) | (s->wants_room ? DESCRIPTOR_OUT : 0u);
    /* END 13.13 */
}
