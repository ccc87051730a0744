/* SPDX-License-Identifier: MIT */
/*
 * streams.c - the given half of streams over lwIP: their pool, their life,
 * and what is seen to once a round. The other half is lab 11's stream.c; what
 * is borrowed is in borrowed.c.
 */
#include "net/lwip/streams.h"

#include "console/format.h"
#include "event/event.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/lwip/borrowed.h"
#include "net/lwip/buffers.h"
#include "net/lwip/connections.h"
#include "net/lwip/cut.h"
#include "net/lwip/departure.h"
#include "net/lwip/interface.h"
#include "net/lwip/memory.h"
#include "net/lwip/pools.h"

#include "lwip/priv/tcp_priv.h"

static struct pool streams;
static unsigned segments_kept;  /* see stream_share() */
static struct listener listeners[LISTENERS_MAX];
static struct list to_see_to = LIST_INIT(to_see_to);

int streams_make(void)
{
    struct pool_limits limits = pool_limits();
    int err = pool_make(&streams, "streams", sizeof(struct stream),
                        limits.connections);

    segments_kept = limits.segments / 8 + limits.others;
    if (!err)
        err = departures_make();
    return err ? err : borrowed_make();
}

struct stream_usage stream_usage(void)
{
    struct stream_usage usage = { streams.used, streams.limit, 0 };

    for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next)
        usage.resting++;
    return usage;
}

/* ---- Listeners ---------------------------------------------------------- */

struct listener *listener_find_free(void)
{
    for (unsigned i = 0; i < LISTENERS_MAX; i++)
        if (!listeners[i].pcb)
            return &listeners[i];
    return NULL;
}

bool listener_has_room(const struct listener *listener)
{
    return listener->open < listener->backlog && streams.used < streams.limit;
}

/* ---- Their life --------------------------------------------------------- */

/* How large our segments are is settled before there is one. lwIP asserts that
 * none that waits is larger than the next may be, but would let the peer's
 * window, half of which it takes for a limit, decide anew each time; and any
 * size that the peer names is fine with it. */
static void settle_segment_size(struct tcp_pcb *pcb)
{
    if (pcb->mss < STREAM_MSS_MIN)
        pcb->mss = STREAM_MSS_MIN;
    pcb->snd_wnd_max = 2 * TCP_MSS;
}

/* A peer whose window is shut is asked now and then whether it still is, and
 * given up after TCP_MAXRTX questions in a row without an answer. lwIP counts
 * those as well that never left, as the card's ring was full of what others
 * are sent, or the link was down; and these it repeats every half second, so
 * that a few seconds would be the end of a slow reader. Who was not asked owes
 * no answer: such a question is taken off again. lwIP counts the ticks since
 * the last one in persist_cnt, and begins anew when one has left. */
static err_t on_tick(void *arg, struct tcp_pcb *pcb)
{
    struct stream *s = arg;

    if (pcb->persist_probe > s->probes && pcb->persist_cnt > 0)
        pcb->persist_probe = s->probes;
    s->probes = pcb->persist_probe;
    cut_on_tick(pcb);
    return stream_on_poll(s, pcb);
}

struct stream *stream_make(struct listener *listener, struct tcp_pcb *pcb)
{
    struct stream *s = pool_take(&streams);

    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->pcb = pcb;
    s->listener = listener;
    s->interface = interface_heard();
    s->departure = connections_departure(pcb);
    s->borrowed_last = &s->borrowed;
    list_init(&s->link);
    listener->open++;
    settle_segment_size(pcb);
    tcp_arg(pcb, s);
    tcp_recv(pcb, stream_on_receive);
    tcp_sent(pcb, stream_on_sent);
    tcp_poll(pcb, on_tick, STREAM_POLL);
    tcp_err(pcb, stream_on_error);
    tcp_nagle_disable(pcb);
    return s;
}

void stream_detach(struct stream *s)
{
    tcp_arg(s->pcb, NULL);
    tcp_recv(s->pcb, NULL);
    tcp_sent(s->pcb, NULL);
    tcp_poll(s->pcb, NULL, 0);
    tcp_err(s->pcb, NULL);
    s->pcb = NULL;
}

/* Bytes are left lying, and there is no memory left to keep them in. */
static void give_up(struct stream *s)
{
    const struct stream_events *events = s->events;

    s->events = NULL;
    if (events && events->error)
        events->error(s, -ENOMEM);
    stream_abort(s);
}

err_t stream_left(struct stream *s)
{
    err_t err;

    if (s->busy == 1 && s->unread) {
        s->unread = buffers_settle(s->unread);
        if (!s->unread)
            give_up(s);
    }
    if (s->busy == 1 && s->pcb && s->pcb->unsent)
        departure_send(s);
    err = s->aborted ? ERR_ABRT : ERR_OK;
    if (--s->busy == 0 && !s->pcb) {
        stream_discard(s);
        borrowed_return_all(s);
        list_remove(&s->link);
        s->listener->open--;
        pool_give(&streams, s);
    }
    return err;
}

void stream_finish(struct stream *s)
{
    struct tcp_pcb *pcb = s->pcb;

    stream_detach(s);
    tcp_setprio(pcb, TCP_PRIO_MIN);     /* gives way when there are too few */
    tcp_close(pcb);
}

void stream_attach(struct stream *s, const struct stream_events *events,
                   void *ctx)
{
    s->events = events;
    s->ctx = ctx;
}

void *stream_context(const struct stream *s)
{
    return s->ctx;
}

void stream_peer(const struct stream *s, char *text, size_t cap)
{
    char address[IP4ADDR_STRLEN_MAX] = "?";

    if (s->pcb)
        ip4addr_ntoa_r(ip_2_ip4(&s->pcb->remote_ip), address, sizeof address);
    format(text, cap, "%s:%u", address, s->pcb ? s->pcb->remote_port : 0u);
}

/* Segments in the pool are for whoever comes first, half of what is left at a
 * time, but for a part that nobody gets while he has something under way. */
size_t stream_share(const struct stream *s)
{
    unsigned left = memory_segments_left();
    unsigned share = left > segments_kept ? (left - segments_kept) / 2 : 0;

    if (share < STREAM_SHARE_MIN)
        share = tcp_sndqueuelen(s->pcb) == 0 ? STREAM_SHARE_MIN : 0;
    return (size_t)share * s->pcb->mss;
}

/* ---- What has come and was not taken ------------------------------------ */

void stream_consume(struct stream *s, size_t n)
{
    while (s->unread && n >= s->unread->len) {
        struct pbuf *p = s->unread;

        n -= p->len;
        s->unread = p->next;
        p->next = NULL;
        pbuf_free(p);
    }
    if (n > 0)
        pbuf_remove_header(s->unread, n);
}

size_t stream_discard(struct stream *s)
{
    size_t bytes = 0;

    for (struct pbuf *p = s->unread; p; p = p->next)
        bytes += p->len;
    if (s->unread)
        pbuf_free(s->unread);
    s->unread = NULL;
    return bytes;
}

/* ---- Once a round ------------------------------------------------------- */

static void see_to_one(struct stream *s)
{
    stream_enter(s);
    if (s->resume && s->pcb) {
        s->resume = false;
        stream_deliver(s);
    }
    if (s->pcb && !(s->pcb->unsent && departure_send(s)))
        cut_output(s->pcb);
    stream_leave(s);
}

static void see_to_all(struct event_work *work)
{
    static struct list last;

    (void)work;
    /* What is added behind this mark is for the next time. */
    list_append(&to_see_to, &last);
    while (to_see_to.next != &last) {
        struct stream *s = container_of(to_see_to.next, struct stream, link);

        list_remove(&s->link);
        see_to_one(s);
    }
    list_remove(&last);
}

void stream_see_to(struct stream *s)
{
    static struct event_work work = { .run = see_to_all };

    /* Whoever has entered it sends what is queued when he leaves. */
    if ((s->busy && !s->resume) || !list_empty(&s->link))
        return;
    list_append(&to_see_to, &s->link);
    event_post(&work);
}
