/* SPDX-License-Identifier: MIT */
/*
 * sockets.c - another right answer to lab 13: what the host's errors mean
 * stands in tables, and each function leaves as early as it can.
 */
#define _GNU_SOURCE

#include "net/sockets/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

/* Of one connection, not of the listener. 0 ends the list. */
static const int came_to_nothing[] = {
    ECONNABORTED, EINTR, EPROTO, ENOPROTOOPT, EOPNOTSUPP, ENONET, ENETDOWN,
    ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, 0,
};
static const int out_of_reach[] = {
    ETIMEDOUT, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ENETDOWN, 0,
};
static const int no_memory[] = { ENOMEM, ENOBUFS, 0 };
static const int not_now[] = { EAGAIN, EINTR, 0 };

static bool is_among(int error, const int *list)
{
    while (*list && *list != error)
        list++;
    return *list != 0;
}

void listener_on_ready(struct listener *listener)
{
    for (;;) {
        int fd;

        if (!listener_has_room(listener))
            return;
        fd = accept4(listener->wire.fd, NULL, NULL,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            stream_begin(listener, fd);
        else if (errno == EAGAIN)
            return;
        else if (!is_among(errno, came_to_nothing))
            break;
    }
    listener_rest(listener);
}

void stream_begin(struct listener *listener, int fd)
{
    struct stream *s = stream_make(listener, fd);

    if (!s) {
        close(fd);
        return;
    }
    if (listener->accept(s) == 0) {
        stream_hear(s);
        return;
    }
    stream_abort(s);
}

void stream_deliver(struct stream *s)
{
    size_t had = s->unread_len;

    if (!s->events)
        return;
    if (had > 0) {
        size_t taken = s->events->receive(s, s->unread, had);

        if (!s->events)
            return;
        s->unread_len = had - taken;
        for (size_t i = 0; i < s->unread_len; i++)
            s->unread[i] = s->unread[taken + i];
    }
    if (s->unread_len > 0 || !s->peer_ended || s->end_told)
        return;
    s->end_told = true;
    if (s->events->end)
        s->events->end(s);
}

void stream_on_readable(struct stream *s)
{
    uint8_t *free_part = s->unread + s->unread_len;
    size_t room = STREAM_UNREAD - s->unread_len;
    ssize_t n;

    if (room == 0 || s->peer_ended)
        return;
    n = recv(s->wire.fd, free_part, room, 0);
    if (n < 0 && !is_among(errno, not_now))
        s->error = stream_error(errno);
    if (n < 0)
        return;
    s->peer_ended = n == 0;
    if (!s->closed) {
        s->unread_len += (size_t)n;
        stream_deliver(s);
    }
}

void stream_resume(struct stream *s)
{
    stream_see_to(s);
    s->resume = true;
}

size_t stream_room(const struct stream *s)
{
    if (s->wire.fd < 0 || s->closed || s->error || s->wants_room)
        return 0;
    return STREAM_ROOM;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    size_t room = borrow_possible(release) ? stream_room(s) : 0;
    size_t n = len < room ? len : room;
    int flags = MSG_NOSIGNAL;
    ssize_t sent;

    if (n == 0)
        goto none;
    if (more || n < len)
        flags |= MSG_MORE;
    sent = send(s->wire.fd, data, n, flags);
    if (sent <= 0) {
        if (sent < 0 && !is_among(errno, not_now))
            s->error = stream_error(errno);
        goto none;
    }
    borrow(release, ctx);
    s->held = (flags & MSG_MORE) != 0;
    s->wants_room = (size_t)sent != len;
    if (s->held || s->wants_room)
        stream_see_to(s);
    return (long)sent;

none:
    s->wants_room = true;
    stream_see_to(s);
    return -EAGAIN;
}

void stream_on_writable(struct stream *s)
{
    bool owed = s->wants_room;

    s->wants_room = false;
    if (owed && s->events && s->events->writable)
        s->events->writable(s);
}

void stream_close(struct stream *s)
{
    int failed = shutdown(s->wire.fd, SHUT_WR);

    s->closed = true;
    s->wants_room = false;
    s->unread_len = 0;
    s->events = NULL;
    if (failed)
        stream_gone(s);
    else
        stream_linger(s);
}

void stream_abort(struct stream *s)
{
    struct linger reset = { 1, 0 };

    setsockopt(s->wire.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    stream_gone(s);
}

int stream_error(int host)
{
    if (is_among(host, out_of_reach))
        return -ETIMEDOUT;
    return is_among(host, no_memory) ? -ENOMEM : -ECONNRESET;
}

void stream_on_error(struct stream *s)
{
    void (*tell)(struct stream *, int) = s->events ? s->events->error : NULL;
    int why = s->error;

    if (why == 0) {
        socklen_t len = sizeof why;
        int host = 0;

        getsockopt(s->wire.fd, SOL_SOCKET, SO_ERROR, &host, &len);
        if (s->closed && host == 0)
            return;
        why = stream_error(host);
        s->error = why;
    }
    stream_gone(s);
    if (tell)
        tell(s, why);
}

unsigned stream_wants(const struct stream *s)
{
    unsigned wants = 0;

    if (s->wants_room)
        wants |= DESCRIPTOR_OUT;
    if (s->unread_len < STREAM_UNREAD && !s->peer_ended)
        wants |= DESCRIPTOR_IN;
    return wants;
}
