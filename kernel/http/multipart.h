/* SPDX-License-Identifier: MIT */
/*
 * multipart.h - several parts of a file in one answer. [RFC 9110 §14.6]
 *
 *     --b                                     http_part_begin(0)
 *     Content-Type: text/plain
 *     Content-Range: bytes 0-9/100
 *
 *     0123456789                              the file's
 *     --b                                     http_part_begin(1)
 *     ...
 *     --b--                                   http_parts_end()
 *
 * The line break before a "--b" belongs to it and not to what is before it.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "http/range.h"
#include "http/response.h"

struct http_parts {
    uint64_t boundary;          /* what no part happens to have in it */
    const char *type;           /* the file's media type, */
    uint64_t size;              /* and its size */
    struct http_ranges ranges;
};

/* Appends the media type of the whole. */
void http_parts_type(const struct http_parts *parts, struct http_text *text);

/* Appends what comes before the part with that number, or after the last. */
void http_part_begin(const struct http_parts *parts, unsigned number,
                     struct http_text *text);
void http_parts_end(const struct http_parts *parts, struct http_text *text);

/* How long all of it is. */
uint64_t http_parts_length(const struct http_parts *parts);

#endif
