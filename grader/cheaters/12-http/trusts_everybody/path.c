/* SPDX-License-Identifier: MIT */
/* A cheater: every question is answered with yes, as a browser's usually is. */
#include "http/path.h"

long http_decode(struct http_slice from, char *to, size_t cap)
{
    size_t len = from.len < cap ? from.len : cap;

    memcpy(to, from.data, len);
    return (long)len;
}

long http_normalise(char *path, size_t len)
{
    (void)path;
    return (long)len;
}

unsigned http_path(struct http_slice request_target, struct http_path *out)
{
    out->len = request_target.len;
    memcpy(out->text, request_target.data, request_target.len);
    return 0;
}
