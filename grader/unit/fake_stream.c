/* SPDX-License-Identifier: MIT */
/*
 * fake_stream.c - see fake_stream.h.
 */
#include "fake_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "event/event.h"
#include "unit.h"

struct fake_manner fake_manner = { .room = 1 << 20 };

/* ---- Event loop and clock ---- */

static struct event_work *ready, **ready_end = &ready;
static struct event_timer *armed[16];
static uint64_t now = 1000 * NS_PER_S;

uint64_t clock_ns(void)
{
    return now;
}

void event_post(struct event_work *work)
{
    if (work->posted)
        return;
    work->posted = true;
    work->next = NULL;
    *ready_end = work;
    ready_end = &work->next;
}

void event_timer_cancel(struct event_timer *timer)
{
    timer->armed = false;
    for (unsigned i = 0; i < 16; i++)
        if (armed[i] == timer)
            armed[i] = NULL;
}

void event_timer_set(struct event_timer *timer, uint64_t deadline_ns)
{
    unsigned i = 0;

    event_timer_cancel(timer);
    while (i < 16 && armed[i])
        i++;
    CHECK(i < 16, "more than 16 timers are armed");
    armed[i] = timer;
    timer->armed = true;
    timer->deadline_ns = deadline_ns;
}

/* ---- Streams ---- */

struct loan {
    struct loan *next;
    const char *data;
    char *copy;                 /* as it was when it was lent */
    size_t len, acknowledged;
    stream_release_t release;
    void *ctx;
};

struct stream {
    const struct stream_events *events;
    void *ctx;
    bool wants_room, resumed;
};

struct fake_client {
    struct stream stream;
    struct fake_client *next;
    bool open, closed, aborted, ended, end_told, more;
    char *inbox, *received;
    size_t inbox_len, received_len;
    struct loan *loans, **loans_end;
    size_t on_its_way;
};

static struct fake_client *clients;
static int (*accept_stream)(struct stream *s);

static struct fake_client *client_of(struct stream *s)
{
    return (struct fake_client *)s;
}

int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s))
{
    CHECK(port != 0 && accept != NULL && backlog > 0,
          "stream_listen() has its arguments");
    accept_stream = accept;
    return 0;
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
    CHECK(client_of((struct stream *)s)->open, "only who is there has a name");
    snprintf(text, cap, "192.0.2.1:50412");
}

static void give_back(struct loan *loan)
{
    CHECK(memcmp(loan->data, loan->copy, loan->len) == 0,
          "memory that was lent to the stream was changed before it was given "
          "back: it was \"%.*s\", and is \"%.*s\"", (int)loan->len, loan->copy,
          (int)loan->len, loan->data);
    if (loan->release)
        loan->release(loan->ctx);
    free(loan->copy);
    free(loan);
}

size_t stream_room(const struct stream *s)
{
    size_t used = client_of((struct stream *)s)->on_its_way;

    return used < fake_manner.room ? fake_manner.room - used : 0;
}

long stream_send(struct stream *s, const void *data, size_t len, bool more,
                 stream_release_t release, void *ctx)
{
    struct fake_client *client = client_of(s);
    size_t take = len < stream_room(s) ? len : stream_room(s);

    CHECK(client->open, "a stream that is gone is sent on");
    CHECK(len > 0, "nothing is sent");
    if (fake_manner.part && take > fake_manner.part)
        take = fake_manner.part;
    client->more = more || take < len;
    if (take < len)
        s->wants_room = true;
    if (take == 0)
        return -EAGAIN;

    client->received =
        realloc(client->received, client->received_len + take + 1);
    memcpy(client->received + client->received_len, data, take);
    client->received_len += take;
    client->received[client->received_len] = '\0';

    struct loan *loan = calloc(1, sizeof *loan);
    *loan = (struct loan){ .data = data, .len = take, .release = release,
                           .ctx = ctx, .copy = malloc(take) };
    memcpy(loan->copy, data, take);
    if (fake_manner.at_once) {
        give_back(loan);
        return (long)take;
    }
    *client->loans_end = loan;
    client->loans_end = &loan->next;
    client->on_its_way += take;
    return (long)take;
}

void stream_resume(struct stream *s)
{
    CHECK(client_of(s)->open, "a stream that is gone is resumed");
    s->resumed = true;
}

void stream_close(struct stream *s)
{
    CHECK(client_of(s)->open, "a stream that is gone is closed");
    client_of(s)->open = false;
    client_of(s)->closed = true;
}

static void give_all_back(struct fake_client *client)
{
    while (client->loans) {
        struct loan *loan = client->loans;
        client->loans = loan->next;
        give_back(loan);
    }
    client->loans_end = &client->loans;
    client->on_its_way = 0;
}

void stream_abort(struct stream *s)
{
    CHECK(client_of(s)->open, "a stream that is gone is aborted");
    client_of(s)->open = false;
    client_of(s)->aborted = true;
    give_all_back(client_of(s));
}

struct stream_usage stream_usage(void)
{
    struct stream_usage usage = { 0, FAKE_STREAMS, 0 };

    for (struct fake_client *c = clients; c; c = c->next)
        usage.open += c->open;
    return usage;
}

/* ---- The client ---- */

struct fake_client *fake_connect(void)
{
    struct fake_client *client = calloc(1, sizeof *client);

    client->open = true;
    client->loans_end = &client->loans;
    client->received = calloc(1, 1);
    CHECK(accept_stream != NULL, "nobody listens");
    CHECK(stream_usage().open < FAKE_STREAMS, "who finds no stream waits "
          "outside, and is not for this fake");
    client->next = clients;
    clients = client;
    if (accept_stream(&client->stream) != 0) {
        client->open = false;
        return NULL;
    }
    CHECK(client->stream.events != NULL, "accept() calls stream_attach()");
    return client;
}

static void deliver(struct fake_client *client)
{
    client->stream.resumed = false;
    while (client->open && client->inbox_len > 0) {
        size_t len = client->inbox_len;
        uint8_t *lent = malloc(len);
        memcpy(lent, client->inbox, len);
        size_t taken = client->stream.events->receive(&client->stream, lent,
                                                      len);
        free(lent);
        CHECK(taken <= len, "receive() takes %zu of %zu bytes", taken, len);
        memmove(client->inbox, client->inbox + taken, len - taken);
        client->inbox_len -= taken;
        if (taken < len)
            return;
    }
    if (client->open && client->ended && !client->end_told) {
        client->end_told = true;
        client->stream.events->end(&client->stream);
    }
}

void fake_send(struct fake_client *client, const char *data, size_t len)
{
    client->inbox = realloc(client->inbox, client->inbox_len + len + 1);
    memcpy(client->inbox + client->inbox_len, data, len);
    client->inbox_len += len;
    deliver(client);
}

void fake_end(struct fake_client *client)
{
    client->ended = true;
    deliver(client);
}

void fake_reset(struct fake_client *client)
{
    CHECK(client->open, "only an open stream is reset");
    give_all_back(client);
    client->open = false;
    client->stream.events->error(&client->stream, -ECONNRESET);
}

void fake_acknowledge(struct fake_client *client, size_t len)
{
    while (len > 0 && client->loans) {
        struct loan *loan = client->loans;
        size_t rest = loan->len - loan->acknowledged;
        size_t part = len < rest ? len : rest;
        loan->acknowledged += part;
        client->on_its_way -= part;
        len -= part;
        if (loan->acknowledged < loan->len)
            break;
        client->loans = loan->next;
        if (!client->loans)
            client->loans_end = &client->loans;
        give_back(loan);
    }
}

/* One round; was there anything to do? */
static bool run_round(void)
{
    struct event_work *works = ready;
    bool busy = works != NULL;

    ready = NULL;
    ready_end = &ready;
    while (works) {
        struct event_work *work = works;
        works = work->next;
        work->posted = false;
        work->run(work);
    }
    for (struct fake_client *client = clients; client; client = client->next) {
        if (client->open && client->stream.resumed) {
            busy = true;
            deliver(client);
        }
        if (client->open && client->stream.wants_room &&
            stream_room(&client->stream) > 0) {
            busy = true;
            client->stream.wants_room = false;
            if (client->stream.events->writable)
                client->stream.events->writable(&client->stream);
        }
    }
    return busy;
}

void fake_run(void)
{
    unsigned rounds = 0;

    while (run_round())
        CHECK(++rounds < 1000000, "the server never comes to rest");
}

void fake_settle(struct fake_client *client)
{
    do {
        fake_run();
        fake_acknowledge(client, SIZE_MAX);
    } while (run_round());
}

void fake_sleep(unsigned seconds)
{
    for (; seconds > 0; seconds--) {
        now += NS_PER_S;
        for (unsigned i = 0; i < 16; i++) {
            struct event_timer *timer = armed[i];
            if (!timer || timer->deadline_ns > now)
                continue;
            event_timer_cancel(timer);
            timer->expire(timer);
        }
        fake_run();
    }
}

const char *fake_received(const struct fake_client *client, size_t *len)
{
    if (len)
        *len = client->received_len;
    return client->received;
}

void fake_forget_received(struct fake_client *client)
{
    client->received_len = 0;
    client->received[0] = '\0';
}

bool fake_closed(const struct fake_client *client)
{
    return client->closed;
}

bool fake_aborted(const struct fake_client *client)
{
    return client->aborted;
}

bool fake_is_open(const struct fake_client *client)
{
    return client->open;
}

size_t fake_on_its_way(const struct fake_client *client)
{
    return client->on_its_way;
}

size_t fake_not_taken(const struct fake_client *client)
{
    return client->inbox_len;
}

bool fake_more(const struct fake_client *client)
{
    return client->more;
}
