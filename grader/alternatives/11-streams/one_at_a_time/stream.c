/* SPDX-License-Identifier: MIT */
/*
 * stream.c - another right answer to lab 11: one function asks again and again
 * what is to be done next, and does it; whatever may call the owner stands in
 * a wrapper that counts; a piece that does not go is tried with half of it.
 */
#include "net/lwip/streams.h"

#include "lib/errno.h"
#include "net/stream.h"

#include "lwip/tcp.h"

enum next { NOTHING, OFFER, TELL_END };

int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s))
{
    struct listener fresh = { .accept = accept, .backlog = backlog };
    struct listener *place = listener_find_free();
    struct tcp_pcb *pcb = NULL;
    int error = -ENOMEM;

    if (place)
        pcb = tcp_new();
    if (!pcb)
        goto failed;
    error = -EBUSY;
    if (tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK)
        goto failed;
    error = -ENOMEM;
    fresh.pcb = tcp_listen(pcb);
    if (!fresh.pcb)
        goto failed;
    *place = fresh;
    tcp_arg(fresh.pcb, place);
    tcp_accept(fresh.pcb, stream_on_accept);
    return 0;

failed:
    if (pcb)
        tcp_close(pcb);
    return error;
}

err_t stream_on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct listener *listener = arg;
    struct stream *s;

    if (!pcb)
        return err == ERR_OK ? ERR_ARG : err;
    s = stream_make(listener, pcb);
    if (!s)
        return ERR_MEM;
    stream_enter(s);
    switch (listener->accept(s)) {
    case 0:
        break;
    default:
        stream_abort(s);
    }
    return stream_leave(s);
}

/* What the owner is to hear next. */
static enum next next_for(const struct stream *s)
{
    if (!s->pcb || !s->events)
        return NOTHING;
    if (s->unread)
        return OFFER;
    return s->peer_ended && !s->end_told ? TELL_END : NOTHING;
}

void stream_deliver(struct stream *s)
{
    bool full = false;

    while (!full) {
        enum next next = next_for(s);

        if (next == NOTHING)
            return;
        if (next == TELL_END) {
            s->end_told = true;
            if (s->events->end)
                s->events->end(s);
            continue;
        }
        size_t len = s->unread->len;
        size_t taken = s->events->receive(s, s->unread->payload, len);

        if (s->closed || !s->pcb)
            return;
        stream_consume(s, taken);
        tcp_recved(s->pcb, (u16_t)taken);
        full = taken < len;
    }
}

err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err)
{
    struct stream *s = arg;

    (void)err;
    stream_enter(s);
    if (s->closed && p) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
    } else if (p) {
        stream_keep(s, p);
    } else {
        s->peer_ended = true;
    }
    stream_deliver(s);
    stream_finish_if_done(s);
    return stream_leave(s);
}

void stream_resume(struct stream *s)
{
    s->resume = true;
    stream_see_to(s);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t stream_room(const struct stream *s)
{
    if (!s->pcb || s->closed)
        return 0;
    return tcp_sndqueuelen(s->pcb) < TCP_SND_QUEUELEN
               ? smaller(s->pcb->snd_buf, stream_share(s)) : 0;
}

/* Queues bytes[n], or half of it, or half of that. Returns how many. */
static size_t queue(struct stream *s, const uint8_t *bytes, size_t n,
                    bool last)
{
    for (n = smaller(n, 65535); n > 0; n = n > TCP_MSS ? n / 2 : 0) {
        if (stream_write(s, bytes, (u16_t)n, last ? 0 : TCP_WRITE_FLAG_MORE) ==
            ERR_OK)
            return n;
        last = last && n <= TCP_MSS;
    }
    return 0;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    const uint8_t *at = data, *end = at + len, *limit;

    limit = at + smaller(len, borrow_possible(release) ? stream_room(s) : 0);
    while (at < limit) {
        size_t part = smaller((size_t)(limit - at), 65535);
        size_t n = queue(s, at, part, !more && at + part == end);

        if (n == 0)
            break;
        at += n;
    }
    s->wants_room = at < end;
    long taken = at - (const uint8_t *)data;

    if (taken > 0) {
        s->accepted += (size_t)taken;
        borrow(s, release, ctx);
        stream_see_to(s);
    }
    return taken > 0 ? taken : -EAGAIN;
}

err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct stream *s = arg;
    bool tell;

    (void)pcb;
    stream_enter(s);
    s->acknowledged += len;
    s->quiet = 0;
    borrowed_return(s);
    tell = s->wants_room && s->events && stream_room(s) >= TCP_SNDLOWAT;
    s->wants_room = s->wants_room && !tell;
    if (tell && s->events->writable)
        s->events->writable(s);
    stream_finish_if_done(s);
    return stream_leave(s);
}

void stream_close(struct stream *s)
{
    size_t unread;

    stream_enter(s);
    s->events = NULL;
    s->closed = true;
    s->quiet = 0;
    for (unread = stream_discard(s); unread > 0xffff; unread -= 0xffff)
        tcp_recved(s->pcb, 0xffff);
    tcp_recved(s->pcb, (u16_t)unread);
    tcp_shutdown(s->pcb, 0, 1);
    stream_leave(s);
}

void stream_abort(struct stream *s)
{
    struct tcp_pcb *pcb = s->pcb;

    stream_enter(s);
    s->events = NULL;
    if (pcb) {
        stream_detach(s);
        s->aborted = true;
        tcp_abort(pcb);
    }
    stream_leave(s);
}

err_t stream_on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct stream *s = arg;
    bool waits = s->wants_room && s->events && stream_room(s) > 0;

    stream_enter(s);
    if (waits) {
        s->wants_room = false;
        if (s->events->writable)
            s->events->writable(s);
    }
    if (s->closed && s->pcb) {
        bool has_all = pcb->state == FIN_WAIT_2;
        unsigned limit = has_all ? STREAM_LINGER : STREAM_PATIENCE;

        if (++s->quiet >= limit)
            (has_all ? stream_finish : stream_abort)(s);
    }
    return stream_leave(s);
}

void stream_on_error(void *arg, err_t err)
{
    struct stream *s = arg;
    const struct stream_events *owner = s->events;
    int why = -ETIMEDOUT;

    if (err == ERR_RST)
        why = -ECONNRESET;
    stream_enter(s);
    s->pcb = NULL;
    s->events = NULL;
    if (owner && owner->error)
        owner->error(s, why);
    stream_leave(s);
}
