/* SPDX-License-Identifier: MIT */
/* A cheater: whatever is asked, the answer is the front page. */
#include "http/path.h"

static const char page[] = "/index.html";

long http_decode(struct http_slice from, char *to, size_t cap)
{
    (void)from;
    if (cap > 0)
        to[0] = '/';
    return 1;
}

long http_normalise(char *path, size_t len)
{
    (void)path, (void)len;
    return 1;
}

unsigned http_path(struct http_slice request_target, struct http_path *out)
{
    (void)request_target;
    memcpy(out->text, page, sizeof page);
    out->len = sizeof page - 1;
    return 0;
}
