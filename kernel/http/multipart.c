/* SPDX-License-Identifier: MIT */
/*
 * multipart.c - see multipart.h. Pure: it writes, and sends nothing.
 */
#include "http/multipart.h"

void http_parts_type(const struct http_parts *parts, struct http_text *text)
{
    http_append(text, "multipart/byteranges; boundary=%016llx",
                (unsigned long long)parts->boundary);
}

void http_part_begin(const struct http_parts *parts, unsigned number,
                     struct http_text *text)
{
    const struct http_range *range = &parts->ranges.range[number];

    http_append(text, "%s--%016llx\r\n", number > 0 ? "\r\n" : "",
                (unsigned long long)parts->boundary);
    http_append(text, "Content-Type: %s\r\n", parts->type);
    http_append(text, "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
                (unsigned long long)range->first,
                (unsigned long long)(range->first + range->len - 1),
                (unsigned long long)parts->size);
}

void http_parts_end(const struct http_parts *parts, struct http_text *text)
{
    http_append(text, "\r\n--%016llx--\r\n",
                (unsigned long long)parts->boundary);
}

uint64_t http_parts_length(const struct http_parts *parts)
{
    struct http_text counted = { 0 };
    uint64_t content = 0;

    for (unsigned i = 0; i < parts->ranges.count; i++) {
        http_part_begin(parts, i, &counted);
        content += parts->ranges.range[i].len;
    }
    http_parts_end(parts, &counted);
    return content + counted.len;
}
