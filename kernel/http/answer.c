/* SPDX-License-Identifier: MIT */
/*
 * answer.c - one answer, from the path to the last byte that the stream took.
 *
 * connection.c calls in here once a head is whole, and again whenever a file
 * system or a stream that had enough may go on. Which file it is, select.c
 * knows; which answer, lab 12's respond.c decides, and refine.c after it; what
 * the content is made of is in content.c, how memory is lent in lend.c.
 */
#include "core/clock.h"
#include "core/panic.h"
#include "http/connection.h"
#include "http/http.h"
#include "http/remember.h"
#include "lib/errno.h"

/* The field lines of the answer that is being decided on. That is done in one
 * go, up to the head that they are written into. */
static char fields_buf[512];
static struct http_text fields;

static void drop_pieces(struct http_connection *c)
{
    if (c->text != NULL)
        http_buffer_put(c->text);
    c->text = NULL;
    if (c->pin != NULL)
        http_pin_put(c->pin);
    c->pin = NULL;
    if (c->file_open)
        fs_close(&c->file);
    c->file_open = false;
}

void http_answer_drop(struct http_connection *c)
{
    if (c->answering)
        http_count_answer(c);
    c->answering = false;
    if (c->head != NULL)
        http_buffer_put(c->head);
    c->head = NULL;
    drop_pieces(c);
}

/* Decides anew. */
static void start(struct http_connection *c)
{
    fields = (struct http_text){ fields_buf, sizeof fields_buf, 0 };
    c->content.source = HTTP_TEXT;
    c->part = 0;
    c->left = 0;
    c->cookie = 0;
    c->listing_begun = c->listing_ended = false;
}

/* Writes the head of c->response, and behind it the content, if that is a
 * text. Returns false when they don't fit. */
static bool write_head(struct http_connection *c)
{
    const struct http_slice *content = &c->response.content;
    struct http_buffer *head = c->head;

    long len = http_write_head(&c->response, head->text, HTTP_BUFFER_SIZE);
    if (len < 0)
        return false;
    c->head_len = head->len = (size_t)len;
    if (c->response.head_only || content->data == NULL)
        return true;
    if (content->len > HTTP_BUFFER_SIZE - head->len)
        return false;
    memcpy(head->text + head->len, content->data, content->len);
    head->len += content->len;
    return true;
}

/* The answer is decided on: from here on it can be sent. */
static void begin(struct http_connection *c)
{
    http_append_date(&fields, clock_unix());
    assert(fields.len < fields.cap);
    struct http_slice more = { fields.buf, fields.len };
    c->response.fields = more;
    if (c->response.persist && http_turn_is_over())
        c->response.persist = false;
    c->head = http_buffer_take(c);
    assert(c->head != NULL); /* http_lend_possible() */
    if (!write_head(c)) {
        /* Only a Location is ever so long, and then `more` is the date. */
        http_refuse(&c->request, 414, &c->response);
        c->response.fields = more;
        bool fits = write_head(c);
        assert(fits);
        (void)fits;
    }
    c->answering = true;
    c->sent = 0;
    c->since_ns = clock_ns();
    c->state = HTTP_SENDING;
}

static void refuse(struct http_connection *c, unsigned status_code)
{
    start(c);
    http_refuse(&c->request, status_code, &c->response);
    begin(c);
}

static bool is_options(const struct http_connection *c)
{
    return http_slice_is(c->request.method, "OPTIONS");
}

/* A whole head is there: which file does it want? Returns 0 with c->path set,
 * or the status code to refuse it with. */
static unsigned examine(struct http_connection *c)
{
    unsigned status_code = http_check(&c->request);

    if (status_code != 0)
        return status_code;
    /* "OPTIONS *" is about the server [RFC 9112 §3.2.4]. */
    if (is_options(c) && http_slice_is(c->request.request_target, "*"))
        return 0;
    status_code = http_path(c->request.request_target, &c->path);
    c->path_len = c->path.len;
    return status_code;
}

void http_answer_begin(struct http_connection *c, unsigned status_code)
{
    if (status_code == 0)
        status_code = examine(c);
    if (status_code != 0) {
        refuse(c, status_code);
    } else if (is_options(c)) {
        start(c);
        http_options(&c->request, &c->response);
        begin(c);
    } else {
        c->state = HTTP_OPENING;
    }
}

/* Finds the file and decides what is answered. */
static int decide(struct http_connection *c)
{
    struct http_found found = { .path = &c->path };
    struct http_selected selected;

    start(c);
    found.error = http_select(c, &selected);
    if (found.error == -EAGAIN)
        return -EAGAIN;
    found.stat = selected.stat;
    http_respond(&c->request, &found, &c->response);
    if (found.error == 0)
        http_refine(&c->request, &selected, &c->response, &c->content,
                    &fields);
    c->lasting = found.error == 0 &&
                 http_is_lasting(&c->request, &selected, &c->response);
    return 0;
}

bool http_answer_open(struct http_connection *c)
{
    int error = decide(c);

    /* The first piece is there before the head goes: so both leave together,
     * and a disk that can't be read is a 500 and not half an answer. */
    if (!error)
        error = http_content_next(c);
    if (error == -EAGAIN || error == -EBUSY) {
        drop_pieces(c);
        return false;
    }
    if (error == -ENOENT || c->response.head_only) {
        drop_pieces(c);
        c->content.source = HTTP_TEXT;
    }
    if (error && error != -ENOENT) {
        drop_pieces(c);
        refuse(c, error == -ENOMEM ? 503 : 500);
    } else {
        begin(c);
        if (c->lasting)
            http_remember(c);
    }
    return true;
}

void http_answer_rest(struct http_connection *c,
                      const struct http_recalled *recalled)
{
    start(c);
    c->head = http_buffer_take(c);
    assert(c->head != NULL); /* http_lend_possible() */
    memcpy(c->head->text, recalled->rest, recalled->rest_len);
    c->head->len = recalled->rest_len;
    c->request.persist = c->response.persist = !recalled->closes;
    c->request.head_len = 0;
    c->request.content_length = 0;
    c->since_ns = clock_ns();
    c->state = HTTP_SENDING;
}

static bool send_buffer(struct http_buffer **buffer, bool more)
{
    while ((*buffer)->sent < (*buffer)->len)
        if (http_buffer_send(*buffer, more) == 0)
            return false;
    http_buffer_put(*buffer);
    *buffer = NULL;
    return true;
}

/* Sends what is ready. False when the stream has no room for all of it. */
static bool send_ready(struct http_connection *c)
{
    bool more = http_content_follows(c);

    if (c->head != NULL &&
        !send_buffer(&c->head, c->text != NULL || c->pin != NULL || more))
        return false;
    if (c->text != NULL && !send_buffer(&c->text, more))
        return false;
    if (c->pin == NULL)
        return true;
    while (c->pin->sent < c->pin->len)
        if (http_pin_send(c->pin, more) == 0)
            return false;
    http_pin_put(c->pin);
    c->pin = NULL;
    return true;
}

int http_answer_send(struct http_connection *c, bool *done)
{
    *done = false;
    for (;;) {
        if (!send_ready(c))
            return 0; /* writable(), or progress, will be called */
        if (c->waiting)
            return 0; /* the file system has been asked; retry will run */
        int error = http_content_next(c);
        if (error == -ENOENT) {
            *done = true;
            return 0;
        }
        if (error == -EAGAIN || error == -EBUSY)
            return 0; /* retry, or progress, will be posted */
        if (error)
            return error;
    }
}
