/* SPDX-License-Identifier: MIT */
/*
 * socket_peer.c - the other end of TCP connections (tcp_peer.h, and of
 * fake_card.h the clock) over the host's own sockets: what segments there are
 * is the host's business, so of a peer's knobs there is `silent` alone, which
 * here takes nothing.
 */
#include "tcp_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "arch/arch.h"
#include "core/clock.h"
#include "event/event.h"
#include "fake_card.h"
#include "fake_host.h"
#include "net/sockets/sockets.h"
#include "unit.h"

enum { PEERS_MAX = 128, PATIENCE_MS = 2000, ROOM = 1 << 20 };

/* What struct peer has no place for. */
static struct end {
    struct peer peer;           /* the first member */
    int fd;                     /* -1: closed */
    uint8_t *out;               /* bytes that have yet to leave */
    size_t out_len;
    bool shut;                  /* our FIN has left */
} ends[PEERS_MAX];
static unsigned end_count;

/* ---- Time --------------------------------------------------------------- */

static uint64_t now = 5 * NS_PER_S;

uint64_t clock_ns(void)
{
    return now;
}

/* ---- One peer ----------------------------------------------------------- */

static struct end *end_of(struct peer *p)
{
    return (struct end *)p;
}

static void end_close(struct end *e)
{
    plain_close(e->fd);
    e->fd = -1;
}

static bool push(struct end *e)
{
    long n;

    if (e->out_len == 0) {
        if (!e->peer.ended || e->shut)
            return false;
        shutdown(e->fd, SHUT_WR);
        e->shut = true;
        return true;
    }
    n = plain_send(e->fd, e->out, e->out_len);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n < 0) {                /* nobody is left to take it */
        e->peer.reset |= errno == ECONNRESET;
        e->out_len = 0;
        return true;
    }
    e->out_len -= (size_t)n;
    memmove(e->out, e->out + n, e->out_len);
    return true;
}

static bool pull(struct end *e)
{
    static const int on = 1;
    struct peer *p = &e->peer;
    long n;

    if (p->fin)
        return false;
    if (p->cap - p->count < ROOM) {
        p->cap += 4 * ROOM;
        p->bytes = realloc(p->bytes, p->cap);
    }
    n = plain_recv(e->fd, p->bytes + p->count, p->cap - p->count);
    if (n > 0) {
        p->count += (uint32_t)n;
        setsockopt(e->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    } else if (n == 0) {
        p->fin = true;
        p->fin_at = p->count;
    } else if (errno == EAGAIN) {
        return false;
    } else {
        p->reset = true;
        end_close(e);
    }
    return true;
}

/* Also one who takes nothing, or to whom nothing more is said, hears of it. */
static bool hear_of_reset(struct end *e)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (!e->peer.silent && !e->peer.fin)
        return false;           /* pull() does, behind what came before */
    getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error == 0)
        return false;
    e->peer.reset = true;
    end_close(e);
    return true;
}

static bool pump(struct end *e)
{
    bool any = false;
    int left;

    if (e->fd < 0)
        return false;
    any = push(e) | hear_of_reset(e);
    if (!e->peer.silent && e->fd >= 0)
        any |= pull(e);
    if (e->fd >= 0 && ioctl(e->fd, SIOCOUTQ, &left) == 0)
        e->peer.acked = e->peer.sent - (uint32_t)(e->out_len + (size_t)left);
    return any;
}

/* ---- All of it ---------------------------------------------------------- */

void card_run(void)
{
    bool any;

    do {
        any = false;
        for (unsigned i = 0; i < end_count; i++)
            any |= pump(&ends[i]);
        any |= host_look();
        any |= event_loop.ready > 0;
        host_run();
    } while (any);
}

bool peers_wait(void)
{
    static unsigned waited;

    if (waited > PATIENCE_MS)
        return false;
    waited += 10;
    host_pause();
    return true;
}

/* What has been sent has come, where it is taken. */
static bool is_under_way(void)
{
    for (unsigned i = 0; i < end_count; i++)
        if (ends[i].peer.silent)
            return false;
    return host_under_way() > 0;
}

void card_sleep(unsigned ms)
{
    uint64_t end = now + ms * NS_PER_MS;
    struct event_timer *timer;

    do
        card_run();
    while (is_under_way() && peers_wait());
    while ((timer = event_next_timer()) && timer->deadline_ns <= end) {
        if (timer->deadline_ns > now)
            now = timer->deadline_ns;
        event_run_once(0);
        card_run();
    }
    now = end;
}

void card_up(const char *ip, const char *gw, unsigned mib)
{
    (void)ip, (void)gw;
    host_up(mib);
}

void peers_start(void)
{
}

void card_check_nothing_is_out(void)
{
    CHECK(host.open == 0, "all descriptors that were accepted are closed, but "
          "for %u", host.open);
    CHECK(borrowed_count() == 0, "nothing is borrowed any more, but for %u",
          borrowed_count());
}

/* ---- What tests do ------------------------------------------------------ */

struct peer *peer_connect(uint16_t port)
{
    struct end *e = &ends[end_count++];
    struct sockaddr_in to;
    socklen_t len = sizeof to;
    unsigned before = stream_usage().open;

    CHECK(end_count <= PEERS_MAX, "there are at most %d peers", PEERS_MAX);
    CHECK(getsockname(listener_find(port)->wire.fd, (void *)&to, &len) == 0,
          "what listens has a name");
    e->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    e->peer.port = port;
    e->peer.established = connect(e->fd, (void *)&to, sizeof to) == 0;
    do
        card_run();
    while (!listener_find(port)->resting && !host.quiet && !e->peer.reset &&
           stream_usage().open == before && !e->peer.fin && peers_wait());
    return &e->peer;
}

void peer_send(struct peer *p, const void *data, size_t len)
{
    struct end *e = end_of(p);

    e->out = realloc(e->out, e->out_len + len);
    memcpy(e->out + e->out_len, data, len);
    e->out_len += len;
    p->sent += (uint32_t)len;
    card_run();
}

uint16_t peer_port(const struct peer *p)
{
    struct sockaddr_in name;
    socklen_t len = sizeof name;

    getsockname(((const struct end *)p)->fd, (void *)&name, &len);
    return ntohs(name.sin_port);
}

void peer_fin(struct peer *p)
{
    p->ended = true;
    card_run();
}

void peer_reset(struct peer *p)
{
    static const struct linger not_at_all = { 1, 0 };
    struct end *e = end_of(p);

    setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &not_at_all,
               sizeof not_at_all);
    end_close(e);
    card_run();
}
