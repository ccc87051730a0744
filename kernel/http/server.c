/* SPDX-License-Identifier: MIT */
/*
 * server.c - all the connections of the server: their memory, who has one, and
 * whose time is up. What happens on one is in connection.c.
 */
#include "http/http.h"

#include "core/clock.h"
#include "http/connection.h"
#include "lib/errno.h"
#include "mem/heap.h"

/*
 * Invariant: in_use + the length of the list `free` == HTTP_CONNECTIONS; the
 * timer is armed exactly while in_use > 0.
 */
static struct {
    struct http_connection *connections; /* HTTP_CONNECTIONS of them */
    struct http_connection *free;
    struct event_timer timer;
    unsigned in_use;
    uint64_t requests;
} server;

const struct http_site *http_site;

/* Deadlines are looked at once a second, and no timer is moved for each
 * request. */
static void expire(struct event_timer *timer)
{
    uint64_t now = clock_ns();

    event_timer_set(timer, now + NS_PER_S);
    for (unsigned i = 0; i < HTTP_CONNECTIONS; i++) {
        struct http_connection *c = &server.connections[i];
        if (c->in_use && c->deadline_ns <= now)
            http_connection_expire(c);
    }
}

static int accept(struct stream *stream)
{
    struct http_connection *c = server.free;

    if (c == NULL)
        return -ENOMEM;
    server.free = c->next;
    if (server.in_use++ == 0)
        event_timer_set(&server.timer, clock_ns() + NS_PER_S);
    http_connection_open(c, stream);
    return 0;
}

void http_connection_reap(struct http_connection *c)
{
    if (!c->in_use || c->state != HTTP_CLOSED || c->lent > 0 || c->waiting ||
        c->progress.posted)
        return;
    c->in_use = false;
    c->next = server.free;
    server.free = c;
    if (--server.in_use == 0)
        event_timer_cancel(&server.timer);
}

void http_count_request(void)
{
    server.requests++;
}

struct http_usage http_usage(void)
{
    struct http_usage usage = { server.requests, server.in_use };
    return usage;
}

int http_serve(uint16_t port, const struct http_site *site)
{
    if (http_site != NULL)
        return -EBUSY;

    /* Not heap_alloc_array(): what nobody uses is not even touched. */
    server.connections =
        heap_alloc(HTTP_CONNECTIONS * sizeof *server.connections);
    if (server.connections == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < HTTP_CONNECTIONS; i++) {
        struct http_connection *c = &server.connections[i];
        http_connection_init(c);
        c->next = server.free;
        server.free = c;
    }
    server.timer.expire = expire;

    int error = stream_listen(port, HTTP_CONNECTIONS, accept);
    if (error) {
        heap_free(server.connections);
        server.connections = server.free = NULL;
        return error;
    }
    http_site = site;
    return 0;
}
