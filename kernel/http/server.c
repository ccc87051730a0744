/* SPDX-License-Identifier: MIT */
/*
 * server.c - all the connections of the server: their memory, who has one, who
 * must give way, and whose time is up. What happens on one is in connection.c;
 * who has none yet is in waiting.c.
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
    CONNECTIONS_MIN = 4,
};

/*
 * Invariants: in_use + the length of the list `free` + those that have never
 * been used, from `fresh` on, == limit; somebody waits only while in_use ==
 * limit; the timer is armed exactly while in_use > 0.
 */
static struct {
    struct http_connection *connections; /* limit of them */
    struct http_connection *free;
    struct event_timer timer;
    unsigned limit, in_use, fresh;
    unsigned waiting, closing;  /* for so many more there are streams */
    unsigned turns;             /* until the next second so many answers may
                                   be made their connection's last */
    bool all_stay;              /* nobody can give way before then */
    uint64_t requests;
    bool access_log;
} server;

const struct http_site *http_site;

/* ---- Whose turn it is ---- */

static struct http_connection *take(void)
{
    struct http_connection *c = server.free;

    if (c != NULL) {
        server.free = c->next;
    } else if (server.fresh < server.limit) {
        c = &server.connections[server.fresh++];
        http_connection_init(c);
    }
    if (c != NULL && server.in_use++ == 0)
        event_timer_set(&server.timer, clock_ns() + NS_PER_S);
    return c;
}

/* Whoever would be missed least, and has had his time. */
static struct http_connection *find_victim(void)
{
    struct http_connection *victim = NULL;
    enum http_rank most = HTTP_STAYS;

    for (unsigned i = 0; i < server.fresh; i++) {
        struct http_connection *c = &server.connections[i];
        enum http_rank rank =
            c->in_use ? http_connection_rank(c) : HTTP_STAYS;
        if (rank == HTTP_STAYS || rank < most)
            continue;
        if (rank > most || c->since_ns < victim->since_ns)
            victim = c;
        most = rank;
    }
    return victim;
}

/* For `wanted` of those who wait. It is done politely, unless too many linger
 * already whose streams newcomers could have. */
static void make_room(unsigned wanted)
{
    for (; wanted > 0 && !server.all_stay; wanted--) {
        struct http_connection *victim = find_victim();
        unsigned known = server.in_use + http_waiting();
        if (victim == NULL)
            server.all_stay = true;
        else
            http_connection_give_way(victim, stream_usage().open >=
                                                 known + server.closing);
    }
}

/* Deadlines are looked at once a second, and no timer is moved for each
 * request. */
static void expire(struct event_timer *timer)
{
    uint64_t now = clock_ns();

    event_timer_set(timer, now + NS_PER_S);
    for (unsigned i = 0; i < server.fresh; i++) {
        struct http_connection *c = &server.connections[i];
        if (c->in_use && c->deadline_ns <= now)
            http_connection_expire(c);
    }
    http_waiting_expire();
    server.all_stay = false;
    server.turns = http_waiting();
    make_room(http_waiting());
}

static int accept(struct stream *stream)
{
    struct http_connection *c = take();

    if (c != NULL) {
        http_connection_open(c, stream);
        return 0;
    }
    if (!http_waiting_add(stream))
        return -ENOMEM;
    make_room(1);
    return 0;
}

void http_connection_reap(struct http_connection *c)
{
    if (!c->in_use || c->state != HTTP_CLOSED || c->lent > 0 || c->waiting ||
        c->progress.posted)
        return;

    struct stream *next = http_waiting_next();
    if (next != NULL) {
        /* What it has said meanwhile lies in the stream. */
        http_connection_open(c, next);
        stream_resume(next);
        return;
    }
    c->in_use = false;
    c->next = server.free;
    server.free = c;
    if (--server.in_use == 0)
        event_timer_cancel(&server.timer);
}

bool http_turn_is_over(const struct http_connection *c)
{
    if (server.turns == 0 || http_waiting() == 0 ||
        clock_ns() - c->opened_ns < HTTP_TURN_S * NS_PER_S)
        return false;
    server.turns--;
    return true;
}

/* ---- How many there are ---- */

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
    struct http_usage usage = { server.requests, server.in_use, server.limit,
                                http_waiting() };
    return usage;
}

/* How many connections a machine with so much memory, and so many streams,
 * has. Half of the streams are left for those that wait or close. */
static unsigned limit(void)
{
    size_t memory = pages_usage().total / MEMORY_PART * PAGE_SIZE;
    size_t fit = memory / sizeof(struct http_connection);
    unsigned streams = stream_usage().limit / 2;

    if (fit > streams)
        fit = streams;
    return fit > CONNECTIONS_MIN ? (unsigned)fit : CONNECTIONS_MIN;
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
    server.waiting = server.limit / 2;
    server.closing = server.limit / 4;
    unsigned clients = server.limit + server.waiting + server.closing;
    server.connections =
        heap_alloc(server.limit * sizeof *server.connections);
    if (server.connections == NULL)
        return -ENOMEM;
    /* If it came to the worst all of them might wait. */
    int error = http_waiting_make(clients);
    if (error)
        goto free_connections;
    error = stream_listen(port, clients, accept);
    if (error)
        goto free_waiting;
    server.timer.expire = expire;
    server.access_log = wants_access_log(site);
    http_site = site;
    return 0;

free_waiting:
    http_waiting_unmake();
free_connections:
    heap_free(server.connections);
    server.connections = NULL;
    return error;
}
