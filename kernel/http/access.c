/* SPDX-License-Identifier: MIT */
/*
 * access.c - see access.h. Pure: it writes a line, and doesn't print it.
 */
#include "http/access.h"

static void append_escaped(struct http_slice written, struct http_text *text)
{
    size_t begin = text->len;

    for (size_t i = 0; i < written.len; i++) {
        char c = written.data[i];
        if (text->len - begin + 4 > HTTP_ACCESS_SHOWN) {
            http_append(text, "...");
            return;
        }
        if (http_is_vchar(c) && c != '"' && c != '\\')
            http_append(text, "%c", c);
        else
            http_append(text, "\\x%02x", (unsigned char)c);
    }
}

void http_access(const char *peer, const struct http_request *request,
                 unsigned status_code, uint64_t bytes, struct http_text *text)
{
    http_append(text, "http: %s \"", peer);
    if (request->method.data != NULL) {
        append_escaped(request->method, text);
        http_append(text, " ");
        append_escaped(request->request_target, text);
    } else {
        http_append(text, "-"); /* its first line was none */
    }
    http_append(text, "\" %u %llu", status_code, (unsigned long long)bytes);
}
