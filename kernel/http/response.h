/* SPDX-License-Identifier: MIT */
/*
 * response.h - what we answer: decided first, written afterwards, both without
 * any I/O. The bodies of all functions here are lab 12's.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/fs.h"
#include "http/path.h"
#include "http/request.h"

/* What there is where the request's path leads. */
struct http_found {
    int error;                  /* 0 or what fs.h's functions returned */
    struct fs_stat stat;        /* if error is 0 */
    const struct http_path *path;       /* what was opened, "/index.html" */
};

/* An answer. What is NULL or zero is not mentioned in its head, but for
 * content_length: 0 is told, too, unless no_length. */
struct http_response {
    unsigned status_code;
    unsigned minor;             /* of the request's version: 0 or 1 */
    bool persist;               /* if not, the connection closes after it */
    bool head_only;             /* it answers HEAD: no content follows */

    /* The content: text that stays for ever, or (data NULL) the file that was
     * found. A HEAD's answer tells its length all the same. */
    struct http_slice content;
    uint64_t content_length;
    bool no_length;             /* Content-Length is not mentioned at all */
    const char *content_type;

    const char *allow;          /* methods, for 405 */
    struct http_target location;        /* for 301: path, to which a slash is
                                           added, and query */

    /* More field lines, each with its CR LF, as given code has written them:
     * Date, ETag and others. */
    struct http_slice fields;
};

/* Which methods are allowed. */
#define HTTP_ALLOW "GET, HEAD, OPTIONS"

/* A text that grows. len may come to be more than cap: then the end of it was
 * cut off. */
struct http_text {
    char *buf;
    size_t cap, len;
};

/* Given, in text.c. Adds to the end of it, as format() does. */
void http_append(struct http_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for what needs no format, which is most of a head, and a lot
 * quicker: bytes as they are, a number in decimal, a number in hexadecimal, a
 * string, a slice. */
void http_append_bytes(struct http_text *text, const char *data, size_t len);
void http_append_number(struct http_text *text, uint64_t number);
void http_append_hex(struct http_text *text, uint64_t number);

static inline void http_append_text(struct http_text *text, const char *string)
{
    http_append_bytes(text, string, __builtin_strlen(string));
}

static inline void http_append_slice(struct http_text *text,
                                     struct http_slice slice)
{
    http_append_bytes(text, slice.data, slice.len);
}

/* ---- 12-http/respond.c ---- */

/* The answer that refuses `request` with `status_code`: its content is
 * http_status()'s sentence, as text/plain; charset=utf-8. A 405 allows
 * HTTP_ALLOW. After a head that could not be parsed, request->persist
 * is false and its method may be missing. [RFC 9110 §15] */
void http_refuse(const struct http_request *request, unsigned status_code,
                 struct http_response *out);

/* The answer to a GET or HEAD that http_check() let pass:
 *   200  a file: its size and its type
 *   301  a directory whose path in the request has no slash at its end
 *   404  -ENOENT, -ENOTDIR, -EINVAL, and what is neither file nor directory;
 *        a directory otherwise
 *   414  -ENAMETOOLONG
 *   503  -ENOMEM
 *   500  any other error
 * Whether a 200 becomes a 206, 304, 406, 412 or 416, and a directory's 404 a
 * listing, is then decided by http_refine(), which is given code.
 * [RFC 9110 §9.3.1, §9.3.2, §15] */
void http_respond(const struct http_request *request,
                  const struct http_found *found, struct http_response *out);

/* Writes the head of `response` to buf[cap]: status line, fields (those of
 * response->fields too, as they are), empty line. Connection is mentioned when
 * it is not what the version implies. Returns its length, or -ENOSPC when it
 * and a NUL do not fit. [RFC 9112 §4, §6, §9.3] */
long http_write_head(const struct http_response *response, char *buf,
                     size_t cap);

#endif
