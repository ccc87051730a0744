/* SPDX-License-Identifier: MIT */
/*
 * connection.c - what happens on one connection: bytes that come, memory that
 * comes back, time that passes.
 *
 * It stands over net/stream.h and keeps the order: one request at a time is
 * answered (requests.c), and while that goes on, what comes after it waits in
 * the buffer, and then in the stream, whose window closes: a client that
 * doesn't read its answers is not listened to, and nobody else notices.
 *
 * The connections are kept in server.c.
 */
#include "http/connection.h"
#include "http/http.h"
#include "http/remember.h"
#include "lib/list.h"

/* Between two requests, when nothing of the last is left. */
static bool is_at_rest(const struct http_connection *c)
{
    return c->state == HTTP_READING && c->in_len == 0 && c->skip == 0 &&
           c->lent == 0 && !c->ended;
}

/* An event is dealt with: if there is nothing more to do now, its client waits
 * without `c`, which is not to be looked at any more. */
static void settle(struct http_connection *c)
{
    if (is_at_rest(c))
        http_finish(c, http_wait);
    http_connection_reap(c);
}

static void advance(struct http_connection *c)
{
    http_go_on(c);
    settle(c);
}

/* Others have asked, and `c` has had an answer: its next request must wait
 * until it is its turn again. */
static bool is_others_turn(const struct http_connection *c)
{
    return c->state == HTTP_READING && c->in_len == 0 && c->skip == 0 &&
           c->lent > 0 && http_asking() > 0;
}

/* What was asked before needs no more of `c` than its stream. Returns how many
 * bytes were dealt with. */
static size_t recall(struct http_connection *c, const uint8_t *data, size_t len)
{
    struct http_recalled recalled;

    if (c->state != HTTP_READING || c->in_len > 0 || c->skip > 0 ||
        !http_lend_possible(c) || !http_recall(c->stream, data, len, &recalled))
        return 0;
    http_set_deadline(c, HTTP_IDLE_S);
    if (recalled.rest_len > 0) {
        http_answer_rest(c, &recalled);
        http_go_on(c);
    } else if (recalled.closes) {
        http_end(c);
    }
    return recalled.request_len;
}

/* ---- Events ---- */

size_t http_connection_receive(struct stream *s, const uint8_t *data,
                               size_t len)
{
    struct http_connection *c = stream_context(s);
    size_t taken = 0;

    c->crowded = is_others_turn(c);
    while (taken < len && c->stream != NULL && !c->crowded) {
        size_t recalled = recall(c, data + taken, len - taken);
        if (recalled > 0) {
            taken += recalled;
            continue;
        }
        size_t room = HTTP_HEAD_MAX - c->in_len;
        size_t part = len - taken < room ? len - taken : room;
        if (part == 0) {
            c->crowded = true;
            break;
        }
        memcpy(c->in + c->in_len, data + taken, part);
        c->in_len += part;
        taken += part;
        http_go_on(c);
    }
    if (c->stream == NULL)
        taken = len; /* nobody is interested in the rest */
    settle(c);
    return taken;
}

static void on_end(struct stream *s)
{
    struct http_connection *c = stream_context(s);

    c->ended = true;
    advance(c);
}

/* The client takes what we send: that is as good as a word from it, but for
 * a head that it owes us. */
static void on_taken(struct http_connection *c)
{
    if (c->state != HTTP_READING || !c->head_begun)
        http_set_deadline(c, HTTP_IDLE_S);
    advance(c);
}

static void on_writable(struct stream *s)
{
    on_taken(stream_context(s));
}

static void on_error(struct stream *s, int error)
{
    struct http_connection *c = stream_context(s);

    (void)error;
    http_finish(c, NULL);
    http_connection_reap(c);
}

static void on_progress(struct event_work *work)
{
    on_taken(container_of(work, struct http_connection, progress));
}

static void on_retry(struct event_work *work)
{
    struct http_connection *c =
        container_of(work, struct http_connection, retry);

    c->waiting = false;
    advance(c);
}

void http_connection_expire(struct http_connection *c)
{
    c->deadline_ns = UINT64_MAX;
    if (c->state == HTTP_READING && c->in_len == 0 && c->skip == 0) {
        /* Who has not acknowledged its last answer by now, never will. */
        http_finish(c, c->lent == 0 ? stream_close : stream_abort);
    } else if (c->state == HTTP_READING && http_lend_possible(c)) {
        http_set_deadline(c, HTTP_IDLE_S);
        http_answer_begin(c, 408);
    } else if (c->state != HTTP_CLOSED) {
        http_finish(c, stream_abort);
    }
    advance(c);
}

void http_connection_give_way(struct http_connection *c)
{
    http_finish(c, stream_abort);
    http_connection_reap(c);
}

/* ---- Beginning ---- */

void http_connection_init(struct http_connection *c)
{
    memset(c, 0, offsetof(struct http_connection, request));
    for (unsigned i = 0; i < HTTP_BUFFERS; i++)
        c->buffers[i].lent = 0;
    for (unsigned i = 0; i < HTTP_PINS; i++)
        c->pins[i].lent = 0;
    c->progress.run = on_progress;
    c->retry.run = on_retry;
}

void http_connection_open(struct http_connection *c, struct stream *stream)
{
    static const struct stream_events events = {
        .receive = http_connection_receive,
        .end = on_end,
        .writable = on_writable,
        .error = on_error,
    };

    c->in_use = true;
    c->stream = stream;
    c->ended = c->crowded = c->waiting = false;
    c->lent = 0;
    c->in_len = 0;
    c->skip = 0;
    c->answering = false;
    c->file_open = false;
    c->head = c->text = NULL;
    c->pin = NULL;
    http_begin_request(c);
    if (http_has_access_log())
        stream_peer(stream, c->peer, sizeof c->peer);
    stream_attach(stream, &events, c);
}
