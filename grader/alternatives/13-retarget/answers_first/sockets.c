/* SPDX-License-Identifier: MIT */
/*
 * sockets.c - another right answer to lab 13: each call of the host's has a
 * wrapper that says in a word of ours what it came to, and what is done about
 * it stands in a switch over these words.
 */
#define _GNU_SOURCE

#include "net/sockets/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

enum outcome { DONE, NOT_NOW, ENDED, FAILED };

static enum outcome outcome_of(ssize_t n)
{
    if (n > 0)
        return DONE;
    if (n == 0)
        return ENDED;
    return errno == EAGAIN || errno == EINTR ? NOT_NOW : FAILED;
}

/* Is it the host that has nothing to give? Otherwise it is about the one who
 * called. */
static bool host_is_out(int error)
{
    switch (error) {
    case EINTR: case ECONNABORTED: case EPROTO: case ENOPROTOOPT:
    case EOPNOTSUPP: case ENONET: case ENETDOWN: case ENETUNREACH:
    case EHOSTDOWN: case EHOSTUNREACH:
        return false;
    }
    return true;
}

void listener_on_ready(struct listener *listener)
{
    bool more = true;

    while (more && listener_has_room(listener)) {
        int fd = accept4(listener->wire.fd, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        int error = fd < 0 ? errno : 0;

        if (error == 0)
            stream_begin(listener, fd);
        else if (error == EAGAIN)
            more = false;
        else if (host_is_out(error)) {
            listener_rest(listener);
            more = false;
        }
    }
}

void stream_begin(struct listener *listener, int fd)
{
    struct stream *s = stream_make(listener, fd);

    if (s && listener->accept(s) != 0)
        stream_abort(s);
    else if (s)
        stream_hear(s);
    else
        close(fd);
}

static void drop_front(struct stream *s, size_t n)
{
    s->unread_len -= n;
    memmove(s->unread, &s->unread[n], s->unread_len);
}

void stream_deliver(struct stream *s)
{
    const struct stream_events *owner = s->events;

    if (owner && s->unread_len) {
        size_t taken = owner->receive(s, s->unread, s->unread_len);

        owner = s->events;
        if (owner)
            drop_front(s, taken);
    }
    if (!owner || s->unread_len || !s->peer_ended || s->end_told)
        return;
    s->end_told = true;
    if (owner->end)
        owner->end(s);
}

void stream_on_readable(struct stream *s)
{
    size_t room = sizeof s->unread - s->unread_len;
    ssize_t n;

    if (s->peer_ended || !room)
        return;
    n = recv(s->wire.fd, &s->unread[s->unread_len], room, 0);
    switch (outcome_of(n)) {
    case DONE:
        if (s->closed)
            return;
        s->unread_len += (size_t)n;
        break;
    case ENDED:
        s->peer_ended = true;
        break;
    case FAILED:
        s->error = stream_error(errno);
        return;
    case NOT_NOW:
        return;
    }
    stream_deliver(s);
}

void stream_resume(struct stream *s)
{
    s->resume = true;
    stream_see_to(s);
}

size_t stream_room(const struct stream *s)
{
    bool open = s->wire.fd >= 0 && !s->closed;

    return open && !(s->error || s->wants_room) ? STREAM_ROOM : 0;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    size_t room = stream_room(s), part = len > room ? room : len;
    bool waits = more || part < len;
    enum outcome came = NOT_NOW;
    ssize_t n = 0;

    if (part && borrow_possible(release)) {
        n = send(s->wire.fd, data, part,
                 waits ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL);
        came = outcome_of(n);
    }
    switch (came) {
    case DONE:
        s->held = waits;
        borrow(release, ctx);
        break;
    case FAILED:
        s->error = stream_error(errno);
        /* fall through */
    default:
        n = 0;
    }
    s->wants_room = (size_t)n < len;
    if (s->held || s->wants_room)
        stream_see_to(s);
    return n ? (long)n : -EAGAIN;
}

void stream_on_writable(struct stream *s)
{
    if (s->wants_room) {
        s->wants_room = false;
        if (s->events && s->events->writable)
            s->events->writable(s);
    }
}

void stream_close(struct stream *s)
{
    s->closed = true;
    s->events = NULL;
    s->wants_room = false;
    s->unread_len = 0;
    switch (shutdown(s->wire.fd, SHUT_WR)) {
    case 0:
        stream_linger(s);
        break;
    default:
        stream_gone(s);
    }
}

void stream_abort(struct stream *s)
{
    struct linger at_once;

    memset(&at_once, 0, sizeof at_once);
    at_once.l_onoff = 1;
    setsockopt(s->wire.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_gone(s);
}

int stream_error(int host)
{
    if (host == ENOMEM || host == ENOBUFS)
        return -ENOMEM;
    if (host == ETIMEDOUT || host == EHOSTUNREACH || host == EHOSTDOWN ||
        host == ENETUNREACH || host == ENETDOWN)
        return -ETIMEDOUT;
    return -ECONNRESET;
}

void stream_on_error(struct stream *s)
{
    const struct stream_events *owner = s->events;
    int host = 0;
    socklen_t len = sizeof host;
    int why = s->error;

    if (!why)
        getsockopt(s->wire.fd, SOL_SOCKET, SO_ERROR, &host, &len);
    if (!why && !host && s->closed)
        return;
    if (!why)
        why = stream_error(host);
    s->error = why;
    stream_gone(s);
    if (owner && owner->error)
        owner->error(s, why);
}

unsigned stream_wants(const struct stream *s)
{
    bool full = s->unread_len == sizeof s->unread;

    return (s->peer_ended || full ? 0 : DESCRIPTOR_IN) +
           (s->wants_room ? DESCRIPTOR_OUT : 0);
}
