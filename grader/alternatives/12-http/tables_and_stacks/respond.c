/* SPDX-License-Identifier: MIT */
/* Another right program: each question is a function of its own, and answers
 * grow from one that is all zero. */
#include "http/response.h"

#include "http/registry.h"
#include "lib/errno.h"

static unsigned frame_by_coding(const struct http_request *request,
                                struct http_slice coding)
{
    size_t at = coding.len;

    if (request->minor < 1)
        return 400;
    while (at > 0 && coding.data[at - 1] != ',')
        at--;
    struct http_slice last = { coding.data + at, coding.len - at };
    if (!http_slice_is_nocase(http_trim(last), "chunked"))
        return 400;
    return at == 0 ? 411 : 501;
}

static unsigned frame_by_length(struct http_request *request,
                                struct http_slice length)
{
    size_t at = 0;

    for (size_t i = 0; i < length.len; i++)
        if (!http_is_digit(length.data[i]))
            return 400;
    if (length.len == 0)
        return 400;
    while (at < length.len && length.data[at] == '0')
        at++;
    /* 2^64 - 1 has 20 digits, and is greater than whatever has 19. */
    static const char most[] = "18446744073709551615";
    size_t digits = length.len - at;
    if (digits > 20 ||
        (digits == 20 && memcmp(length.data + at, most, 20) > 0))
        return 400;
    for (; at < length.len; at++)
        request->content_length = request->content_length * 10 +
                                  (uint64_t)(length.data[at] - '0');
    return request->content_length > HTTP_CONTENT_MAX ? 413 : 0;
}

unsigned http_frame(struct http_request *request)
{
    struct http_slice length = { NULL, 0 }, coding = { NULL, 0 };
    unsigned lengths = http_field(request, "Content-Length", &length);
    unsigned codings = http_field(request, "Transfer-Encoding", &coding);

    request->content_length = 0;
    if (lengths + codings > 1)
        return 400;
    if (codings == 1)
        return frame_by_coding(request, coding);
    return lengths == 1 ? frame_by_length(request, length) : 0;
}

bool http_persists(const struct http_request *request)
{
    bool persists = request->minor >= 1;

    if (http_field_has(request, "Connection", "keep-alive"))
        persists = true;
    if (http_field_has(request, "Connection", "close"))
        persists = false;
    if (request->content_length > 0 &&
        http_field_has(request, "Expect", "100-continue"))
        persists = false;
    return persists;
}

static unsigned check_end(struct http_request *request)
{
    struct http_slice host;
    unsigned hosts = http_field(request, "Host", &host);

    if (hosts > 1)
        return 400;
    if (hosts == 0 && request->minor >= 1)
        return 400;
    if (hosts == 1 && !http_host_valid(host))
        return 400;
    return http_frame(request);
}

unsigned http_check(struct http_request *request)
{
    unsigned status_code = check_end(request);

    if (status_code != 0) {
        request->persist = false;
        return status_code;
    }
    request->persist = http_persists(request);
    if (!http_method_known(request->method))
        return 501;
    if (http_slice_is(request->method, "GET") ||
        http_slice_is(request->method, "HEAD") ||
        http_slice_is(request->method, "OPTIONS"))
        return 0;
    return 405;
}

static struct http_response for_request(const struct http_request *request)
{
    struct http_response response = { 0 };

    response.minor = request->minor;
    response.persist = request->persist;
    response.head_only = http_slice_is(request->method, "HEAD");
    return response;
}

void http_refuse(const struct http_request *request, unsigned status_code,
                 struct http_response *out)
{
    struct http_response response = for_request(request);
    const struct http_status *status = http_status(status_code);

    response.status_code = status_code;
    while (status->sentence[response.content.len] != '\0')
        response.content.len++;
    response.content.data = status->sentence;
    response.content_length = response.content.len;
    response.content_type = "text/plain; charset=utf-8";
    if (status_code == 405)
        response.allow = HTTP_ALLOW;
    *out = response;
}

static unsigned status_of(const struct http_found *found)
{
    switch (found->error) {
    case 0:
        return found->stat.type == FS_FILE ? 200 : 404;
    case -ENOENT:
    case -ENOTDIR:
    case -EINVAL:
        return 404;
    case -ENAMETOOLONG:
        return 414;
    case -ENOMEM:
        return 503;
    default:
        return 500;
    }
}

void http_respond(const struct http_request *request,
                  const struct http_found *found, struct http_response *out)
{
    unsigned status_code = status_of(found);
    struct http_slice name = { found->path->text, found->path->len };
    struct http_target target;

    if (status_code == 200) {
        *out = for_request(request);
        out->status_code = 200;
        out->content_length = found->stat.size;
        out->content_type = http_media_type(name);
        return;
    }
    bool moved = found->error == 0 && found->stat.type == FS_DIRECTORY &&
                 http_target(request->request_target, &target) == 0 &&
                 target.path.data[target.path.len - 1] != '/';
    http_refuse(request, moved ? 301 : status_code, out);
    if (moved)
        out->location = target;
}

static void line(struct http_text *head, const char *name, const char *value)
{
    if (value != NULL)
        http_append(head, "%s: %s\r\n", name, value);
}

long http_write_head(const struct http_response *response, char *buf,
                     size_t cap)
{
    const struct http_status *status = http_status(response->status_code);
    struct http_text head = { buf, cap, 0 };

    http_append(&head, "HTTP/1.1 %u %s\r\n", status->status_code,
                status->reason_phrase);
    http_append_slice(&head, response->fields);
    line(&head, "Allow", response->allow);
    line(&head, "Content-Type", response->content_type);
    line(&head, "Connection", !response->persist     ? "close"
                              : response->minor == 0 ? "keep-alive"
                                                     : NULL);
    if (response->location.path.data != NULL) {
        http_append(&head, "Location: ");
        http_append_slice(&head, response->location.path);
        http_append(&head, response->location.query.data ? "/?" : "/");
        http_append_slice(&head, response->location.query);
        http_append(&head, "\r\n");
    }
    if (!response->no_length) {
        http_append(&head, "Content-Length: ");
        http_append_number(&head, response->content_length);
        http_append(&head, "\r\n");
    }
    http_append(&head, "\r\n");
    if (head.len >= head.cap)
        return -ENOSPC;
    return (long)head.len;
}
