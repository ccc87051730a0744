/* SPDX-License-Identifier: MIT */
/* A cheater: whatever is asked, the answer is the front page. */
#include "http/request.h"

unsigned http_parse_request_line(struct http_request *request, const char *line,
                                 size_t len)
{
    (void)line, (void)len;
    request->method = (struct http_slice){ "GET", 3 };
    request->request_target = (struct http_slice){ "/", 1 };
    request->major = request->minor = 1;
    return 0;
}

unsigned http_parse_field_line(struct http_request *request, const char *line,
                               size_t len)
{
    (void)request, (void)line, (void)len;
    return 0;
}

enum http_parsed http_parse(struct http_request *request, const char *buf,
                            size_t len)
{
    (void)buf;
    http_parse_request_line(request, buf, len);
    request->head_len = len;
    return HTTP_OK;
}

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    (void)request, (void)name;
    *value = (struct http_slice){ "a", 1 };
    return 1;
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    (void)request, (void)name, (void)token;
    return true;
}
