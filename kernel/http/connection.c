/* SPDX-License-Identifier: MIT */
/*
 * connection.c - what one client sends, and what is to be done about it.
 *
 * It stands over net/stream.h and keeps the order: one request at a time is
 * parsed and answered, and while that goes on, what comes after it waits in
 * the buffer, and then in the stream, whose window closes: a client that
 * doesn't read its answers is not listened to, and nobody else notices.
 *
 * The answers are made in answer.c, the connections are kept in server.c.
 */
#include "http/connection.h"
#include "core/clock.h"
#include "http/http.h"
#include "lib/errno.h"
#include "lib/list.h"

static void set_deadline(struct http_connection *c, unsigned seconds)
{
    c->deadline_ns = clock_ns() + seconds * NS_PER_S;
}

/* Ends our side; `end` is stream_close or stream_abort, NULL when the stream
 * is gone already. */
static void finish(struct http_connection *c, void (*end)(struct stream *s))
{
    struct stream *stream = c->stream;

    c->stream = NULL;
    c->state = HTTP_CLOSED;
    http_answer_drop(c);
    if (end != NULL)
        end(stream);
}

/* The first `len` bytes of the buffer are dealt with. */
static void drop_input(struct http_connection *c, size_t len)
{
    c->in_len -= len;
    memmove(c->in, c->in + len, c->in_len);
}

static void begin_request(struct http_connection *c)
{
    http_request_start(&c->request);
    c->state = HTTP_READING;
    c->head_begun = false;
    c->since_ns = clock_ns();
    set_deadline(c, HTTP_IDLE_S);
}

/* Returns false when more must come before there is anything to do. */
static bool read_request(struct http_connection *c)
{
    /* An answer must be possible before a request is looked at. */
    if (!http_lend_possible(c))
        return false;

    size_t skip = c->skip < c->in_len ? (size_t)c->skip : c->in_len;
    drop_input(c, skip);
    c->skip -= skip;

    enum http_parsed parsed = HTTP_PARTIAL;
    if (c->skip == 0)
        parsed = http_parse(&c->request, c->in, c->in_len);
    if (parsed == HTTP_PARTIAL) {
        if (c->ended)
            finish(c, stream_close);
        else if (c->in_len > 0 && !c->head_begun) {
            /* However many parts it comes in, this is all its time. */
            c->head_begun = true;
            c->since_ns = clock_ns();
            set_deadline(c, HTTP_HEAD_S);
        }
        return false;
    }
    set_deadline(c, HTTP_IDLE_S);
    c->since_ns = clock_ns();
    http_answer_begin(c, parsed == HTTP_OK ? 0 : c->request.status_code);
    return true;
}

/* The last answer has been sent. When connections are scarce ours ends only
 * when the client has taken all of it: as long as the stream is not closed, it
 * can be made to give way. */
static void end(struct http_connection *c)
{
    if (c->lent > 0 && http_is_crowded())
        c->state = HTTP_ENDING;
    else
        finish(c, stream_close);
}

static bool send_response(struct http_connection *c)
{
    bool done;

    if (http_answer_send(c, &done) < 0) {
        /* Part of it is out: only the connection's end says that the rest
         * will not come. */
        finish(c, stream_abort);
        return false;
    }
    if (!done)
        return false;
    http_answer_drop(c);
    if (!c->response.persist) {
        end(c);
        return false;
    }
    drop_input(c, c->request.head_len);
    c->skip = c->request.content_length;
    begin_request(c);
    return true;
}

/* Goes as far as it can. */
static void advance(struct http_connection *c)
{
    bool on = true;

    while (on && !c->waiting) {
        switch (c->state) {
        case HTTP_READING:
            on = read_request(c);
            break;
        case HTTP_OPENING:
            on = http_answer_open(c);
            break;
        case HTTP_SENDING:
            on = send_response(c);
            break;
        case HTTP_ENDING:
            if (c->lent == 0)
                finish(c, stream_close);
            on = false;
            break;
        case HTTP_CLOSED:
            on = false;
            break;
        }
    }
    if (c->stream != NULL && c->crowded && c->in_len < HTTP_HEAD_MAX) {
        c->crowded = false;
        stream_resume(c->stream);
    }
    http_connection_reap(c);
}

/* ---- Events ---- */

static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    struct http_connection *c = stream_context(s);
    size_t taken = 0;

    c->crowded = false;
    while (taken < len) {
        size_t room = HTTP_HEAD_MAX - c->in_len;
        size_t part = len - taken < room ? len - taken : room;
        if (part == 0)
            break;
        memcpy(c->in + c->in_len, data + taken, part);
        c->in_len += part;
        taken += part;
        advance(c);
        if (c->stream == NULL)
            return len; /* nobody is interested in the rest */
    }
    c->crowded = taken < len;
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
        set_deadline(c, HTTP_IDLE_S);
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
    finish(c, NULL);
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
        finish(c, c->lent == 0 ? stream_close : stream_abort);
    } else if (c->state == HTTP_READING && http_lend_possible(c)) {
        set_deadline(c, HTTP_IDLE_S);
        http_answer_begin(c, 408);
    } else if (c->state != HTTP_CLOSED) {
        finish(c, stream_abort);
    }
    advance(c);
}

void http_connection_give_way(struct http_connection *c, bool now)
{
    bool idle = http_connection_rank(c) == HTTP_IDLE;

    finish(c, idle && !now ? stream_close : stream_abort);
    http_connection_reap(c);
}

/* ---- Beginning ---- */

void http_connection_init(struct http_connection *c)
{
    memset(c, 0, offsetof(struct http_connection, request));
    c->progress.run = on_progress;
    c->retry.run = on_retry;
}

void http_connection_open(struct http_connection *c, struct stream *stream)
{
    static const struct stream_events events = {
        .receive = on_receive,
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
    for (unsigned i = 0; i < HTTP_BUFFERS; i++)
        c->buffers[i].lent = 0;
    for (unsigned i = 0; i < HTTP_PINS; i++)
        c->pins[i].lent = 0;
    begin_request(c);
    stream_peer(stream, c->peer, sizeof c->peer);
    stream_attach(stream, &events, c);
}
