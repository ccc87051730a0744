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
    size_t at = 0;

    while (at < len && http_is_tchar(line[at]))
        at++;
    struct http_slice method = { line, at };
    if (at == 0 || at == len || line[at++] != ' ')
        return 400;

    size_t target = at;
    while (at < len && http_is_vchar(line[at]))
        at++;
    struct http_slice request_target = { line + target, at - target };
    if (at == target || at == len || line[at++] != ' ')
        return 400;

    const char *version = line + at;
    if (len - at != 8 || memcmp(version, "HTTP/", 5) != 0 ||
        !http_is_digit(version[5]) || version[6] != '.' ||
        !http_is_digit(version[7]))
        return 400;

    request->method = method;
    request->request_target = request_target;
    request->major = (unsigned)(version[5] - '0');
    request->minor = (unsigned)(version[7] - '0');
    return request->major == 1 ? 0 : 505;
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
    size_t at = 0;

    while (at < len && http_is_tchar(line[at]))
        at++;
    struct http_slice name = { line, at };
    if (at == 0 || at == len || line[at++] != ':')
        return 400;

    struct http_slice rest = { line + at, len - at };
    struct http_slice value = http_trim(rest);
    for (size_t i = 0; i < value.len; i++)
        if (!http_is_field_char(value.data[i]))
            return 400;

    if (request->field_count == HTTP_FIELDS_MAX)
        return 431;
    struct http_field *field = &request->field[request->field_count++];
    field->field_name = name;
    field->field_value = value;
    return 0;
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
    if (len > HTTP_HEAD_MAX)
        len = HTTP_HEAD_MAX;

    while (request->seen < len) {
        const char *lf = memchr(buf + request->seen, '\n', len - request->seen);
        if (lf == NULL)
            break;
        const char *line = buf + request->line;
        size_t line_len = (size_t)(lf - line);
        request->seen = request->line = (size_t)(lf + 1 - buf);

        if (line_len == 0 || line[line_len - 1] != '\r') {
            request->status_code = 400;
            return HTTP_BAD;
        }
        line_len--;
        if (request->method.data == NULL) {
            if (line_len == 0)
                continue;
            request->status_code =
                http_parse_request_line(request, line, line_len);
        } else {
            if (line_len == 0) {
                request->head_len = request->line;
                return HTTP_OK;
            }
            request->status_code =
                http_parse_field_line(request, line, line_len);
        }
        if (request->status_code != 0)
            return HTTP_BAD;
    }

    request->seen = len;
    if (len < HTTP_HEAD_MAX)
        return HTTP_PARTIAL;
    request->status_code = request->method.data == NULL ? 414 : 431;
    return HTTP_BAD;
    /* END 12.3 */
}

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    /* TODO 12.4 http_field: walk the fields and compare names; "HOST" and
     * "host" are the same. */
    unsigned count = 0;

    for (unsigned i = 0; i < request->field_count; i++) {
        if (!http_slice_is_nocase(request->field[i].field_name, name))
            continue;
        if (count++ == 0)
            *value = request->field[i].field_value;
    }
    return count;
    /* END 12.4 */
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    /* TODO 12.5 http_field_has: the same field may come in several lines, and
     * they mean what one line with all their members would. "close" is not a
     * member of "closed" or of "un-close". http_next_member() takes a list
     * apart. */
    for (unsigned i = 0; i < request->field_count; i++) {
        struct http_slice rest = request->field[i].field_value;
        if (!http_slice_is_nocase(request->field[i].field_name, name))
            continue;
        for (;;) {
            const char *comma = memchr(rest.data, ',', rest.len);
            struct http_slice member = rest;
            if (comma != NULL)
                member.len = (size_t)(comma - rest.data);
            if (http_slice_is_nocase(http_trim(member), token))
                return true;
            if (comma == NULL)
                break;
            rest.data += member.len + 1;
            rest.len -= member.len + 1;
        }
    }
    return false;
    /* END 12.5 */
}
