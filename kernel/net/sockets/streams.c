/* SPDX-License-Identifier: MIT */
/*
 * streams.c - what is the same for every socket: how a struct stream comes
 * and goes, how many there may be, and who is called when its descriptor is
 * ready. What is done then is lab 13's.
 *
 * A handler runs between any two statements of ours, so it marks, in s->ready,
 * and posts s->work; from then on all is the event loop's. A struct that is
 * given back might still be posted. So only its own work gives it back, which
 * nobody posts again once the descriptor is not watched any more.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "lib/list.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "net/sockets/sockets.h"

enum { STREAMS_MIN = 32, STREAMS_MAX = 1024, BORROWED_EACH = 4 };

/* Invariant: used + free streams + those never handed out yet == limit. One
 * that never was is not even touched, so that many cost no more than few. */
static struct {
    struct stream *all, *free;
    unsigned limit, used, fresh;
} streams;

/* All of them together take less than a tenth of the memory. */
static unsigned limit(void)
{
    size_t fit = pages_usage().total * PAGE_SIZE / (64 * 1024);

    return fit < STREAMS_MIN   ? STREAMS_MIN
           : fit > STREAMS_MAX ? STREAMS_MAX
                               : (unsigned)fit;
}

int streams_make(void)
{
    streams.limit = limit();
    streams.all = heap_alloc(streams.limit * sizeof *streams.all);
    return streams.all ? borrowed_make(BORROWED_EACH * streams.limit)
                       : -ENOMEM;
}

struct stream_usage stream_usage(void)
{
    return (struct stream_usage){ streams.used, streams.limit, 0 };
}

bool listener_has_room(const struct listener *listener)
{
    return listener->open < listener->backlog && streams.used < streams.limit;
}

/* ---- Their life --------------------------------------------------------- */

static struct stream *take(void)
{
    struct stream *s = streams.free;

    if (s)
        streams.free = s->next_free;
    else if (streams.fresh < streams.limit)
        s = &streams.all[streams.fresh++];
    if (s)
        streams.used++;
    return s;
}

static void give(struct stream *s)
{
    s->next_free = streams.free;
    streams.free = s;
    streams.used--;
}

/* What MSG_MORE holds back leaves when TCP_NODELAY is set, again. */
static void let_go(struct stream *s)
{
    static const int on = 1;

    s->held = false;
    setsockopt(s->wire.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* After all that may have changed what it waits for. A descriptor both of
 * whose directions have ended is ready for ever, whatever it is watched for:
 * stream_finish() does without. */
static void settle(struct stream *s)
{
    if (s->wire.fd < 0)
        return;
    if (s->held)
        let_go(s);
    if (s->closed && s->peer_ended)
        stream_finish(s);
    else if (descriptor_watch(&s->wire, stream_wants(s)) != 0)
        s->error = -ENOMEM;
    if (s->error)
        stream_see_to(s);
}

static unsigned take_ready(struct stream *s)
{
    bool were_on = arch_irq_disable();
    unsigned ready = s->ready;

    s->ready = 0;
    arch_irq_restore(were_on);
    return ready;
}

static void attend(struct stream *s, unsigned ready)
{
    if (s->wire.fd >= 0 && ready & DESCRIPTOR_IN)
        stream_on_readable(s);
    if (s->wire.fd >= 0 && (s->error || ready & DESCRIPTOR_ERROR))
        stream_on_error(s);
    if (s->wire.fd >= 0 && ready & DESCRIPTOR_OUT)
        stream_on_writable(s);
    settle(s);
}

static void run(struct event_work *work)
{
    struct stream *s = container_of(work, struct stream, work);
    unsigned ready;

    if (s->wire.fd < 0) {
        give(s);
        listener_stream_gone(s->listener);
        return;
    }
    ready = take_ready(s);
    if (s->resume) {
        s->resume = false;
        stream_deliver(s);
    }
    attend(s, ready);
}

void stream_hear(struct stream *s)
{
    attend(s, DESCRIPTOR_IN);
}

/* Between two statements, with interrupts off: only marks. */
static void on_ready(struct descriptor *wire, unsigned events)
{
    struct stream *s = container_of(wire, struct stream, wire);

    s->ready |= events;
    event_post(&s->work);
}

struct stream *stream_make(struct listener *listener, int fd)
{
    struct stream *s = take();
    socklen_t len;

    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->wire = (struct descriptor){ .fd = fd, .ready = on_ready };
    s->work.run = run;
    s->listener = listener;
    if (descriptor_watch(&s->wire, DESCRIPTOR_IN) != 0) {
        give(s);
        return NULL;
    }
    listener->open++;
    /* Now: a peer that has reset us has no name any more. */
    len = sizeof s->peer;
    if (getpeername(fd, (void *)&s->peer, &len) != 0)
        s->peer.ss_family = AF_UNSPEC;
    return s;
}

void stream_see_to(struct stream *s)
{
    event_post(&s->work);
}

void stream_gone(struct stream *s)
{
    if (s->wire.fd < 0)
        return;
    event_timer_cancel(&s->timer);
    descriptor_forget(&s->wire);
    close(s->wire.fd);
    s->wire.fd = -1;
    s->events = NULL;
    event_post(&s->work);
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
    address_text(&s->peer, text, cap);
}
