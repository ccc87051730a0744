/* SPDX-License-Identifier: MIT */
/*
 * stream_owner.h - who owns the streams in the tests of labs 11 and 13: takes
 * what comes, lends what is to be sent, watches that every promise of
 * net/stream.h is kept, and does in each callback what the test wants. At the
 * other end is a peer of tcp_peer.h.
 */
#ifndef UNIT_STREAM_OWNER_H
#define UNIT_STREAM_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_card.h"
#include "net/stream.h"
#include "tcp_peer.h"
#include "unit.h"

enum { PORT = 80, MIB = 1 << 20, WINDOW = 256 << 10 };

/* What it has seen, and what it is to do, of the stream that came last; a
 * test with several has them one after the other. */
struct owner {
    struct stream *stream;
    unsigned accepted, ended, errors, writables;
    int error;
    uint8_t *bytes;             /* received */
    size_t count;
    size_t takes;               /* the most that receive() takes */
    int refuse;                 /* what accept() returns */
    void (*in_receive)(struct stream *s);
    void (*in_end)(struct stream *s);
    void (*in_writable)(struct stream *s);
    void (*in_accept)(struct stream *s);
    void (*in_error)(struct stream *s);
    bool dead;                  /* nothing may be called any more */
};
extern struct owner owner;

/* The owner's events; accept() of PORT. */
extern const struct stream_events owner_events;
int owner_accept(struct stream *s);

/* For the in_...() of the owner: end the stream, after which nobody may be
 * told anything any more. */
void close_it(struct stream *s);
void abort_it(struct stream *s);

/* A piece of memory for stream_send(); the sanitizer sees who reads it after
 * it was given back, and the test whether that was too early. */
struct loan {
    uint8_t *bytes;
    size_t len;
    size_t parts;               /* that a send took and a release gave back */
    size_t most;                /* bytes taken */
};
extern unsigned released;     /* release() calls */

struct loan *loan_make(size_t len);

/* Sends what of `loan` has not been sent. */
long loan_send(struct stream *s, struct loan *loan, bool more);

/* Sends `len` bytes that are taken at once; returns a copy of them. */
uint8_t *send_all(struct stream *s, size_t len);

/* A loan for the whole test and a copy of it; and, for in_writable(), a send
 * of what of it has not been sent. */
extern struct loan *big;        /* NULL once all of it has been sent */
extern uint8_t *big_copy;
void big_make(size_t len);
void send_more_of_big(struct stream *s);

uint8_t *random_bytes(size_t len);

/* Brings up everything, with the owner listening on PORT; and, the second, a
 * connection to it. */
void start(void);
struct peer *start_connected(void);

/* All connections are at their end, and nothing is left over. */
void check_all_gone(void);

/* Both ends close, ours first; and then the same. */
void finish(struct peer *p);

/* Lets everything take its course until `cond` holds; a check that it does. */
#define COMES(cond, ...)                                                 \
    do                                                                   \
        card_run();                                                      \
    while (!(cond) && peers_wait());                                     \
    CHECK(cond, __VA_ARGS__)

#endif
