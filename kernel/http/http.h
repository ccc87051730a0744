/* SPDX-License-Identifier: MIT */
/*
 * http.h - a web server for a tree of files, over net/stream.h.
 *
 * GET and HEAD, connections kept alive, pipelined requests answered in order.
 * A file's content goes from the file system's memory to the stream without
 * being copied. Everything happens in the event loop.
 *
 *     receive --> head[8 KiB] --parse--> request --path, fs--> response
 *                                                                 |
 *     stream <------ pinned pieces of the file <-- its head <-----'
 *
 * What a client does is never more than an answer that refuses it, or the end
 * of its own connection. All memory is allocated by http_serve().
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdint.h>

#include "fs/fs.h"

enum {
    HTTP_CONNECTIONS = 128,     /* at a time; more are not answered until one
                                   of them has gone, or are reset while the
                                   card still holds what it sent last */
    HTTP_IDLE_S = 60,           /* a connection without a request, or one
                                   whose client takes nothing, is closed */
    HTTP_HEAD_S = 20,           /* a head that isn't whole by then gets 408 */
};

struct http_site {
    struct fs *fs;
    const char *index;          /* what "/" stands for: "index.html" */
};

/* Answers HTTP requests on TCP port `port` from `site`, which must stay. There
 * is one server in a program. Returns 0, -EBUSY when there is one already or
 * the port is taken, -ENOMEM. */
int http_serve(uint16_t port, const struct http_site *site);

struct http_usage {
    uint64_t requests;          /* answered since the start */
    unsigned connections;       /* of HTTP_CONNECTIONS */
};
struct http_usage http_usage(void);

#endif
