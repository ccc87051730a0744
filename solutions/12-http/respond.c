/* SPDX-License-Identifier: MIT */
/*
 * respond.c - what a request means for the connection, and what is answered.
 *
 * Pure: it decides and writes, and sends nothing. parse.c has taken the head
 * apart before; answer.c opens the file and sends what is decided here, and
 * connection.c then goes on to the next request or closes. The texts of status
 * codes and the media types are in kernel/http/registry.c.
 *
 * Contracts: kernel/http/request.h and kernel/http/response.h.
 */
#include "http/response.h"

#include "core/panic.h"
#include "http/registry.h"
#include "lib/errno.h"

unsigned http_frame(struct http_request *request)
{
    /* TODO 12.9 http_frame: who sends two answers to "where does this request
     * end?" hopes that two servers on the way believe different ones; so
     * doubt is an error. Digits only: no sign, no blank, no empty value; and
     * see that the number fits before it is multiplied. The last member of a
     * list is http_last_member(). */
    struct http_slice length, coding;
    unsigned lengths = http_field(request, "Content-Length", &length);
    unsigned codings = http_field(request, "Transfer-Encoding", &coding);

    request->content_length = 0;
    if (codings > 0) {
        if (lengths > 0 || codings > 1 || request->minor == 0 ||
            !http_slice_is_nocase(http_last_member(coding), "chunked"))
            return 400;
        return http_slice_is_nocase(coding, "chunked") ? 411 : 501;
    }
    if (lengths == 0)
        return 0;
    if (lengths > 1 || length.len == 0)
        return 400;

    uint64_t value = 0;
    for (size_t i = 0; i < length.len; i++) {
        if (!http_is_digit(length.data[i]))
            return 400;
        uint64_t digit = (uint64_t)(length.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return 400;
        value = value * 10 + digit;
    }
    request->content_length = value;
    return value > HTTP_CONTENT_MAX ? 413 : 0;
    /* END 12.9 */
}

bool http_persists(const struct http_request *request)
{
    /* TODO 12.10 http_persists: HTTP/1.1 keeps a connection unless told to
     * close it, HTTP/1.0 closes unless told to keep it, and "close" wins when
     * both are said. And then there is content that may not come. */
    if (request->content_length > 0 &&
        http_field_has(request, "Expect", "100-continue"))
        return false;
    if (http_field_has(request, "Connection", "close"))
        return false;
    return request->minor > 0 ||
           http_field_has(request, "Connection", "keep-alive");
    /* END 12.10 */
}

unsigned http_check(struct http_request *request)
{
    /* TODO 12.11 http_check: what makes the end of the request doubtful comes
     * first, with persist false. After that the connection can go on whatever
     * the answer is; so a 405 or 501 for the method need not close it. */
    struct http_slice host;
    unsigned hosts = http_field(request, "Host", &host);

    request->persist = false;
    if (hosts > 1 || (hosts == 0 && request->minor > 0) ||
        (hosts == 1 && !http_host_valid(host)))
        return 400;
    unsigned status_code = http_frame(request);
    if (status_code != 0)
        return status_code;

    request->persist = http_persists(request);
    if (http_slice_is(request->method, "GET") ||
        http_slice_is(request->method, "HEAD") ||
        http_slice_is(request->method, "OPTIONS"))
        return 0;
    return http_method_known(request->method) ? 405 : 501;
    /* END 12.11 */
}

void http_refuse(const struct http_request *request, unsigned status_code,
                 struct http_response *out)
{
    /* TODO 12.12 http_refuse: fill in all of *out; what does not apply is
     * zero. The method may be a HEAD here too, also when a later line of the
     * head was bad. */
    const char *sentence = http_status(status_code)->sentence;

    *out = (struct http_response){
        .status_code = status_code,
        .minor = request->minor,
        .persist = request->persist,
        .head_only = http_slice_is(request->method, "HEAD"),
        .content = { sentence, strlen(sentence) },
        .content_length = strlen(sentence),
        .content_type = "text/plain; charset=utf-8",
        .allow = status_code == 405 ? HTTP_ALLOW : NULL,
    };
    /* END 12.12 */
}

void http_respond(const struct http_request *request,
                  const struct http_found *found, struct http_response *out)
{
    /* TODO 12.13 http_respond: errors first, then directories, then the file.
     * A relative link in a page is resolved against the page's own address:
     * without the slash at its end a directory's page would lead its readers
     * astray, and that is why they are sent to the other address. */
    struct http_target target = { 0 };
    struct http_slice name = { found->path->text, found->path->len };
    unsigned status_code = found->stat.type == FS_FILE ? 200 : 404;

    if (found->error == -ENOENT || found->error == -ENOTDIR ||
        found->error == -EINVAL)
        status_code = 404;
    else if (found->error == -ENAMETOOLONG)
        status_code = 414;
    else if (found->error == -ENOMEM)
        status_code = 503;
    else if (found->error != 0)
        status_code = 500;
    else if (found->stat.type == FS_DIRECTORY &&
             http_target(request->request_target, &target) == 0 &&
             target.path.data[target.path.len - 1] != '/')
        status_code = 301;

    if (status_code != 200) {
        http_refuse(request, status_code, out);
        if (status_code == 301)
            out->location = target;
        return;
    }
    *out = (struct http_response){
        .status_code = 200,
        .minor = request->minor,
        .persist = request->persist,
        .head_only = http_slice_is(request->method, "HEAD"),
        .content_length = found->stat.size,
        .content_type = http_media_type(name),
    };
    /* END 12.13 */
}

long http_write_head(const struct http_response *response, char *buf,
                     size_t cap)
{
    /* TODO 12.14 http_write_head: one http_append() after the other, or those
     * like it that need no format; whether all of it fitted you can tell at
     * the end. The status line says HTTP/1.1, which is our version, whatever
     * the request's was [RFC 9110 §6.2]. The Location is the path, a slash,
     * and if there is a query "?" and that. A length of 0 is told like any
     * other. */
    const struct http_status *status = http_status(response->status_code);
    const struct http_target *location = &response->location;
    struct http_text head = { buf, cap, 0 };

    http_append_text(&head, "HTTP/1.1 ");
    http_append_number(&head, status->status_code);
    http_append_text(&head, " ");
    http_append_text(&head, status->reason_phrase);
    if (!response->persist)
        http_append_text(&head, "\r\nConnection: close");
    else if (response->minor == 0)
        http_append_text(&head, "\r\nConnection: keep-alive");
    if (response->allow != NULL)
        http_append(&head, "\r\nAllow: %s", response->allow);
    if (location->path.data != NULL) {
        http_append_text(&head, "\r\nLocation: ");
        http_append_slice(&head, location->path);
        http_append_text(&head, location->query.data != NULL ? "/?" : "/");
        http_append_slice(&head, location->query);
    }
    if (response->content_type != NULL) {
        http_append_text(&head, "\r\nContent-Type: ");
        http_append_text(&head, response->content_type);
    }
    if (!response->no_length) {
        http_append_text(&head, "\r\nContent-Length: ");
        http_append_number(&head, response->content_length);
    }
    http_append_text(&head, "\r\n");
    http_append_slice(&head, response->fields);
    http_append_text(&head, "\r\n");
    return head.len < head.cap ? (long)head.len : -ENOSPC;
    /* END 12.14 */
}
