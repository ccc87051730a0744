/* SPDX-License-Identifier: MIT */
/*
 * connection.h - what it takes to answer one client: from the first byte of a
 * request until the last of the answer is acknowledged, and on while there is
 * more to do. For the files of this folder alone.
 *
 *    accept -> waiting.c <----- all is acknowledged, and nothing is there ----.
 *               |    ^                                                       |
 *  a first byte |    '--- the same, from READING                             |
 *               v                                                            |
 *              READING <-------------- the next request ---------------------|
 *               |  |                                                         |
 *               |  '---------> OPENING ----------> SENDING ------------------'
 *               |  |            | ^ -EAGAIN         ^ | ^ no room,    |
 *               |  |            '-' from the fs     | '-' -EAGAIN     |
 *               |  '-------- refused ---------------'                 |
 *               |                                                     |
 *               |                        ENDING <---- the last, ------|
 *               |                          |          if crowded      |
 *               |                          v                          |
 *               '- ended, timeout, error-> CLOSED <---- the last -----'
 *                                          |
 *                                          '-> free: nothing is lent
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "fs/fs.h"
#include "http/listing.h"
#include "http/path.h"
#include "http/refine.h"
#include "http/request.h"
#include "http/response.h"
#include "net/stream.h"

enum {
    HTTP_BUFFERS = 4,           /* heads and the like on their way to one */
    HTTP_PINS = 16,             /* client; and pieces of files */
    HTTP_BUFFER_SIZE = 1536,
    HTTP_PEER_SIZE = 24,        /* "255.255.255.255:65535" and a NUL */
    HTTP_CHUNK_AROUND = 8 + 5,  /* "05dc" CR LF, CR LF; "0" CR LF CR LF */
};
_Static_assert(HTTP_BUFFER_SIZE - HTTP_CHUNK_AROUND >= HTTP_LISTING_MOST,
               "a buffer takes any entry of a listing");

/*
 * Memory that is lent to the stream: text of our own making, or a piece of a
 * file. `lent` counts the parts that the stream has not given back, and one
 * more while not all of it has been sent. Free exactly when lent == 0.
 */
struct http_buffer {
    struct http_connection *connection;
    unsigned lent;
    size_t len, sent;           /* sent <= len <= HTTP_BUFFER_SIZE */
    char text[HTTP_BUFFER_SIZE];
};

struct http_pin {
    struct http_connection *connection;
    unsigned lent;
    size_t len, sent;           /* of the extent, sent <= len <= extent.len */
    struct file file;           /* for fs_unmap(); closed, perhaps, by now */
    struct fs_extent extent;
};

enum http_state {
    HTTP_READING,               /* the head of the next request */
    HTTP_OPENING,               /* the file */
    HTTP_SENDING,               /* head, then content */
    HTTP_ENDING,                /* all is sent, and not all is acknowledged */
    HTTP_CLOSED,                /* no stream any more */
};

/*
 * Invariants: lent is the sum of what buffers[] and pins[] say. A connection
 * is free when it is CLOSED and lent is 0, and neither of its works is
 * awaited. What is sent next is head, text, pin, in this order, those of them
 * that are not NULL; then what http_content_next() puts there.
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
    uint64_t since_ns;          /* when what it does now began: the silence
                                   before a request, the request, the answer */
    struct event_work progress; /* something that was lent is back */
    struct event_work retry;    /* the file system may get further */
    char peer[HTTP_PEER_SIZE];          /* if http_has_access_log() */

    /* What has come: in[in_len] begins with the request's head. */
    struct http_request request;
    struct http_path path;      /* of what was opened: "/pub/index.html" */
    size_t path_len;            /* as the request has it: "/pub/" */
    size_t in_len;
    bool head_begun;            /* a part of it is there, and its time runs */
    uint64_t skip;              /* bytes of content to throw away before it */

    /* What is being answered. */
    struct http_response response;
    struct http_content content;
    bool lasting;               /* http_is_lasting() */
    bool answering;             /* the head is made, or sent */
    size_t head_len;
    uint64_t sent;              /* bytes, the head's too */
    struct http_buffer *head, *text;
    struct http_pin *pin;

    /* Where the rest of the content is. */
    bool file_open;
    struct file file;
    unsigned part;              /* of content.parts, the next */
    uint64_t file_at, left;     /* of the one before: from here so many bytes */
    uint64_t cookie;            /* in a directory, of the next entry */
    bool listing_begun, listing_ended;

    struct http_buffer buffers[HTTP_BUFFERS];
    struct http_pin pins[HTTP_PINS];
    char in[HTTP_HEAD_MAX];
};

/* ---- server.c: all of them ---- */

/* What is served. */
extern const struct http_site *http_site;

/* An answer to `c` has come to its end, or to that of the connection. */
void http_count_answer(const struct http_connection *c);

/* The same for one that needed none: there is no log then. */
void http_count_recalled(void);

/* Are they logged? Only then anybody needs to know who a client is. */
bool http_has_access_log(void);

/* Are nearly all connections taken? */
bool http_is_crowded(void);

/* One that is free, or NULL; for http_connection_open(). */
struct http_connection *http_connection_take(void);

/* Would that give one? */
bool http_connection_is_free(void);

/* Takes `c` back, if it is closed and nobody needs it any more. */
void http_connection_reap(struct http_connection *c);

/* There are more clients than there should be: the answer that is about to be
 * made is to be its connection's last. To be asked once for each. */
bool http_turn_is_over(void);

/* Are there more clients than there should be? */
bool http_is_overrun(void);

/* ---- waiting.c: who has none ---- */

/* Makes room for so many. Returns 0 or -ENOMEM. And gives it back, unless
 * somebody has waited. */
int http_waiting_make(unsigned streams);
void http_waiting_unmake(void);

/* From now on `stream` waits, and its events are seen to. When its client asks
 * for something it has a connection, or as soon as one is free. */
void http_wait(struct stream *stream);

/* How many there are, and how many of them have asked. */
unsigned http_waiting(void);
unsigned http_asking(void);

/* Gives what connections there are to those who ask, who came first first. */
void http_serve_asking(void);

/* Turns away who has waited for too long. */
void http_waiting_expire(void);

/* Who has been idle for longest goes, politely, or, if `now`, at once. False:
 * nobody has been so for HTTP_TURN_S. */
bool http_idle_gives_way(bool now);

/* ---- connection.c: what happens ---- */

/* Once, before the first use. */
void http_connection_init(struct http_connection *c);

/* Begins over `stream`, whose events come here from now on; and the first of
 * them, if it is one that somebody else has heard. */
void http_connection_open(struct http_connection *c, struct stream *stream);
size_t http_connection_receive(struct stream *s, const uint8_t *data,
                               size_t len);

/* The deadline has passed. */
void http_connection_expire(struct http_connection *c);

/* It gives way to another, at once. */
void http_connection_give_way(struct http_connection *c);

/* ---- requests.c: one after the other ---- */

/* From now on the next is read, and the client has its time. */
void http_begin_request(struct http_connection *c);
void http_set_deadline(struct http_connection *c, unsigned seconds);

/* Goes as far as it can. */
void http_go_on(struct http_connection *c);

/* The last answer has been sent. */
void http_end(struct http_connection *c);

/* Has nothing to do with the stream any more, of which `end` is the end, or
 * who sees to it from now on: stream_close, stream_abort, http_wait; NULL when
 * it is gone already. */
void http_finish(struct http_connection *c, void (*end)(struct stream *s));

/* ---- rank.c: who gives way ---- */

/* The higher, the less it would matter. HTTP_STAYS: it must not, yet. Of equals
 * it is the one that has been at it for longest. */
enum http_rank { HTTP_STAYS, HTTP_SLOW_READER, HTTP_SLOW_WRITER };
enum http_rank http_connection_rank(const struct http_connection *c);

/* ---- answer.c: one answer, from the path to the last byte ---- */

/* OPENING and SENDING. True when that is done; false when it can't go on now,
 * and an event will tell when. -EIO and its like: the answer can't be finished
 * in any way that the client would understand. */
bool http_answer_open(struct http_connection *c);
int http_answer_send(struct http_connection *c, bool *done);

/* Begins to answer c->request, which was parsed: OPENING, or SENDING if that
 * needs no file. With a status code other than 0 it was not, or not in time,
 * and that is the answer. */
void http_answer_begin(struct http_connection *c, unsigned status_code);

/* Sends what a stream did not take of an answer that was recalled, and that
 * has been counted: SENDING. */
struct http_recalled;
void http_answer_rest(struct http_connection *c,
                      const struct http_recalled *recalled);

/* Lets go of the answer, sent or not. */
void http_answer_drop(struct http_connection *c);

/* ---- select.c: which file stands for a path ---- */

/* Opens it: c->file, c->path, *out. Returns 0, or what fs.h's functions say;
 * then nothing is held. After -EAGAIN c->retry will run. */
int http_select(struct http_connection *c, struct http_selected *out);

/* Hands `error`, which came from `fs`, back; but after -EAGAIN has c->retry
 * woken. To be called around every call of a file system, at once. */
int http_again(struct http_connection *c, struct fs *fs, int error);

/* ---- content.c, directory.c: piece by piece ---- */

/* Puts the next piece of content into c->text or c->pin. Returns 0, or
 * -ENOENT when there is no more; -EAGAIN or -EBUSY when an event will tell
 * when to go on; or why there will be no more. */
int http_content_next(struct http_connection *c);

/* Will there be another piece after the one that is there now? */
bool http_content_follows(const struct http_connection *c);

/* The same for the page of the directory c->file, c->path. */
int http_directory_next(struct http_connection *c);

/* ---- lend.c: memory on loan ---- */

/* Are there buffers for one more answer? */
bool http_lend_possible(const struct http_connection *c);

/* A free buffer, empty, its sender's from now on; NULL when there is none. */
struct http_buffer *http_buffer_take(struct http_connection *c);

/* Maps c->file from `offset` on, `most` bytes at most. Returns 0; -EAGAIN when
 * the file system says so; -EBUSY when the client has as much as is its due,
 * and must first take some of it; -ENOSPC when others have all that there is;
 * or what else fs_map() says. -EIO at the end of the file. */
int http_pin_map(struct http_connection *c, uint64_t offset, uint64_t most,
                 struct http_pin **out);

/* Sends the rest of it, and counts the loan. Returns how many bytes the stream
 * took. */
size_t http_buffer_send(struct http_buffer *buffer, bool more);
size_t http_pin_send(struct http_pin *pin, bool more);

/* Its sender has no more to send of it. */
void http_buffer_put(struct http_buffer *buffer);
void http_pin_put(struct http_pin *pin);

#endif
