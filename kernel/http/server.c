/* SPDX-License-Identifier: MIT */
/*
 * server.c - the clients of the server: how many there may be, who is given a
 * connection, who must give way, and whose time is up. What happens on a
 * connection is in connection.c; who has none is in waiting.c.
 */
#include "http/http.h"

#include "console/log.h"
#include "core/clock.h"
#include "core/cmdline.h"
#include "http/access.h"
#include "http/connection.h"
#include "http/remember.h"
#include "lib/errno.h"
#include "mem/pages.h"

enum {
    MEMORY_PART = 8,            /* of all memory, connections take at most
                                   the eighth part */
    CONNECTIONS_MIN = 4,
    STREAMS_PART = 8,           /* of all streams this part is kept for those
                                   that are closing, and for newcomers */
};

/*
 * Invariants: in_use + the length of the list `free` + those that have never
 * been used, from `fresh` on, == limit; the timer is armed while there is any
 * client, and once more after the last.
 */
static struct {
    struct http_connection *connections; /* limit of them */
    struct http_connection *free;
    unsigned limit, in_use, fresh;
    unsigned clients_limit, clients_most;
    unsigned turns;             /* until the next second so many answers may
                                   be made their connection's last */
    struct event_timer timer;
    struct event_work serve_asking;
    uint64_t requests;
    bool access_log;
} server;

const struct http_site *http_site;

/* The i-th to be used is the i-th from the end, beside which the network has
 * what it uses: of a host that gives memory out by 2 MiB it takes less. */
static struct http_connection *connection(unsigned i)
{
    return &server.connections[server.limit - 1 - i];
}

static unsigned clients(void)
{
    return server.in_use + http_waiting();
}

/* ---- Who has a connection ---- */

/* Who was last is first: its memory is still warm. */
struct http_connection *http_connection_take(void)
{
    struct http_connection *c = server.free;

    if (c != NULL) {
        server.free = c->next;
    } else if (server.fresh < server.limit) {
        c = connection(server.fresh++);
        http_connection_init(c);
    }
    if (c != NULL)
        server.in_use++;
    return c;
}

bool http_connection_is_free(void)
{
    return server.free != NULL || server.fresh < server.limit;
}

static void serve_asking(struct event_work *work)
{
    (void)work;
    http_serve_asking();
}

void http_connection_reap(struct http_connection *c)
{
    if (!c->in_use || c->state != HTTP_CLOSED || c->lent > 0 || c->waiting ||
        c->progress.posted)
        return;
    c->in_use = false;
    c->next = server.free;
    server.free = c;
    server.in_use--;
    /* Not at once: whoever let go of it may not be done with it. */
    if (http_asking() > 0)
        event_post(&server.serve_asking);
}

bool http_is_crowded(void)
{
    return server.in_use > server.limit / 4 * 3;
}

/* ---- Who gives way ---- */

/* To those who ask: whoever would be missed least, and has had his time. */
static struct http_connection *find_victim(void)
{
    struct http_connection *victim = NULL;
    enum http_rank most = HTTP_STAYS;

    for (unsigned i = 0; i < server.fresh; i++) {
        struct http_connection *c = connection(i);
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

static void free_connections(void)
{
    struct http_connection *victim;

    for (unsigned asking = http_asking(); asking > 0; asking--) {
        victim = find_victim();
        if (victim == NULL)
            return;
        http_connection_give_way(victim);
    }
}

/* To newcomers: the idle, politely as long as there are streams for those that
 * take their time to close. */
static void free_streams(void)
{
    struct stream_usage streams = stream_usage();

    while (streams.open > server.clients_most &&
           http_idle_gives_way(streams.open == streams.limit))
        streams.open--;
}

/* And who never is idle has an end put to his connection when he has had his
 * answer, and comes again behind those who wait outside: so many in a second
 * as there are clients too many. */
bool http_turn_is_over(void)
{
    if (server.turns == 0 || clients() <= server.clients_most)
        return false;
    server.turns--;
    return true;
}

bool http_is_overrun(void)
{
    return server.turns > 0;
}

/* ---- Coming, and once a second ---- */

static void tick_in_a_second(void)
{
    event_timer_set(&server.timer, clock_ns() + NS_PER_S);
}

/* Deadlines are looked at once a second, and no timer is moved for each
 * request. */
static void expire(struct event_timer *timer)
{
    uint64_t now = clock_ns();
    unsigned many;

    (void)timer;
    for (unsigned i = 0; i < server.fresh; i++) {
        struct http_connection *c = connection(i);
        if (c->in_use && c->deadline_ns <= now)
            http_connection_expire(c);
    }
    http_waiting_expire();
    free_connections();
    free_streams();
    many = clients();
    server.turns =
        many > server.clients_most ? many - server.clients_most : 0;
    if (many > 0)
        tick_in_a_second();
}

static int accept(struct stream *stream)
{
    http_wait(stream);
    if (!server.timer.armed)
        tick_in_a_second();
    if (clients() > server.clients_most)
        free_streams();
    return 0;
}

/* ---- Figures, and the start ---- */

bool http_has_access_log(void)
{
    return server.access_log;
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

void http_count_recalled(void)
{
    server.requests++;
}

struct http_usage http_usage(void)
{
    return (struct http_usage){
        .requests = server.requests,
        .connections = clients(),
        .limit = server.clients_limit,
        .working = server.in_use,
        .working_limit = server.limit,
        .asking = http_asking(),
    };
}

/* How many connections a machine with so much memory, and so many streams,
 * has. */
static unsigned limit(void)
{
    size_t memory = pages_usage().total / MEMORY_PART * PAGE_SIZE;
    size_t fit = memory / sizeof(struct http_connection);

    if (fit > server.clients_limit)
        fit = server.clients_limit;
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

    server.clients_limit = stream_usage().limit;
    server.clients_most =
        server.clients_limit - server.clients_limit / STREAMS_PART;
    server.limit = limit();
    size_t page_count =
        (server.limit * sizeof *server.connections + PAGE_SIZE - 1) / PAGE_SIZE;
    int error = http_waiting_make(server.clients_limit);
    if (error)
        return error;
    server.access_log = wants_access_log(site);
    /* Pages: what nobody uses is not even touched. */
    server.connections = pages_alloc(page_count);
    error = server.connections != NULL ? 0 : -ENOMEM;
    if (error)
        goto free_waiting;
    server.timer.expire = expire;
    server.serve_asking.run = serve_asking;
    error = stream_listen(port, server.clients_limit, accept);
    if (error)
        goto free_connections;
    if (!server.access_log)   /* which wants to know each request's parts */
        http_remember_make(); /* last: most of that memory is not touched */
    http_site = site;
    return 0;

free_connections:
    pages_free(server.connections, page_count);
    server.connections = NULL;
free_waiting:
    http_waiting_unmake();
    return error;
}
