/* SPDX-License-Identifier: MIT */
/*
 * lend.c - memory that is the stream's until the client has acknowledged it.
 *
 * A stream may take a piece in several parts, and gives each part back by
 * itself: perhaps at once, perhaps long after the connection was closed. So
 * loans are counted, in each piece and in the connection. What to send is
 * answer.c's business.
 */
#include "http/connection.h"
#include "lib/errno.h"

bool http_lend_possible(const struct http_connection *c)
{
    bool head = false, pin = false;

    for (unsigned i = 0; i < HTTP_HEADS; i++)
        head |= c->heads[i].lent == 0;
    for (unsigned i = 0; i < HTTP_PINS; i++)
        pin |= c->pins[i].lent == 0;
    return head && pin;
}

static void head_count(struct http_head *head)
{
    head->lent++;
    head->connection->lent++;
}

static void pin_count(struct http_pin *pin)
{
    pin->lent++;
    pin->connection->lent++;
}

void http_head_put(struct http_head *head)
{
    head->lent--;
    head->connection->lent--;
}

void http_pin_put(struct http_pin *pin)
{
    if (--pin->lent == 0)
        fs_unmap(&pin->file, &pin->extent);
    pin->connection->lent--;
}

struct http_head *http_head_take(struct http_connection *c)
{
    struct http_head *head = c->heads;

    while (head->lent > 0)
        head++;
    head->connection = c;
    head_count(head);
    return head;
}

int http_pin_map(struct http_connection *c, uint64_t offset,
                 struct http_pin **out)
{
    struct http_pin *pin = c->pins;

    while (pin < c->pins + HTTP_PINS && pin->lent > 0)
        pin++;
    if (pin == c->pins + HTTP_PINS)
        return -EBUSY;
    int error = fs_map(&c->file, offset, &pin->extent);
    if (error)
        return error;
    pin->connection = c;
    pin->file = c->file;
    pin_count(pin);
    *out = pin;
    return 0;
}

/* The stream gives one part back. That may happen inside stream_send(), so
 * whatever it makes possible is left to the event loop. */
static void head_released(void *ctx)
{
    struct http_head *head = ctx;

    http_head_put(head);
    event_post(&head->connection->progress);
}

static void pin_released(void *ctx)
{
    struct http_pin *pin = ctx;

    http_pin_put(pin);
    event_post(&pin->connection->progress);
}

size_t http_head_send(struct http_head *head, size_t from, bool more)
{
    head_count(head);
    long taken = stream_send(head->connection->stream, head->text + from,
                             head->len - from, more, head_released, head);
    if (taken > 0)
        return (size_t)taken;
    http_head_put(head);
    return 0;
}

size_t http_pin_send(struct http_pin *pin, size_t from, size_t len, bool more)
{
    pin_count(pin);
    long taken = stream_send(pin->connection->stream, pin->extent.data + from,
                             len, more, pin_released, pin);
    if (taken > 0)
        return (size_t)taken;
    http_pin_put(pin);
    return 0;
}
