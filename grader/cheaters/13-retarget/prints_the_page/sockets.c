/* SPDX-License-Identifier: MIT */
/* A cheater: says what the reference says, and serves nobody. */
#define _GNU_SOURCE

#include "net/sockets/sockets.h"

#include "console/log.h"

static void say(void)
{
    log_line("tcpecho: listening on port 7");
    log_line("tcpecho: at rest after 1 connections, 18 bytes");
    log_line("web: serving on port 80");
}

void listener_on_ready(struct listener *listener)
{
    (void)listener;
    say();
}

void stream_begin(struct listener *listener, int fd)
{
    (void)listener, (void)fd;
    say();
}

void stream_deliver(struct stream *s)
{
    (void)s;
    say();
}

void stream_on_readable(struct stream *s)
{
    (void)s;
    say();
}

void stream_resume(struct stream *s)
{
    (void)s;
}

size_t stream_room(const struct stream *s)
{
    (void)s;
    return 1;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    (void)s, (void)data, (void)more, (void)release, (void)ctx;
    say();
    return (long)len;
}

void stream_on_writable(struct stream *s)
{
    (void)s;
}

void stream_close(struct stream *s)
{
    (void)s;
}

void stream_abort(struct stream *s)
{
    (void)s;
}

int stream_error(int host)
{
    return host;
}

void stream_on_error(struct stream *s)
{
    (void)s;
}

unsigned stream_wants(const struct stream *s)
{
    (void)s;
    return DESCRIPTOR_IN | DESCRIPTOR_OUT;
}
