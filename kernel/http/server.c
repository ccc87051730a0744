/* SPDX-License-Identifier: MIT */
/*
 * server.c - all the connections of the server: their memory, who has one, who
 * must give way, and whose time is up. What happens on one is in connection.c.
 */
#include "http/http.h"

#include "console/log.h"
#include "core/clock.h"
#include "core/cmdline.h"
#include "http/access.h"
#include "http/connection.h"
#include "lib/errno.h"
#include "mem/heap.h"
#include "mem/pages.h"

enum {
    MEMORY_PART = 8,            /* of all memory, connections take at most
                                   the eighth part */
    SPARE = 4,                  /* beyond the limit: for one that has come
                                   while another that gave way is not free */
};

/*
 * Invariant: in_use + the length of the list `free` == limit + SPARE; the
 * timer is armed exactly while in_use > 0.
 */
static struct {
    struct http_connection *connections; /* limit + SPARE of them */
    struct http_connection *free;
    struct event_timer timer;
    unsigned limit, in_use;
    uint64_t requests;
    bool access_log;
} server;

const struct http_site *http_site;

/* Deadlines are looked at once a second, and no timer is moved for each
 * request. */
static void expire(struct event_timer *timer)
{
    uint64_t now = clock_ns();

    event_timer_set(timer, now + NS_PER_S);
    for (unsigned i = 0; i < server.limit + SPARE; i++) {
        struct http_connection *c = &server.connections[i];
        if (c->in_use && c->deadline_ns <= now)
            http_connection_expire(c);
    }
}

/* Whoever would miss it least gives way. Politely, as long as there are
 * streams for those that linger. */
static void make_room(void)
{
    struct stream_usage streams = stream_usage();
    struct http_connection *victim = NULL;
    enum http_rank most = HTTP_STAYS;

    for (unsigned i = 0; i < server.limit + SPARE; i++) {
        struct http_connection *c = &server.connections[i];
        enum http_rank rank =
            c->in_use ? http_connection_rank(c) : HTTP_STAYS;
        if (rank == HTTP_STAYS || rank < most)
            continue;
        if (rank > most || c->since_ns < victim->since_ns)
            victim = c;
        most = rank;
    }
    if (victim != NULL)
        http_connection_give_way(victim,
                                 streams.open >= streams.limit / 4 * 3);
}

static int accept(struct stream *stream)
{
    if (server.in_use >= server.limit)
        make_room();

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

bool http_is_crowded(void)
{
    return server.in_use > server.limit / 4 * 3;
}

void http_count_answer(const struct http_connection *c)
{
    char line[LOG_LINE_MAX + 1];
    struct http_text text = { line, sizeof line, 0 };

    server.requests++;
    if (!server.access_log)
        return;
    http_access(c->peer, &c->request, c->response.status_code,
                c->sent > c->head_len ? c->sent - c->head_len : 0, &text);
    log_line("%s", line);
}

struct http_usage http_usage(void)
{
    struct http_usage usage = { server.requests, server.in_use, server.limit };
    return usage;
}

/* How many connections a machine with so much memory, and so many streams,
 * has. Half of the streams are left for those that close. */
static unsigned limit(void)
{
    size_t memory = pages_usage().total / MEMORY_PART * PAGE_SIZE;
    size_t fit = memory / sizeof(struct http_connection);
    unsigned streams = stream_usage().limit / 2;

    if (fit > HTTP_CONNECTIONS)
        fit = HTTP_CONNECTIONS;
    if (fit > streams)
        fit = streams;
    return fit > SPARE ? (unsigned)fit : SPARE;
}

static bool wants_access_log(const struct http_site *site)
{
    char word[4];

    if (cmdline_value("access_log", word, sizeof word) < 0)
        return site->access_log;
    return strcmp(word, "on") == 0;
}

int http_serve(uint16_t port, const struct http_site *site)
{
    if (http_site != NULL)
        return -EBUSY;

    /* Not heap_alloc_array(): what nobody uses is not even touched. */
    server.limit = limit();
    server.connections =
        heap_alloc((server.limit + SPARE) * sizeof *server.connections);
    if (server.connections == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < server.limit + SPARE; i++) {
        struct http_connection *c = &server.connections[i];
        http_connection_init(c);
        c->next = server.free;
        server.free = c;
    }
    server.timer.expire = expire;
    server.access_log = wants_access_log(site);

    /* More than we serve: it is for us to choose who gives way. */
    int error = stream_listen(port, stream_usage().limit, accept);
    if (error) {
        heap_free(server.connections);
        server.connections = server.free = NULL;
        return error;
    }
    http_site = site;
    return 0;
}
