/* SPDX-License-Identifier: MIT */
/*
 * connection.h - one client, from accept() to the last byte that it has
 * acknowledged. For the files of this folder alone.
 *
 *               .--------------------- the next request ---------------------.
 *               v                                                            |
 *    accept -> READING ------------> OPENING ----------> SENDING ------------|
 *               |  |                  | ^ -EAGAIN         ^ | ^ no room,     |
 *               |  |                  '-' from the fs     | '-' -EAGAIN      |
 *               |  '-------------- refused ---------------'                  |
 *               |                                                            |
 *               '---- ended, timeout, error ----> CLOSED <---- the last -----'
 *                                                   |
 *                                                   '-> free: nothing is lent
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "fs/fs.h"
#include "http/path.h"
#include "http/request.h"
#include "http/response.h"
#include "net/stream.h"

enum {
    HTTP_HEADS = 4,             /* answers on their way to one client */
    HTTP_PINS = 16,             /* pieces of files on their way to one client */
    HTTP_HEAD_SIZE = 1024,      /* room for the head of an answer */
};

/*
 * Memory that is lent to the stream: the head of an answer, or a piece of a
 * file. `lent` counts the parts that the stream has not given back, and one
 * more while not all of it has been sent. Free exactly when lent == 0.
 */
struct http_head {
    struct http_connection *connection;
    unsigned lent;
    size_t len;
    char text[HTTP_HEAD_SIZE];
};

struct http_pin {
    struct http_connection *connection;
    unsigned lent;
    struct file file;           /* for fs_unmap(); closed, perhaps, by now */
    struct fs_extent extent;
};

enum http_state {
    HTTP_READING,               /* the head of the next request */
    HTTP_OPENING,               /* the file */
    HTTP_SENDING,               /* head, then content */
    HTTP_CLOSED,                /* no stream any more */
};

/*
 * Invariants: lent is the sum of what heads[] and pins[] say. A connection is
 * free when it is CLOSED and lent is 0, and neither of its works is awaited.
 */
struct http_connection {
    struct http_connection *next;       /* of the free ones */
    bool in_use;
    enum http_state state;
    struct stream *stream;      /* NULL when CLOSED */
    bool ended;                 /* the peer has sent all it will */
    bool crowded;               /* the stream keeps bytes that didn't fit */
    bool waiting;               /* fs_wait() has `retry` */
    unsigned lent;
    uint64_t deadline_ns;       /* by then the client must have done its part */
    struct event_work progress; /* something that was lent is back */
    struct event_work retry;    /* the file system may get further */

    /* What has come: in[in_len] begins with the request's head. */
    struct http_request request;
    struct http_path path;
    size_t in_len;
    bool head_begun;            /* a part of it is there, and its time runs */
    uint64_t skip;              /* bytes of content to throw away before it */

    /* What is being answered. */
    struct http_response response;
    struct http_head *head;     /* NULL when all of it is sent */
    size_t head_sent;
    uint64_t left;              /* bytes of content still to be sent */
    bool file_open;
    struct file file;
    uint64_t file_at;           /* where in the file they begin */
    struct http_pin *pin;       /* the piece of it that is being sent */
    size_t pin_sent;

    struct http_head heads[HTTP_HEADS];
    struct http_pin pins[HTTP_PINS];
    char in[HTTP_HEAD_MAX];
};

/* ---- server.c: all of them ---- */

/* What is served. */
extern const struct http_site *http_site;

/* An answer has been sent. */
void http_count_request(void);

/* Takes `c` back, if it is closed and nobody needs it any more. */
void http_connection_reap(struct http_connection *c);

/* ---- connection.c: what comes, and what is to be done about it ---- */

/* Once, before the first use. */
void http_connection_init(struct http_connection *c);

/* Begins over `stream`, whose events come here from now on. */
void http_connection_open(struct http_connection *c, struct stream *stream);

/* The deadline has passed. */
void http_connection_expire(struct http_connection *c);

/* ---- answer.c: one answer, from the path to the last byte ---- */

/* OPENING and SENDING. True when that is done; false when it can't go on now,
 * and an event will tell when. -EIO and its like: the answer can't be finished
 * in any way that the client would understand. */
bool http_answer_open(struct http_connection *c);
int http_answer_send(struct http_connection *c, bool *done);

/* Begins with the answer that refuses the request. */
void http_answer_refuse(struct http_connection *c, unsigned status_code);

/* Lets go of the answer, sent or not. */
void http_answer_drop(struct http_connection *c);

/* ---- lend.c: memory on loan ---- */

/* Are there a head and a pin for one more answer? */
bool http_lend_possible(const struct http_connection *c);

/* A free head, its sender's from now on; there is one. */
struct http_head *http_head_take(struct http_connection *c);

/* Maps c->file from `offset` on. Returns 0, -EAGAIN when the file system says
 * so, -EBUSY when the pins are used up, or what else fs_map() says. */
int http_pin_map(struct http_connection *c, uint64_t offset,
                 struct http_pin **out);

/* Sends, and counts the loan. Returns how many bytes the stream took. */
size_t http_head_send(struct http_head *head, size_t from, bool more);
size_t http_pin_send(struct http_pin *pin, size_t from, size_t len, bool more);

/* Its sender has no more to send of it. */
void http_head_put(struct http_head *head);
void http_pin_put(struct http_pin *pin);

#endif
