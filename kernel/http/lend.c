/* SPDX-License-Identifier: MIT */
/*
 * lend.c - memory that is the stream's until the client has acknowledged it.
 *
 * A stream may take a piece in several parts, and gives each part back by
 * itself: perhaps at once, perhaps long after the connection was closed. So
 * loans are counted, in each piece and in the connection. What to send is
 * answer.c's business.
 *
 * Pieces of files are pinned in the file system's memory, of which there may
 * be little (fs->pins_max), and clients may take their time. So none gets more
 * than its share, and the last pin of all is never lent: who gets none is sent
 * copies.
 */
#include "http/connection.h"
#include "http/http.h"
#include "lib/errno.h"
#include "without/without.h"

static unsigned pinned;         /* pins that are lent, of all connections */

bool http_lend_possible(const struct http_connection *c)
{
    unsigned free = 0;

    for (unsigned i = 0; i < HTTP_BUFFERS; i++)
        free += c->buffers[i].lent == 0;
    return free >= 2; /* for a head, and for content behind it */
}

void http_buffer_put(struct http_buffer *buffer)
{
    buffer->lent--;
    buffer->connection->lent--;
}

void http_pin_put(struct http_pin *pin)
{
    if (--pin->lent == 0) {
        fs_unmap(&pin->file, &pin->extent);
        pinned--;
    }
    pin->connection->lent--;
}

struct http_buffer *http_buffer_take(struct http_connection *c)
{
    for (unsigned i = 0; i < HTTP_BUFFERS; i++) {
        struct http_buffer *buffer = &c->buffers[i];
        if (buffer->lent > 0)
            continue;
        buffer->connection = c;
        buffer->lent = 1;
        buffer->len = buffer->sent = 0;
        c->lent++;
        return buffer;
    }
    return NULL;
}

/* How many pins one connection may have. */
static unsigned fair_share(void)
{
    unsigned max = http_site->fs->pins_max;
    unsigned share = max / http_usage().working;

    if (max == 0 || share > HTTP_PINS)
        return HTTP_PINS;
    return share > 0 ? share : 1;
}

int http_pin_map(struct http_connection *c, uint64_t offset, uint64_t most,
                 struct http_pin **out)
{
    unsigned max = http_site->fs->pins_max, mine = 0;
    struct http_pin *pin = NULL;

    for (unsigned i = 0; i < HTTP_PINS; i++) {
        if (c->pins[i].lent > 0)
            mine++;
        else
            pin = &c->pins[i];
    }
    if (without(WITHOUT_CONTENT))
        return -ENOSPC;
    if (mine >= fair_share())
        return -EBUSY;
    if (max > 0 && pinned + 1 >= max)
        return -ENOSPC;
    int error = http_again(c, c->file.fs,
                           fs_map(&c->file, offset, &pin->extent));
    if (error)
        return error;

    pinned++;
    pin->connection = c;
    pin->file = c->file;
    pin->lent = 1;
    pin->sent = 0;
    pin->len = pin->extent.len < most ? pin->extent.len : (size_t)most;
    c->lent++;
    if (pin->len == 0) {
        http_pin_put(pin);
        return -EIO;
    }
    *out = pin;
    return 0;
}

/* The stream gives one part back. Often many come back in a row, so what that
 * makes possible is done once, when the event loop gets there. */
static void buffer_released(void *ctx)
{
    struct http_buffer *buffer = ctx;

    http_buffer_put(buffer);
    event_post(&buffer->connection->progress);
}

static void pin_released(void *ctx)
{
    struct http_pin *pin = ctx;

    http_pin_put(pin);
    event_post(&pin->connection->progress);
}

/* A part is counted before the stream has it, so that there is no moment at
 * which it could be back and not yet lent. */
size_t http_buffer_send(struct http_buffer *buffer, bool more)
{
    struct http_connection *c = buffer->connection;

    buffer->lent++;
    c->lent++;
    long taken = stream_send(c->stream, buffer->text + buffer->sent,
                             buffer->len - buffer->sent, more,
                             buffer_released, buffer);
    if (taken <= 0) {
        http_buffer_put(buffer);
        return 0;
    }
    buffer->sent += (size_t)taken;
    c->sent += (uint64_t)taken;
    return (size_t)taken;
}

size_t http_pin_send(struct http_pin *pin, bool more)
{
    struct http_connection *c = pin->connection;

    pin->lent++;
    c->lent++;
    long taken = stream_send(c->stream, pin->extent.data + pin->sent,
                             pin->len - pin->sent, more, pin_released, pin);
    if (taken <= 0) {
        http_pin_put(pin);
        return 0;
    }
    pin->sent += (size_t)taken;
    c->sent += (uint64_t)taken;
    return (size_t)taken;
}
