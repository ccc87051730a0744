/* SPDX-License-Identifier: MIT */
/*
 * conditional.h - which version of a file this is, and what the client says
 * about the one it has. [RFC 9110 §8.8, §13]
 */
#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include "fs/fs.h"
#include "http/request.h"

/*
 * What tells one version of a file from another.
 *
 *     "1f-5f5e1000-2a"
 *      |  |        '-- size
 *      |  '----------- mtime
 *      '-------------- id; a precompressed file has another than the plain one
 *
 * A file system is only read while it is served, so an entity tag is always a
 * strong one. A file that says no mtime is made anew each time, and has
 * neither tag nor date.
 */
enum { HTTP_ETAG_SIZE = 56 };

struct http_validators {
    char etag[HTTP_ETAG_SIZE];          /* with its quotes; "": none */
    uint64_t modified;                  /* Last-Modified; 0: none */
    bool date_is_strong;                /* the second that it names is over */
    uint64_t now;                       /* 0: nobody knows */
};

void http_validate(const struct fs_stat *stat, uint64_t now,
                   struct http_validators *out);

/* What becomes of a GET or HEAD that would be answered 200: 0 (that), 304 or
 * 412. The fields are looked at in the order of [RFC 9110 §13.2.2]; one that
 * can't be understood is as if it were not there. */
unsigned http_condition(const struct http_request *request,
                        const struct http_validators *validators);

/* May the request's Range be looked at? Not when there is an If-Range that
 * names another version. [RFC 9110 §13.1.5] */
bool http_range_applies(const struct http_request *request,
                        const struct http_validators *validators);

#endif
