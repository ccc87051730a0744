/* SPDX-License-Identifier: MIT */
/*
 * registry.h - names that HTTP keeps lists of: status codes, methods, media
 * types.
 */
#ifndef HTTP_REGISTRY_H
#define HTTP_REGISTRY_H

#include <stdbool.h>

#include "http/slice.h"

struct http_status {
    unsigned status_code;
    const char *reason_phrase;  /* "Not Found" */
    const char *sentence;       /* for a person to read, with a line break;
                                   NULL where an answer has other content */
};

/* Never NULL: a code that we don't know is a 500. */
const struct http_status *http_status(unsigned status_code);

/* Is it one of the methods of RFC 9110 §9.1, or PATCH [RFC 5789]? */
bool http_method_known(struct http_slice method);

/* The media type of a file by its name's end: "text/html; charset=utf-8" for
 * "/index.html". A name without a dot is taken for plain text; one whose end
 * we don't know is application/octet-stream. */
const char *http_media_type(struct http_slice path);

/* Is it one that gets much smaller when it is compressed? */
bool http_type_compresses(struct http_slice path);

#endif
