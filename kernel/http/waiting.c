/* SPDX-License-Identifier: MIT */
/*
 * waiting.c - clients who have no connection: newcomers, those between two
 * requests, and those who have asked for something while all are taken.
 *
 * They have a stream, which keeps what they say, and here a few bytes that
 * remember them. So there may be as many of them as there are streams, and a
 * struct http_connection is for those alone whom there is something to do for.
 * Who gives way to whom is seen to in server.c.
 */
#include "core/clock.h"
#include "core/panic.h"
#include "http/connection.h"
#include "http/http.h"
#include "http/remember.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mem/heap.h"

/* In one of the lists below, who was put there last at the end. */
struct waiter {
    struct list link;
    struct stream *stream;
    uint64_t since_ns;
    bool asks;                  /* it is in that list */
};

/* Invariant: count + the length of `unused` + those that were never used, from
 * `fresh` on, == most; asking_count is the length of `asking`. */
static struct waiter *all;
static struct list unused = LIST_INIT(unused);
static struct list idle = LIST_INIT(idle), asking = LIST_INIT(asking);
static unsigned most, fresh, count, asking_count;

static struct waiter *first(struct list *list)
{
    return container_of(list->next, struct waiter, link);
}

/* Nobody waits here any more. Who leaves last comes back first: that place is
 * still warm. */
static struct stream *leave(struct waiter *w)
{
    list_remove(&w->link);
    list_insert_before(unused.next, &w->link);
    asking_count -= w->asks;
    count--;
    return w->stream;
}

/* ---- Events ---- */

/* It stays with the stream until there is a connection to take it. */
static size_t begin_to_ask(struct waiter *w)
{
    w->asks = true;
    w->since_ns = clock_ns();
    list_remove(&w->link);
    list_append(&asking, &w->link);
    asking_count++;
    return 0;
}

/* It waits again, from now on. */
static void stay(struct waiter *w)
{
    w->since_ns = clock_ns();
    list_remove(&w->link);
    list_append(&idle, &w->link);
}

/* What was asked before needs no connection, but for what the stream does not
 * take of its answer. */
static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    struct waiter *w = stream_context(s);
    struct http_recalled recalled = { 0 };
    size_t done = 0;

    if (w->asks)
        return 0;
    if (asking_count > 0 || !http_connection_is_free())
        return begin_to_ask(w);
    while (done < len && recalled.rest_len == 0 &&
           http_recall(s, data + done, len - done, &recalled)) {
        done += recalled.request_len;
        if (recalled.closes && recalled.rest_len == 0) {
            stream_close(leave(w));
            return len;
        }
    }
    if (done == len && recalled.rest_len == 0) {
        stay(w);
        return len;
    }
    leave(w);
    struct http_connection *c = http_connection_take();
    http_connection_open(c, s);
    if (recalled.rest_len > 0)
        http_answer_rest(c, &recalled);
    return done + http_connection_receive(s, data + done, len - done);
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

int http_waiting_make(unsigned streams)
{
    all = heap_alloc(streams * sizeof *all);
    most = all != NULL ? streams : 0;
    return all != NULL ? 0 : -ENOMEM;
}

void http_waiting_unmake(void)
{
    heap_free(all);
    most = 0;
}

void http_wait(struct stream *stream)
{
    static const struct stream_events events = {
        .receive = on_receive,
        .end = on_end,
        .error = on_error,
    };
    struct waiter *w;

    if (!list_empty(&unused)) {
        w = first(&unused);
        list_remove(&w->link);
    } else {
        assert(fresh < most); /* one for each stream */
        w = &all[fresh++];
    }
    w->stream = stream;
    w->since_ns = clock_ns();
    w->asks = false;
    list_append(&idle, &w->link);
    count++;
    stream_attach(stream, &events, w);
}

unsigned http_waiting(void)
{
    return count;
}

unsigned http_asking(void)
{
    return asking_count;
}

void http_serve_asking(void)
{
    while (asking_count > 0) {
        struct http_connection *c = http_connection_take();
        if (c == NULL)
            return;
        struct stream *stream = leave(first(&asking));
        http_connection_open(c, stream);
        stream_resume(stream);
    }
}

/* ---- Giving way ---- */

static bool has_waited(const struct list *list, unsigned seconds)
{
    const struct waiter *w = container_of(list->next, struct waiter, link);

    return !list_empty(list) &&
           clock_ns() - w->since_ns >= seconds * NS_PER_S;
}

/* Who has asked is told that it was in vain. */
static void turn_away(struct stream *stream)
{
    static const char sorry[] =
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Connection: close\r\n"
        "Content-Length: 0\r\n"
        "\r\n";

    stream_send(stream, sorry, sizeof sorry - 1, false, NULL, NULL);
    stream_close(stream);
}

void http_waiting_expire(void)
{
    while (has_waited(&asking, HTTP_IDLE_S))
        turn_away(leave(first(&asking)));
    while (has_waited(&idle, HTTP_IDLE_S))
        stream_close(leave(first(&idle)));
}

bool http_idle_gives_way(bool now)
{
    if (!has_waited(&idle, HTTP_TURN_S))
        return false;
    struct stream *stream = leave(first(&idle));
    if (now)
        stream_abort(stream);
    else
        stream_close(stream);
    return true;
}
