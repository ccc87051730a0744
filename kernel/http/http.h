/* SPDX-License-Identifier: MIT */
/*
 * http.h - a web server for a tree of files, over net/stream.h.
 *
 * HTTP/1.1 by RFC 9110 and 9112: GET, HEAD, OPTIONS; connections kept alive,
 * pipelined requests answered in order; conditions, ranges, directories, files
 * that lie there compressed. A file's content goes from the file system's
 * memory to the stream without being copied. Everything happens in the event
 * loop. docs/http.md has the picture, and what is refused and why.
 *
 *     receive --> head[8 KiB] --parse--> request --path, fs--> response
 *                                                                 |
 *     stream <------ pinned pieces of the file <-- its head <-----'
 *
 * What a client does is never more than an answer that refuses it, or the end
 * of its own connection. All memory is allocated by http_serve(): a few bytes
 * for each stream that there may be, so that as many clients can be connected;
 * and what it takes to be at a request for as many of them at a time as fit
 * into an eighth of the machine's memory. The others wait for their turn.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/fs.h"

enum {
    HTTP_IDLE_S = 60,           /* a connection without a request, or one
                                   whose client takes nothing, is closed */
    HTTP_HEAD_S = 20,           /* a head that isn't whole by then gets 408 */

    /* While there are more clients than can be served: */
    HTTP_TURN_S = 2,            /* who is silent for so long, or at one head,
                                   gives way */
    HTTP_SLOW_S = 10,           /* who in so many seconds has taken fewer */
    HTTP_SLOW_RATE = 1000,      /* bytes a second is slow, and gives way */
};

struct http_site {
    struct fs *fs;
    const char *index;          /* what "/" stands for: "index.html" */
    bool listing;               /* a directory without it is listed; else it
                                   is not found */
    bool access_log;            /* a line in the log for each answer; the word
                                   access_log=on or =off on the command line
                                   has the last word */
};

/* Answers HTTP requests on TCP port `port` from `site`, which must stay. There
 * is one server in a program. Returns 0, -EBUSY when there is one already or
 * the port is taken, -ENOMEM. */
int http_serve(uint16_t port, const struct http_site *site);

struct http_usage {
    uint64_t requests;          /* answered since the start, if only in part */
    unsigned connections, limit;        /* clients, and how many there may be */
    unsigned working, working_limit;    /* of these, at a request */
    unsigned asking;            /* and those who wait for their turn */
};
struct http_usage http_usage(void);

#endif
