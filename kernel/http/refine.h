/* SPDX-License-Identifier: MIT */
/*
 * refine.h - what becomes of the plain answer that http_respond() decided on,
 * by what else the request says.
 *
 *     200 --+-- Accept-Encoding forbids all that there is ---> 406
 *           +-- If-Match, If-Unmodified-Since ---------------> 412
 *           +-- If-None-Match, If-Modified-Since ------------> 304
 *           +-- Range (and If-Range) ------------------------> 206, 416
 *           '------------------------------------------------> 200
 *     404 of a directory ---- if listings are wanted --------> the first line
 *
 * In this order. Other answers stay as they are: conditions are for those that
 * would have been a success [RFC 9110 §13.2.1].
 */
#ifndef HTTP_REFINE_H
#define HTTP_REFINE_H

#include "http/conditional.h"
#include "http/encoding.h"
#include "http/multipart.h"
#include "http/response.h"

/* What was opened for the request's path, and what is known besides. */
struct http_selected {
    struct fs_stat stat;
    bool listing;               /* it is a directory, to be listed */
    bool varies;                /* it depends on Accept-Encoding */
    enum http_coding coding;
    uint64_t now;               /* seconds since 1970; 0: nobody knows */
    uint64_t boundary;          /* for several parts: a number like no other */
};

/* Where the content of an answer comes from. */
enum http_source {
    HTTP_TEXT,                  /* response.content, perhaps nothing */
    HTTP_FILE,                  /* parts.ranges: one, or none of it */
    HTTP_PARTS,                 /* parts: several */
    HTTP_LISTING,               /* a directory */
};

struct http_content {
    enum http_source source;
    bool chunked;               /* HTTP_LISTING: the end is marked, or else is
                                   the connection's */
    struct http_parts parts;
};

/* Refines *response, says where its content comes from, and appends the field
 * lines that are to go into its head, each with its CR LF, to *fields. */
void http_refine(const struct http_request *request,
                 const struct http_selected *selected,
                 struct http_response *response, struct http_content *content,
                 struct http_text *fields);

/* The answer to OPTIONS, whatever it asks about: HTTP_ALLOW.
 * [RFC 9110 §9.3.7] */
void http_options(const struct http_request *request,
                  struct http_response *out);

/* Appends the line that says when this was sent, if anybody knows.
 * [RFC 9110 §6.6.1] */
void http_append_date(struct http_text *fields, uint64_t now);

#endif
