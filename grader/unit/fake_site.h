/* SPDX-License-Identifier: MIT */
/*
 * fake_site.h - a site over fake files, clients that ask for them, and their
 * answers taken apart. What the server takes from the rest of the kernel is
 * here too: memory, clock_unix(), the command line.
 */
#ifndef UNIT_FAKE_SITE_H
#define UNIT_FAKE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_files.h"
#include "fake_stream.h"
#include "http/http.h"
#include "http/request.h"

/* Sun, 06 Nov 1994 08:49:37 GMT: of the files that have a date. */
enum { FAKE_BIG = 40000, FAKE_MTIME = 784111777 };
extern char fake_big[FAKE_BIG];         /* the content of "/big" */
extern struct http_site fake_site;

/* The knobs; to be turned before serve(). */
extern size_t fake_memory;
extern uint64_t fake_now;               /* what clock_unix() says */
extern const char *fake_access_log;     /* access_log=... */

/* Starts the server. */
void serve(void);

/* A client that sends `text`, and gets everything that comes. */
struct fake_client *ask(const char *text);

/* Nothing is held for anybody. */
void check_nothing_left(void);

struct answer {
    unsigned status;
    char head[2000];
    const char *content;
    size_t content_len;
};

/* The answer at *at, which moves behind it. `head_only`: it is a HEAD's.
 * Chunks are put together. */
struct answer next_answer(const char **at, const char *end, bool head_only);

/* The only answer that came. */
struct answer only_answer(struct fake_client *client, bool head_only);

/* Asks, and looks at the status and at whether the connection closes. */
void check_answer(const char *text, unsigned status, bool closes);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD(path) "HEAD " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* The same with more field lines, each with its CR LF. */
#define GET_WITH(path, fields) \
    "GET " path " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"
#define HEAD_WITH(path, fields) \
    "HEAD " path " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"

#endif
