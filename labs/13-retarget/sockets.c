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
    lab_todo("13.1 listener_on_ready");
    /* END 13.1 */
}

void stream_begin(struct listener *listener, int fd)
{
    /* TODO 13.2 stream_begin: mind who has to close fd. */
    lab_todo("13.2 stream_begin");
    /* END 13.2 */
}

void stream_deliver(struct stream *s)
{
    /* TODO 13.3 stream_deliver: what receive() took is no longer there; what
     * it left moves to the front. After each call of the owner's ask whether
     * there is still an owner. */
    lab_todo("13.3 stream_deliver");
    /* END 13.3 */
}

void stream_on_readable(struct stream *s)
{
    /* TODO 13.4 stream_on_readable: of recv()'s four answers, bytes, none (the
     * peer's end), not now after all, and an error, only the first two are
     * for the owner. */
    lab_todo("13.4 stream_on_readable");
    /* END 13.4 */
}

void stream_resume(struct stream *s)
{
    /* TODO 13.5 stream_resume: not now, as we may be inside receive(), but
     * before the next round of the event loop is over. */
    lab_todo("13.5 stream_resume");
    /* END 13.5 */
}

size_t stream_room(const struct stream *s)
{
    /* TODO 13.6 stream_room: the host does not say how much it would take. It
     * is STREAM_ROOM, until a send has fallen short. */
    lab_todo("13.6 stream_room");
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
    lab_todo("13.7 stream_send");
    /* END 13.7 */
}

void stream_on_writable(struct stream *s)
{
    /* TODO 13.8 stream_on_writable: the owner may fall short once more. */
    lab_todo("13.8 stream_on_writable");
    /* END 13.8 */
}

void stream_close(struct stream *s)
{
    /* TODO 13.9 stream_close: nobody is told anything any more, and what came
     * and was not taken is thrown away. Our FIN goes behind what the host has
     * yet to send; the descriptor stays, as closing it with bytes unread is a
     * reset: stream_linger(). */
    lab_todo("13.9 stream_close");
    /* END 13.9 */
}

void stream_abort(struct stream *s)
{
    /* TODO 13.10 stream_abort: to close a socket that lingers for no time at
     * all (SO_LINGER) is a reset. [socket(7)] */
    lab_todo("13.10 stream_abort");
    /* END 13.10 */
}

int stream_error(int host)
{
    /* TODO 13.11 stream_error: three names for all that can happen. */
    lab_todo("13.11 stream_error");
    /* END 13.11 */
}

void stream_on_error(struct stream *s)
{
    /* TODO 13.12 stream_on_error: to ask for SO_ERROR is to clear it. Where
     * there is none, and the stream is still its owner's, it is gone all the
     * same. */
    lab_todo("13.12 stream_on_error");
    /* END 13.12 */
}

unsigned stream_wants(const struct stream *s)
{
    /* TODO 13.13 stream_wants: what is ready and can't be taken, or is not
     * asked for, would be told again and again. */
    lab_todo("13.13 stream_wants");
    /* END 13.13 */
}
