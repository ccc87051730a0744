/* SPDX-License-Identifier: MIT */
/*
 * answer.c - one answer, from the path to the last byte that the stream took.
 *
 * connection.c calls in here once a head is whole, and again whenever a file
 * system or a stream that had enough may go on. Which answer it is, lab 12's
 * respond.c decides; how memory is lent, lend.c knows.
 */
#include "core/panic.h"
#include "http/connection.h"
#include "http/http.h"
#include "lib/errno.h"

static void close_file(struct http_connection *c)
{
    if (c->file_open)
        fs_close(&c->file);
    c->file_open = false;
}

void http_answer_drop(struct http_connection *c)
{
    if (c->head != NULL)
        http_head_put(c->head);
    c->head = NULL;
    if (c->pin != NULL)
        http_pin_put(c->pin);
    c->pin = NULL;
    close_file(c);
}

/* Writes the head of c->response, after which it can be sent. */
static void begin(struct http_connection *c)
{
    c->head = http_head_take(c);
    long len = http_write_head(&c->response, c->head->text, HTTP_HEAD_SIZE);
    if (len < 0) {
        /* Only a Location is ever so long. */
        http_refuse(&c->request, 414, &c->response);
        len = http_write_head(&c->response, c->head->text, HTTP_HEAD_SIZE);
    }
    assert(len > 0);
    c->head->len = (size_t)len;
    c->head_sent = 0;
    c->left = c->response.head_only ? 0 : c->response.content_length;
    c->file_at = 0;
    c->pin_sent = 0;
    c->state = HTTP_SENDING;
}

void http_answer_refuse(struct http_connection *c, unsigned status_code)
{
    http_refuse(&c->request, status_code, &c->response);
    begin(c);
}

static void wait_for_file(struct http_connection *c)
{
    c->waiting = true;
    fs_wait(http_site->fs, &c->retry);
}

/* Opens the file and pins its first piece, so that head and content can leave
 * together, and so that a disk that can't be read is a 500 and not half an
 * answer. After an error nothing is held, and all of it may be tried again. */
static int look_up(struct http_connection *c, struct fs_stat *stat)
{
    int error = fs_open(http_site->fs, c->path.text, c->path.len, &c->file);
    if (error)
        return error;

    error = fs_stat(&c->file, stat);
    if (!error && stat->type == FS_FILE && stat->size > 0)
        error = http_pin_map(c, 0, &c->pin);
    if (error)
        fs_close(&c->file);
    else
        c->file_open = true;
    return error;
}

bool http_answer_open(struct http_connection *c)
{
    struct http_found found = { .path = &c->path };

    found.error = look_up(c, &found.stat);
    if (found.error == -EAGAIN) {
        wait_for_file(c);
        return false;
    }
    http_respond(&c->request, &found, &c->response);
    begin(c);
    return true;
}

/* Sends what is left of a text that stays for ever. */
static bool send_text(struct http_connection *c)
{
    const struct http_slice *text = &c->response.content;

    while (c->left > 0) {
        long taken = stream_send(c->stream, text->data + text->len - c->left,
                                 c->left, false, NULL, NULL);
        if (taken <= 0)
            return false;
        c->left -= (uint64_t)taken;
    }
    return true;
}

/* Sends what is left of the piece c->pin. */
static bool send_pin(struct http_connection *c)
{
    size_t end = c->pin->extent.len;

    if (end - c->pin_sent > c->left)
        end = c->pin_sent + (size_t)c->left;
    while (c->pin_sent < end) {
        size_t len = end - c->pin_sent;
        size_t taken = http_pin_send(c->pin, c->pin_sent, len, c->left > len);
        if (taken == 0)
            return false;
        c->pin_sent += taken;
        c->file_at += taken;
        c->left -= taken;
    }
    http_pin_put(c->pin);
    c->pin = NULL;
    return true;
}

static int send_file(struct http_connection *c, bool *done)
{
    while (c->left > 0) {
        if (c->pin == NULL) {
            int error = http_pin_map(c, c->file_at, &c->pin);
            if (error == -EAGAIN)
                wait_for_file(c);
            if (error == -EAGAIN || error == -EBUSY)
                return 0; /* retry, or progress, will be posted */
            if (error)
                return error;
            c->pin_sent = 0;
        }
        if (c->pin->extent.len == 0)
            return -EIO; /* the file is shorter than it said */
        if (!send_pin(c))
            return 0;
    }
    *done = true;
    return 0;
}

int http_answer_send(struct http_connection *c, bool *done)
{
    *done = false;
    while (c->head_sent < c->head->len) {
        size_t taken = http_head_send(c->head, c->head_sent, c->left > 0);
        if (taken == 0)
            return 0;
        c->head_sent += taken;
    }
    if (c->response.content.data == NULL)
        return send_file(c, done);
    *done = send_text(c);
    return 0;
}
