/* SPDX-License-Identifier: MIT */
/*
 * requests.c - the requests of one client, one after the other: what has come
 * is parsed, answered, and only then is looked on.
 *
 * It moves a connection from state to state as far as that goes, whenever
 * connection.c says that something has happened. What waits meanwhile is in
 * the buffer. The answers are made in answer.c.
 */
#include "core/clock.h"
#include "http/connection.h"
#include "http/http.h"

void http_set_deadline(struct http_connection *c, unsigned seconds)
{
    c->deadline_ns = clock_ns() + seconds * NS_PER_S;
}

void http_finish(struct http_connection *c, void (*end)(struct stream *s))
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
    if (len == 0)
        return;
    c->in_len -= len;
    memmove(c->in, c->in + len, c->in_len);
}

void http_begin_request(struct http_connection *c)
{
    http_request_start(&c->request);
    c->state = HTTP_READING;
    c->head_begun = false;
    c->since_ns = clock_ns();
    http_set_deadline(c, HTTP_IDLE_S);
}

/* Returns false when more must come before there is anything to do. */
static bool read_request(struct http_connection *c)
{
    if (c->in_len == 0 && !c->ended)
        return false;
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
            http_finish(c, stream_close);
        else if (c->in_len > 0 && !c->head_begun) {
            /* However many parts it comes in, this is all its time. */
            c->head_begun = true;
            c->since_ns = clock_ns();
            http_set_deadline(c, HTTP_HEAD_S);
        }
        return false;
    }
    http_set_deadline(c, HTTP_IDLE_S);
    c->since_ns = clock_ns();
    http_answer_begin(c, parsed == HTTP_OK ? 0 : c->request.status_code);
    return true;
}

/* When connections are scarce ours ends only when the client has taken all of
 * it: as long as the stream is not closed, it can be made to give way. */
void http_end(struct http_connection *c)
{
    if (c->lent > 0 && http_is_crowded())
        c->state = HTTP_ENDING;
    else
        http_finish(c, stream_close);
}

static bool send_response(struct http_connection *c)
{
    bool done;

    if (http_answer_send(c, &done) < 0) {
        /* Part of it is out: only the connection's end says that the rest
         * will not come. */
        http_finish(c, stream_abort);
        return false;
    }
    if (!done)
        return false;
    http_answer_drop(c);
    if (!c->response.persist) {
        http_end(c);
        return false;
    }
    drop_input(c, c->request.head_len);
    c->skip = c->request.content_length;
    http_begin_request(c);
    return true;
}

void http_go_on(struct http_connection *c)
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
                http_finish(c, stream_close);
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
}
