/* SPDX-License-Identifier: MIT */
/* Another right program: what can be a table is one. */
#include "http/response.h"

#include "http/registry.h"
#include "lib/errno.h"

static bool number(struct http_slice digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        uint64_t before = *value;
        if (!http_is_digit(digits.data[i]))
            return false;
        if (__builtin_mul_overflow(before, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(digits.data[i] - '0'),
                                   value))
            return false;
    }
    return digits.len > 0;
}

unsigned http_frame(struct http_request *request)
{
    struct http_slice length, coding;
    unsigned lengths = http_field(request, "content-length", &length);
    unsigned codings = http_field(request, "transfer-encoding", &coding);
    uint64_t value;

    request->content_length = 0;
    switch (lengths + codings) {
    case 0:
        return 0;
    case 1:
        break;
    default:
        return 400;
    }
    if (lengths == 1) {
        if (!number(length, &value))
            return 400;
        request->content_length = value;
        return value <= HTTP_CONTENT_MAX ? 0 : 413;
    }
    if (request->minor == 0)
        return 400;
    if (http_slice_is_nocase(coding, "chunked"))
        return 411;
    return http_slice_is_nocase(http_last_member(coding), "chunked") ? 501
                                                                      : 400;
}

bool http_persists(const struct http_request *request)
{
    bool closes = http_field_has(request, "Connection", "close");
    bool keeps = http_field_has(request, "Connection", "keep-alive");
    bool waits = http_field_has(request, "Expect", "100-continue");

    if (closes || (waits && request->content_length != 0))
        return false;
    return keeps || request->minor != 0;
}

static bool host_is_right(const struct http_request *request)
{
    struct http_slice host;

    switch (http_field(request, "Host", &host)) {
    case 0:
        return request->minor == 0;
    case 1:
        return http_host_valid(host);
    default:
        return false;
    }
}

unsigned http_check(struct http_request *request)
{
    static const char *const allowed[] = { "GET", "HEAD", "OPTIONS" };
    unsigned status_code = host_is_right(request) ? http_frame(request) : 400;

    request->persist = status_code == 0 && http_persists(request);
    for (unsigned i = 0; i < 3; i++)
        if (status_code != 0 || http_slice_is(request->method, allowed[i]))
            return status_code;
    return http_method_known(request->method) ? 405 : 501;
}

static void begin(const struct http_request *request, unsigned status_code,
                  struct http_response *out)
{
    memset(out, 0, sizeof *out);
    out->status_code = status_code;
    out->minor = request->minor;
    out->persist = request->persist;
    out->head_only = http_slice_is(request->method, "HEAD");
}

void http_refuse(const struct http_request *request, unsigned status_code,
                 struct http_response *out)
{
    begin(request, status_code, out);
    out->content.data = http_status(status_code)->sentence;
    out->content.len = strlen(out->content.data);
    out->content_length = out->content.len;
    out->content_type = "text/plain; charset=utf-8";
    if (status_code == 405)
        out->allow = HTTP_ALLOW;
}

static unsigned status_of(int error)
{
    static const struct {
        int error;
        unsigned status_code;
    } table[] = {
        { -ENOENT, 404 },       { -ENOTDIR, 404 }, { -EINVAL, 404 },
        { -ENAMETOOLONG, 414 }, { -ENOMEM, 503 },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].error == error)
            return table[i].status_code;
    return 500;
}

void http_respond(const struct http_request *request,
                  const struct http_found *found, struct http_response *out)
{
    struct http_slice name = { found->path->text, found->path->len };
    struct http_target target;

    if (found->error) {
        http_refuse(request, status_of(found->error), out);
        return;
    }
    if (found->stat.type == FS_FILE) {
        begin(request, 200, out);
        out->content_length = found->stat.size;
        out->content_type = http_media_type(name);
        return;
    }
    if (found->stat.type == FS_DIRECTORY &&
        http_target(request->request_target, &target) == 0 &&
        target.path.data[target.path.len - 1] != '/') {
        http_refuse(request, 301, out);
        out->location = target;
        return;
    }
    http_refuse(request, 404, out);
}

long http_write_head(const struct http_response *response, char *buf,
                     size_t cap)
{
    const char *connection = response->minor == 0 ? "keep-alive" : NULL;
    struct http_text head = { buf, cap, 0 };

    if (!response->persist)
        connection = "close";
    http_append(&head, "HTTP/1.1 %u %s\r\n", response->status_code,
                http_status(response->status_code)->reason_phrase);
    if (response->content_type)
        http_append(&head, "Content-Type: %s\r\n", response->content_type);
    if (!response->no_length)
        http_append(&head, "Content-Length: %llu\r\n",
                    (unsigned long long)response->content_length);
    if (connection)
        http_append(&head, "Connection: %s\r\n", connection);
    if (response->allow)
        http_append(&head, "Allow: %s\r\n", response->allow);
    if (response->location.path.data) {
        http_append_text(&head, "Location: ");
        http_append_slice(&head, response->location.path);
        http_append_text(&head, "/");
        if (response->location.query.data) {
            http_append_text(&head, "?");
            http_append_slice(&head, response->location.query);
        }
        http_append_text(&head, "\r\n");
    }
    http_append_slice(&head, response->fields);
    http_append_text(&head, "\r\n");
    return head.len >= cap ? -ENOSPC : (long)head.len;
}
