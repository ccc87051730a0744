/* SPDX-License-Identifier: MIT */
/*
 * waiting.c - newcomers for whom there is no connection yet.
 *
 * They have a stream, which keeps what they say, and here a few bytes that
 * remember them. Whoever has said something has his turn before those who are
 * silent. Who gives way to them is seen to in server.c.
 */
#include "core/clock.h"
#include "http/connection.h"
#include "http/http.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mem/heap.h"

/* In one of the lists below, who was put there last at the end. */
struct waiter {
    struct list link;
    struct stream *stream;
    uint64_t since_ns;
    bool has_asked;
};

/* Invariant: count + the length of `unused` == how many `all` has. */
static struct waiter *all;
static struct list unused = LIST_INIT(unused);
static struct list asking = LIST_INIT(asking), silent = LIST_INIT(silent);
static unsigned count;

static struct waiter *first(struct list *list)
{
    return container_of(list->next, struct waiter, link);
}

static void move(struct waiter *w, struct list *to)
{
    list_remove(&w->link);
    list_append(to, &w->link);
}

/* Nobody waits here any more. */
static struct stream *leave(struct waiter *w)
{
    move(w, &unused);
    count--;
    return w->stream;
}

/* ---- Events ---- */

/* It stays with the stream until there is a connection to take it. */
static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    struct waiter *w = stream_context(s);

    (void)data;
    (void)len;
    if (!w->has_asked) {
        w->has_asked = true;
        w->since_ns = clock_ns();
        move(w, &asking);
    }
    return 0;
}

/* Without a word. */
static void on_end(struct stream *s)
{
    stream_close(leave(stream_context(s)));
}

static void on_error(struct stream *s, int error)
{
    (void)error;
    leave(stream_context(s));
}

/* ---- Coming and going ---- */

int http_waiting_make(unsigned most)
{
    all = heap_alloc(most * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < most; i++)
        list_append(&unused, &all[i].link);
    return 0;
}

void http_waiting_unmake(void)
{
    heap_free(all);
    list_init(&unused);
}

bool http_waiting_add(struct stream *stream)
{
    static const struct stream_events events = {
        .receive = on_receive,
        .end = on_end,
        .error = on_error,
    };

    if (list_empty(&unused))
        return false;
    struct waiter *w = first(&unused);
    w->stream = stream;
    w->since_ns = clock_ns();
    w->has_asked = false;
    move(w, &silent);
    count++;
    stream_attach(stream, &events, w);
    return true;
}

struct stream *http_waiting_next(void)
{
    if (count == 0)
        return NULL;
    return leave(first(list_empty(&asking) ? &silent : &asking));
}

unsigned http_waiting(void)
{
    return count;
}

/* Who has asked is told that it was in vain. */
static void turn_away(struct waiter *w)
{
    static const char sorry[] =
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Connection: close\r\n"
        "Content-Length: 0\r\n"
        "\r\n";

    if (w->has_asked)
        stream_send(w->stream, sorry, sizeof sorry - 1, false, NULL, NULL);
    stream_close(leave(w));
}

static void expire(struct list *list)
{
    uint64_t now = clock_ns();

    while (!list_empty(list) &&
           now - first(list)->since_ns >= HTTP_IDLE_S * NS_PER_S)
        turn_away(first(list));
}

void http_waiting_expire(void)
{
    expire(&asking);
    expire(&silent);
}
