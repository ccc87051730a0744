/* SPDX-License-Identifier: MIT */
/*
 * stream.c - another right answer to lab 11: what is sent is queued a segment
 * at a time, what came is delivered by a function that says whether to go on,
 * and the owner hears of room before his memory comes back.
 */
#include "net/lwip/streams.h"

#include "lib/errno.h"
#include "net/stream.h"

#include "lwip/tcp.h"

/* ---- Beginning ---------------------------------------------------------- */

int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s))
{
    struct listener *l = listener_find_free();
    struct tcp_pcb *pcb;
    int err = -ENOMEM;

    if (!l)
        return -ENOMEM;
    pcb = tcp_new();
    if (!pcb)
        return -ENOMEM;
    if (tcp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK) {
        struct tcp_pcb *small = tcp_listen_with_backlog(pcb, 255);

        if (small) {
            l->open = 0;
            l->backlog = backlog;
            l->accept = accept;
            l->pcb = small;
            tcp_accept(small, stream_on_accept);
            tcp_arg(small, l);
            return 0;
        }
    } else {
        err = -EBUSY;
    }
    tcp_close(pcb);
    return err;
}

err_t stream_on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct listener *l = arg;
    struct stream *s = pcb && err == ERR_OK ? stream_make(l, pcb) : NULL;

    if (!s)
        return pcb ? ERR_MEM : ERR_VAL;
    stream_enter(s);
    if (l->accept(s) < 0)
        stream_abort(s);
    return stream_leave(s);
}

/* ---- Receiving ---------------------------------------------------------- */

/* Offers the first pbuf. True if the next one's turn has come. */
static bool offer(struct stream *s)
{
    struct pbuf *p = s->unread;
    size_t len = p->len, taken = s->events->receive(s, p->payload, len);

    if (!s->pcb || !s->events)
        return false;
    if (taken > 0) {
        stream_consume(s, taken);
        tcp_recved(s->pcb, (u16_t)taken);
    }
    return taken == len;
}

void stream_deliver(struct stream *s)
{
    while (s->events && s->unread)
        if (!offer(s))
            return;
    if (!s->events || s->end_told || !s->peer_ended)
        return;
    s->end_told = true;
    if (s->events->end)
        s->events->end(s);
}

static void throw_away(struct stream *s)
{
    size_t bytes = stream_discard(s);

    while (bytes > 0) {
        u16_t n = bytes > 30000 ? 30000 : (u16_t)bytes;

        bytes -= n;
        tcp_recved(s->pcb, n);
    }
}

err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err)
{
    struct stream *s = arg;

    (void)pcb, (void)err;
    stream_enter(s);
    if (!p)
        s->peer_ended = true;
    else
        stream_keep(s, p);
    if (!s->closed)
        stream_deliver(s);
    else
        throw_away(s);
    stream_finish_if_done(s);
    return stream_leave(s);
}

void stream_resume(struct stream *s)
{
    s->resume = true;
    stream_see_to(s);
}

/* ---- Sending ------------------------------------------------------------ */

size_t stream_room(const struct stream *s)
{
    size_t room = 0;

    if (s->pcb && !s->closed && tcp_sndqueuelen(s->pcb) < TCP_SND_QUEUELEN) {
        room = s->pcb->snd_buf;
        if (stream_share(s) < room)
            room = stream_share(s);
    }
    return room;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    const char *bytes = data;
    size_t room = borrow_possible(release) ? stream_room(s) : 0, done = 0;

    while (done < len && done < room) {
        size_t n = TCP_MSS;

        if (n > len - done)
            n = len - done;
        if (n > room - done)
            n = room - done;
        if (stream_write(s, bytes + done, (u16_t)n, more || done + n < len
                                                        ? TCP_WRITE_FLAG_MORE
                                                        : 0) != ERR_OK)
            break;
        done += n;
    }
    s->wants_room = done != len;
    if (!done)
        return -EAGAIN;
    s->accepted += done;
    borrow(s, release, ctx);
    stream_see_to(s);
    return (long)done;
}

static void tell_of_room(struct stream *s, size_t enough)
{
    if (!s->wants_room || !s->events || stream_room(s) < enough)
        return;
    s->wants_room = false;
    if (s->events->writable)
        s->events->writable(s);
}

err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct stream *s = arg;

    (void)pcb;
    stream_enter(s);
    s->acknowledged += len;
    s->quiet = 0;
    tell_of_room(s, TCP_SNDLOWAT);
    borrowed_return(s);
    stream_finish_if_done(s);
    return stream_leave(s);
}

/* ---- Ends --------------------------------------------------------------- */

void stream_close(struct stream *s)
{
    stream_enter(s);
    s->closed = true;
    s->events = NULL;
    throw_away(s);
    s->quiet = 0;
    tcp_shutdown(s->pcb, 0, 1);
    stream_leave(s);
}

void stream_abort(struct stream *s)
{
    stream_enter(s);
    s->events = NULL;
    if (s->pcb) {
        struct tcp_pcb *pcb = s->pcb;

        s->aborted = true;
        stream_detach(s);
        tcp_abort(pcb);
    }
    stream_leave(s);
}

err_t stream_on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct stream *s = arg;

    stream_enter(s);
    tell_of_room(s, 1);
    if (!s->pcb || !s->closed)
        return stream_leave(s);
    s->quiet++;
    if (pcb->state != FIN_WAIT_2 && s->quiet >= STREAM_PATIENCE)
        stream_abort(s);
    else if (pcb->state == FIN_WAIT_2 && s->quiet >= STREAM_LINGER)
        stream_finish(s);
    return stream_leave(s);
}

void stream_on_error(void *arg, err_t err)
{
    struct stream *s = arg;
    const struct stream_events *events;

    stream_enter(s);
    events = s->events;
    s->events = NULL;
    s->pcb = NULL;
    if (events && events->error)
        events->error(s, err == ERR_RST ? -ECONNRESET : -ETIMEDOUT);
    stream_leave(s);
}
