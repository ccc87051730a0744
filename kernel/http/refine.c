/* SPDX-License-Identifier: MIT */
/*
 * refine.c - see refine.h. Pure: it decides and writes, and sends nothing.
 *
 * It stands behind lab 12's http_respond(), so that a student's plain answer is
 * already a right one, and this makes it a better one. What the fields mean is
 * known by conditional.c, range.c and encoding.c.
 */
#include "http/refine.h"

#include "http/date.h"

static void append_line(struct http_text *fields, const char *name,
                        const char *value, size_t len)
{
    http_append_text(fields, name);
    http_append_bytes(fields, value, len);
    http_append_text(fields, "\r\n");
}

void http_append_date(struct http_text *fields, uint64_t now)
{
    if (now == 0)
        return;
    append_line(fields, "Date: ", http_date_text(now), HTTP_DATE_SIZE - 1);
}

void http_options(const struct http_request *request,
                  struct http_response *out)
{
    *out = (struct http_response){
        .status_code = 200,
        .minor = request->minor,
        .persist = request->persist,
        .allow = HTTP_ALLOW,
    };
}

/* A directory's page. Nobody knows its length before all of it is made, so its
 * end is marked, or, for a client that doesn't know how, is the end of the
 * connection. */
static void list(const struct http_request *request,
                 struct http_response *response, struct http_content *content)
{
    content->source = HTTP_LISTING;
    content->chunked = request->minor > 0;
    *response = (struct http_response){
        .status_code = 200,
        .minor = request->minor,
        .persist = request->persist && content->chunked,
        .head_only = response->head_only,
        .no_length = true,
        .content_type = "text/html; charset=utf-8",
    };
}

/* The fields that come with a 200, and with a 304 and a 206 too, as they say
 * what a cache may do. */
static void append_version(const struct http_selected *selected,
                           const struct http_validators *validators,
                           struct http_text *fields)
{
    if (validators->etag[0] != '\0')
        append_line(fields, "ETag: ", validators->etag,
                    strlen(validators->etag));
    else
        http_append_text(fields, "Cache-Control: no-store\r\n");
    if (selected->varies)
        http_append_text(fields, "Vary: Accept-Encoding\r\n");
}

static void append_description(const struct http_selected *selected,
                               const struct http_validators *validators,
                               struct http_text *fields)
{
    char date[HTTP_DATE_SIZE];

    if (validators->modified != 0) {
        http_date_write(validators->modified, date);
        append_line(fields, "Last-Modified: ", date, HTTP_DATE_SIZE - 1);
    }
    if (selected->coding == HTTP_GZIP)
        http_append_text(fields, "Content-Encoding: gzip\r\n");
}

static void not_modified(struct http_response *response,
                         struct http_content *content)
{
    content->source = HTTP_TEXT;
    *response = (struct http_response){
        .status_code = 304,
        .minor = response->minor,
        .persist = response->persist,
        .head_only = true,
        .no_length = true,
    };
}

/* Instead of the answer as it was: one that refuses. */
static void refuse(const struct http_request *request, unsigned status_code,
                   struct http_response *response, struct http_content *content)
{
    content->source = HTTP_TEXT;
    http_refuse(request, status_code, response);
}

/* The whole file. */
static void send_all(const struct http_response *response,
                     struct http_content *content)
{
    struct http_ranges *ranges = &content->parts.ranges;

    content->source = HTTP_FILE;
    ranges->count = response->content_length > 0;
    ranges->range[0].first = 0;
    ranges->range[0].len = response->content_length;
}

static void send_one(struct http_response *response,
                     struct http_content *content, struct http_text *fields)
{
    const struct http_range *range = &content->parts.ranges.range[0];

    content->source = HTTP_FILE;
    response->status_code = 206;
    response->content_length = range->len;
    http_append_text(fields, "Content-Range: bytes ");
    http_append_number(fields, range->first);
    http_append_text(fields, "-");
    http_append_number(fields, range->first + range->len - 1);
    http_append_text(fields, "/");
    http_append_number(fields, content->parts.size);
    http_append_text(fields, "\r\n");
}

static void send_several(struct http_response *response,
                         struct http_content *content, struct http_text *fields)
{
    content->source = HTTP_PARTS;
    content->parts.type = response->content_type;
    response->status_code = 206;
    response->content_type = NULL;
    response->content_length = http_parts_length(&content->parts);
    http_append(fields, "Content-Type: ");
    http_parts_type(&content->parts, fields);
    http_append(fields, "\r\n");
}

/* What the request's Range asks for: 0, 206 or 416. Only GET knows ranges
 * [RFC 9110 §14.2], and it is not a list, so of two neither is meant. */
static unsigned find_ranges(const struct http_request *request,
                            const struct http_selected *selected,
                            const struct http_validators *validators,
                            struct http_parts *parts)
{
    struct http_slice value;

    if (!http_slice_is(request->method, "GET") ||
        http_field(request, "Range", &value) != 1 ||
        !http_range_applies(request, validators))
        return 0;
    parts->size = selected->stat.size;
    parts->boundary = selected->boundary;
    unsigned status_code = http_range(value, parts->size, &parts->ranges);
    /* Several parts of what is compressed: nothing in such an answer could
     * say what it is that is compressed. */
    if (parts->ranges.count > 1 && selected->coding != HTTP_IDENTITY)
        return 0;
    return status_code;
}

static void send_file(const struct http_request *request,
                      const struct http_selected *selected,
                      const struct http_validators *validators,
                      struct http_response *response,
                      struct http_content *content, struct http_text *fields)
{
    unsigned status_code =
        find_ranges(request, selected, validators, &content->parts);

    http_append_text(fields, "Accept-Ranges: bytes\r\n");
    if (status_code == 416) {
        refuse(request, 416, response, content);
        http_append(fields, "Content-Range: bytes */%llu\r\n",
                    (unsigned long long)selected->stat.size);
        return;
    }
    append_version(selected, validators, fields);
    append_description(selected, validators, fields);
    if (status_code == 0)
        send_all(response, content);
    else if (content->parts.ranges.count == 1)
        send_one(response, content, fields);
    else
        send_several(response, content, fields);
}

void http_refine(const struct http_request *request,
                 const struct http_selected *selected,
                 struct http_response *response, struct http_content *content,
                 struct http_text *fields)
{
    struct http_validators validators;

    *content = (struct http_content){ .source = HTTP_TEXT };
    http_validate(&selected->stat, selected->now, &validators);
    if (selected->listing && response->status_code == 404) {
        validators = (struct http_validators){ .now = selected->now };
        list(request, response, content);
    }
    if (response->status_code != 200)
        return;

    unsigned status_code = selected->coding == HTTP_NO_CODING
                               ? 406 : http_condition(request, &validators);
    if (status_code == 304) {
        not_modified(response, content);
        append_version(selected, &validators, fields);
    } else if (status_code != 0) {
        refuse(request, status_code, response, content);
    } else if (content->source == HTTP_LISTING) {
        append_version(selected, &validators, fields);
        if (content->chunked)
            http_append(fields, "Transfer-Encoding: chunked\r\n");
    } else {
        send_file(request, selected, &validators, response, content, fields);
    }
}
