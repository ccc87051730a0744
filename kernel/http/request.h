/* SPDX-License-Identifier: MIT */
/*
 * request.h - what a client asks for: the head of a request, taken apart.
 *
 *     GET /a%20b?c HTTP/1.1 CRLF          request line
 *     |   |        '-> major, minor
 *     |   '-> request_target
 *     '-> method
 *     Host: example.org CRLF              field lines
 *     |     '-> field[0].field_value
 *     '-> field[0].field_name
 *     CRLF                                the end of the head
 *
 * The parser is pure: a buffer and a length in; slices of that buffer out. It
 * may be called whenever more bytes have come, and looks at no byte for a line
 * end twice. The bodies of all functions here are lab 12's.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/slice.h"

enum {
    HTTP_HEAD_MAX = 8192,       /* bytes of a head, its last CRLF included */
    HTTP_FIELDS_MAX = 64,       /* field lines of a head */
    HTTP_CONTENT_MAX = 65536,   /* bytes of content that we read past: nobody
                                   here has a use for it */
};

struct http_field {
    struct http_slice field_name;
    struct http_slice field_value;      /* without blanks at either end */
};

struct http_request {
    struct http_slice method;           /* .data is NULL before it is known */
    struct http_slice request_target;
    unsigned major, minor;              /* of the HTTP-version: 1, 1 */
    unsigned field_count;               /* <= HTTP_FIELDS_MAX */

    size_t head_len;            /* after HTTP_OK: bytes up to the content */
    unsigned status_code;       /* after HTTP_BAD: what to answer */

    /* Where http_parse() stands: line <= seen <= len. */
    size_t line;                /* where the first line begins that has not
                                   been taken apart yet */
    size_t seen;                /* no line ends between there and here */

    /* What http_check() finds out. */
    bool persist;               /* another request may follow this one */
    uint64_t content_length;    /* bytes of content behind the head */

    struct http_field field[HTTP_FIELDS_MAX];   /* field_count of them */
};

/* Given. Before the first http_parse() of each request: all zero, but for the
 * fields, which are many and not looked at before they are written. */
static inline void http_request_start(struct http_request *request)
{
    __builtin_memset(request, 0, offsetof(struct http_request, field));
}

enum http_parsed {
    HTTP_PARTIAL,               /* call again when there are more bytes */
    HTTP_OK,                    /* the head is there, head_len bytes long */
    HTTP_BAD,                   /* answer status_code, then close */
};

/* Given, in host.c. May this be the value of a Host field: a name, an IPv4
 * address or an IPv6 address in brackets, and perhaps ":" and a port? Nothing
 * at all may be, too: a target without a host has that.
 * [RFC 9112 §3.2, RFC 3986 §3.2.2] */
bool http_host_valid(struct http_slice host);

/* ---- 12-http/parse.c ---- */

/* Takes the request line line[len] (without its CR LF) apart: method,
 * request_target, major, minor. Returns 0, or the status code to answer:
 * 400 for a line that is not method SP request-target SP HTTP-version, of
 * which the first is a token and the second of visible characters; 505 for a
 * major version other than 1. [RFC 9112 §3, §2.3] */
unsigned http_parse_request_line(struct http_request *request,
                                 const char *line, size_t len);

/* Takes one field line (without its CR LF) apart and adds it to the fields.
 * Returns 0, or the status code to answer: 400 for a line that is not
 * field-name ":" OWS field-value OWS; 431 when there is no room for another.
 * A line that begins with a blank was once the continuation of the one before
 * it; here it is 400, as is a blank before the colon. [RFC 9112 §5] */
unsigned http_parse_field_line(struct http_request *request, const char *line,
                               size_t len);

/* Goes on with the head that begins at buf[0], of which `len` bytes are there
 * by now. While it returns HTTP_PARTIAL it must be called with the same buf,
 * its bytes unchanged, and the same or a greater len; the slices in *request
 * point into it. Each line ends in CR LF; empty lines before the request line
 * are skipped; what is behind the head is not looked at.
 * HTTP_BAD: what the two functions above refuse; a LF without a CR before it
 * (400); no end among the first HTTP_HEAD_MAX bytes (414 while the request
 * line is not complete, else 431). [RFC 9112 §2.2, RFC 9110 §15.5.15] */
enum http_parsed http_parse(struct http_request *request, const char *buf,
                            size_t len);

/* How many field lines have that name, in whatever case; *value is the first
 * one's value, and is left alone when there are none. [RFC 9110 §5.1] */
unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value);

/* For fields whose values are lists, "Connection: keep-alive, Upgrade": is
 * `token` a member, in whatever case, in any line of that name? Members are
 * separated by commas with optional blanks round them. [RFC 9110 §5.6.1] */
bool http_field_has(const struct http_request *request, const char *name,
                    const char *token);

/* ---- 12-http/respond.c ---- */

/* Finds where the request ends: sets content_length, 0 when no field tells
 * it. Returns 0, or the status code to answer:
 *   400  a Content-Length beside a Transfer-Encoding, or more than one, or one
 *        that is not a number of digits alone that fits into 64 bits; a
 *        Transfer-Encoding in an HTTP/1.0 request, or in two lines, or whose
 *        last coding is not "chunked", so that nobody can tell where the
 *        content ends
 *   501  a Transfer-Encoding with another coding before "chunked"
 *   411  "chunked" alone: we want to be told the length beforehand
 *   413  more than HTTP_CONTENT_MAX bytes
 * [RFC 9112 §6.1, §6.3; RFC 9110 §8.6, §15.5.12, §15.5.14] */
unsigned http_frame(struct http_request *request);

/* May the connection be used for another request after this one? What the
 * client wants by its version and Connection [RFC 9112 §9.3]; never when there
 * is content and "Expect: 100-continue": the client holds it back until we ask
 * for it, which we don't, or it may lose patience and send it, and nobody can
 * say which [RFC 9110 §10.1.1]. After http_frame(). */
bool http_persists(const struct http_request *request);

/* Looks at the whole head, after HTTP_OK. Sets content_length and persist.
 * Returns 0 when the request can be answered, or the status code to refuse it
 * with, and persist is false if nobody can say where the next request would
 * begin:
 *   400  an HTTP/1.1 request without a Host; any with two, or with one that
 *        http_host_valid() does not accept [RFC 9112 §3.2]
 *   400, 411, 413, 501  what http_frame() says
 *   405  a method that RFC 9110 knows, other than GET, HEAD and OPTIONS
 *   501  any other method
 * The first two leave persist false. */
unsigned http_check(struct http_request *request);

#endif
