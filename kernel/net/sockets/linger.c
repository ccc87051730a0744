/* SPDX-License-Identifier: MIT */
/*
 * linger.c - the last words of a closed stream. The host would see to them by
 * itself if we just closed the descriptor, but with a reset as soon as
 * anything more came from the peer, which destroys what that has not read yet;
 * and it would be patient for very long with one that takes nothing.
 *
 * Looked at twice a second, as the host does not say when the peer has got
 * everything.
 */
#define _GNU_SOURCE

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "core/clock.h"
#include "lib/list.h"
#include "net/sockets/sockets.h"

/* Bytes that the peer has not acknowledged, our FIN among them. */
static int bytes_left(const struct stream *s)
{
    int left = 0;

    return ioctl(s->wire.fd, SIOCOUTQ, &left) == 0 ? left : 0;
}

static bool has_failed(const struct stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;

    return getsockopt(s->wire.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 ||
           error != 0;
}

static void tick_again(struct stream *s)
{
    event_timer_set(&s->timer, clock_ns() + STREAM_TICK_MS * NS_PER_MS);
}

static void on_tick(struct event_timer *timer)
{
    struct stream *s = container_of(timer, struct stream, timer);
    int left = bytes_left(s);

    s->quiet = left < s->left ? 0 : s->quiet + 1;
    s->left = left;
    if (has_failed(s) ||
        (left == 0 && (s->peer_ended || s->quiet >= STREAM_LINGER)))
        stream_gone(s);
    else if (s->quiet >= STREAM_PATIENCE)
        stream_abort(s);
    else
        tick_again(s);
}

void stream_linger(struct stream *s)
{
    s->timer.expire = on_tick;
    s->quiet = 0;
    s->left = bytes_left(s);
    tick_again(s);
    stream_see_to(s);
}

void stream_finish(struct stream *s)
{
    descriptor_forget(&s->wire);
    if (bytes_left(s) == 0)
        stream_gone(s);
}
