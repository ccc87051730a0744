/* SPDX-License-Identifier: MIT */
/*
 * echo.c - a ring of blocks for each connection. What comes is copied into
 * them and sent from them; a block can be filled again once the peer has
 * acknowledged all of it. When none can, nothing is taken, and the stream
 * shuts the peer's window: that is all there is to back-pressure.
 *
 *      blocks   [ home ][ lent ][ lent ][ filled ][ home ][ home ] ...
 *                        borrowed        ^         ^
 *                        by the stream   sending   filling
 */
#include "apps/tcpecho/echo.h"

#include "apps/tcpecho/home.h"
#include "console/log.h"
#include "core/clock.h"
#include "event/event.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/heap.h"
#include "net/stream.h"

/* Invariants: sent <= filled; home is to have sent == filled and nothing
 * lent. */
struct block {
    struct connection *connection;
    size_t filled;              /* bytes in it */
    size_t sent;                /* of these, taken by stream_send() */
    unsigned lent;              /* parts whose release is still to come */
    uint8_t bytes[ECHO_BLOCK_SIZE];
};

/* It stays until its stream has gone and its blocks are home. */
struct connection {
    struct stream *stream;      /* NULL: gone */
    bool ended;                 /* the peer has said its last */
    bool refused;               /* receive() took less than it was offered */
    unsigned filling, sending;  /* blocks; counted on, modulo ECHO_BLOCKS */
    unsigned away;              /* blocks that are not home */
    uint64_t bytes;             /* received */
    struct connection *next;    /* in `spare` */
    struct block blocks[ECHO_BLOCKS];
};

static struct connection *spare;
static unsigned in_use;
static unsigned long long connections, bytes;
static struct event_timer rest;

/* ---- Blocks ------------------------------------------------------------- */

static bool is_home(const struct block *b)
{
    return b->sent == b->filled && b->lent == 0;
}

static struct block *block_at(struct connection *c, unsigned number)
{
    return &c->blocks[number % ECHO_BLOCKS];
}

static void give_up_if_over(struct connection *c)
{
    if (c->stream || c->away > 0)
        return;
    c->next = spare;
    spare = c;
    if (--in_use == 0)
        event_timer_set(&rest, clock_ns());
}

/* A part of a block has come back: the peer has it, or never will. */
static void part_came_back(void *ctx)
{
    struct block *b = ctx;
    struct connection *c = b->connection;

    b->lent--;
    if (!is_home(b))
        return;
    c->away--;
    if (c->stream && c->refused) {
        c->refused = false;
        stream_resume(c->stream);
    }
    give_up_if_over(c);
}

/* ---- Connections -------------------------------------------------------- */

/* The stream is no longer ours. What it has not taken is not sent any more. */
static void over(struct connection *c, const char *how)
{
    log_line("tcpecho: %llu bytes, %s", (unsigned long long)c->bytes, how);
    c->stream = NULL;
    for (; c->sending != c->filling; c->sending++) {
        struct block *b = block_at(c, c->sending);

        b->filled = b->sent;
        if (is_home(b))
            c->away--;
    }
    give_up_if_over(c);
}

/* Sends what is filled; and after the last byte, our end. */
static void send_filled(struct connection *c)
{
    while (c->sending != c->filling) {
        struct block *b = block_at(c, c->sending);
        long n = stream_send(c->stream, b->bytes + b->sent,
                             b->filled - b->sent, c->sending + 1 != c->filling,
                             part_came_back, b);

        if (n < 0)
            return;             /* writable() comes */
        b->lent++;
        b->sent += (size_t)n;
        if (b->sent < b->filled)
            return;
        c->sending++;
    }
    if (c->ended) {
        stream_close(c->stream);
        over(c, "ended");
    }
}

static size_t receive(struct stream *s, const uint8_t *data, size_t len)
{
    struct connection *c = stream_context(s);
    size_t taken = 0;

    while (taken < len && is_home(block_at(c, c->filling))) {
        struct block *b = block_at(c, c->filling);
        size_t n = len - taken < ECHO_BLOCK_SIZE ? len - taken
                                                 : ECHO_BLOCK_SIZE;

        memcpy(b->bytes, data + taken, n);
        b->filled = n;
        b->sent = 0;
        c->filling++;
        c->away++;
        taken += n;
    }
    c->refused = taken < len;
    c->bytes += taken;
    bytes += taken;
    send_filled(c);
    return taken;
}

static void writable(struct stream *s)
{
    send_filled(stream_context(s));
}

static void end(struct stream *s)
{
    struct connection *c = stream_context(s);

    c->ended = true;
    send_filled(c);
}

static void failed(struct stream *s, int number)
{
    over(stream_context(s), number == -ECONNRESET ? "reset by the peer"
                            : number == -ETIMEDOUT ? "no answer any more"
                                                   : "out of memory");
}

static int accept(struct stream *s)
{
    static const struct stream_events events = { receive, end, writable,
                                                 failed };
    struct connection *c = spare;

    if (!c)
        return -ENOMEM;         /* one is still waiting for its blocks */
    spare = c->next;
    in_use++;
    connections++;
    c->stream = s;
    c->ended = c->refused = false;
    c->filling = c->sending = 0;
    c->bytes = 0;
    stream_attach(s, &events, c);
    return 0;
}

/* ---- The whole ---------------------------------------------------------- */

/* All connections are over; the last streams may still be closing, the last
 * frames be with the card. */
static void look_for_rest(struct event_timer *timer)
{
    if (in_use > 0)
        return;
    if (stream_usage().open > 0 || !home_is_all())
        event_timer_set(timer, clock_ns() + 100 * NS_PER_MS);
    else
        log_line("tcpecho: at rest after %llu connections, %llu bytes",
                 connections, bytes);
}

int echo_serve(uint16_t port)
{
    struct connection *all = heap_alloc_array(ECHO_CONNECTIONS, sizeof *all);

    if (!all) {
        log_line("tcpecho: no memory for connections");
        return -ENOMEM;
    }
    for (unsigned i = 0; i < ECHO_CONNECTIONS; i++) {
        for (unsigned k = 0; k < ECHO_BLOCKS; k++)
            all[i].blocks[k].connection = &all[i];
        all[i].next = spare;
        spare = &all[i];
    }
    rest.expire = look_for_rest;
    int error = stream_listen(port, ECHO_CONNECTIONS, accept);
    home_remember();
    return error;
}
