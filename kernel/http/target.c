/* SPDX-License-Identifier: MIT */
/*
 * target.c - where the path is in a request-target, and where the query.
 *
 * Two of the four forms lead to a file [RFC 9112 §3.2]:
 *
 *     origin-form                /a/b?c        what browsers send
 *     absolute-form  http://host/a/b?c         what proxies are sent, and
 *                                              every server must accept
 *
 * A '#' and what follows it is for the client alone, and never sent.
 */
#include "http/path.h"
#include "http/request.h"
#include "lib/errno.h"

/* The length of "http://host" in front of the path; 0 when there is none. A
 * host of no characters is none either, nor is one with somebody's name and
 * password before it [RFC 9110 §4.2.4]. */
static size_t authority_len(struct http_slice target)
{
    struct http_slice scheme = { target.data, 7 };

    if (target.len < 7 || !http_slice_is_nocase(scheme, "http://"))
        return 0;
    size_t len = 7;
    while (len < target.len && target.data[len] != '/' &&
           target.data[len] != '?')
        len++;
    struct http_slice host = { target.data + 7, len - 7 };
    return host.len > 0 && http_host_valid(host) ? len : 0;
}

int http_target(struct http_slice request_target, struct http_target *out)
{
    static const struct http_slice root = { "/", 1 };
    static const struct http_slice none;
    size_t skip = authority_len(request_target);
    struct http_slice rest = { request_target.data + skip,
                               request_target.len - skip };

    out->path = rest;
    out->query = none;
    if (rest.len > 0 && memchr(rest.data, '#', rest.len) != NULL)
        return -EINVAL;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.data[i] != '?')
            continue;
        out->path.len = i;
        out->query.data = rest.data + i + 1;
        out->query.len = rest.len - i - 1;
        break;
    }
    /* "http://host" alone means its root. */
    if (out->path.len == 0 && skip > 0)
        out->path = root;
    return out->path.len > 0 && out->path.data[0] == '/' ? 0 : -EINVAL;
}
