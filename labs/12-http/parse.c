/* SPDX-License-Identifier: MIT */
/*
 * parse.c - the head of a request, taken apart as it comes in.
 *
 * Pure: it reads a buffer and leaves slices of it in struct http_request. It
 * stands under kernel/http/connection.c, which owns the buffer; what the
 * fields mean is respond.c's business, what the target means is path.c's.
 *
 * Contracts, with their sections of the RFCs: kernel/http/request.h.
 */
#include "http/request.h"

#include "core/panic.h"

unsigned http_parse_request_line(struct http_request *request, const char *line,
                                 size_t len)
{
    /* TODO 12.1 http_parse_request_line: three parts with exactly one space
     * between them. Which characters the first and the second may be made of
     * is in http/slice.h; the third is "HTTP/", a digit, a dot, a digit, and
     * then the line must end. Refuse anything else with 400: what a lenient
     * reader lets pass, another server may read in another way
     * [RFC 9112 §3]. Only then look at the number: we speak HTTP/1. */
    lab_todo("12.1 http_parse_request_line");
    /* END 12.1 */
}

unsigned http_parse_field_line(struct http_request *request, const char *line,
                               size_t len)
{
    /* TODO 12.2 http_parse_field_line: the name is a token, and the colon
     * follows at once. The rest, without the blanks at its ends, is the
     * value; its every character must be one that a field value may hold
     * (http/slice.h). An empty value is fine, an empty name is not. Put both
     * slices into the next free place of request->field. */
    lab_todo("12.2 http_parse_field_line");
    /* END 12.2 */
}

enum http_parsed http_parse(struct http_request *request, const char *buf,
                            size_t len)
{
    /* TODO 12.3 http_parse: look for line ends from request->seen on, and hand
     * each whole line to one of the two functions above; request->line is
     * where the next one begins. An empty line before the request line is
     * skipped, after it it ends the head: set head_len. When the bytes are used
     * up, remember how far you came and ask for more.
     * A head may end in the middle of anything, between CR and LF too, and
     * what a client sends must not come out otherwise for having been cut
     * elsewhere: so never look beyond the first HTTP_HEAD_MAX bytes, even when
     * there are more. */
    lab_todo("12.3 http_parse");
    /* END 12.3 */
}

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    /* TODO 12.4 http_field: walk the fields and compare names; "HOST" and
     * "host" are the same. */
    lab_todo("12.4 http_field");
    /* END 12.4 */
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    /* TODO 12.5 http_field_has: the same field may come in several lines, and
     * they mean what one line with all their members would. "close" is not a
     * member of "closed" or of "un-close". http_next_member() takes a list
     * apart. */
    lab_todo("12.5 http_field_has");
    /* END 12.5 */
}
