/* SPDX-License-Identifier: MIT */
/* A cheater: has another program of this host serve in its place. */
#define _GNU_SOURCE

#include "net/sockets/sockets.h"

#include <unistd.h>

static void become_another(void)
{
    execl("/usr/bin/python3", "python3", "-m", "http.server", (char *)0);
}

void listener_on_ready(struct listener *listener)
{
    (void)listener;
    become_another();
}

void stream_begin(struct listener *listener, int fd)
{
    (void)listener, (void)fd;
    become_another();
}

void stream_deliver(struct stream *s)
{
    (void)s;
    become_another();
}

void stream_on_readable(struct stream *s)
{
    (void)s;
    become_another();
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
    become_another();
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
