/* SPDX-License-Identifier: MIT */
/* A cheater: whatever is asked, the answer is the front page. */
#include "http/response.h"

#include "http/registry.h"

static const char head[] = "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n";

unsigned http_frame(struct http_request *request)
{
    request->content_length = 0;
    return 0;
}

bool http_persists(const struct http_request *request)
{
    (void)request;
    return true;
}

unsigned http_check(struct http_request *request)
{
    request->persist = false;
    return 0;
}

void http_refuse(const struct http_request *request, unsigned status_code,
                 struct http_response *out)
{
    (void)request;
    memset(out, 0, sizeof *out);
    out->status_code = status_code;
}

void http_respond(const struct http_request *request,
                  const struct http_found *found, struct http_response *out)
{
    (void)request;
    memset(out, 0, sizeof *out);
    out->status_code = 200;
    out->content_length = found->stat.size;
    out->content_type = "text/html; charset=utf-8";
}

long http_write_head(const struct http_response *response, char *buf,
                     size_t cap)
{
    (void)response;
    if (cap < sizeof head)
        return -1;
    memcpy(buf, head, sizeof head);
    return (long)sizeof head - 1;
}
