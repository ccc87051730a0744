/* SPDX-License-Identifier: MIT */
/*
 * content.c - the content of an answer, piece by piece: the text in front of a
 * part, a piece of the file, a piece of a directory's page.
 *
 * answer.c asks for a piece when the one before it has been taken. A piece of
 * a file is the file system's own memory (lend.c), or, when that is short, a
 * copy in a buffer of ours: slow readers then hold nothing that others need.
 */
#include "http/connection.h"
#include "http/http.h"
#include "lib/errno.h"

static int copy_next(struct http_connection *c)
{
    struct http_buffer *buffer = http_buffer_take(c);
    struct fs_extent extent;

    if (buffer == NULL)
        return -EBUSY;
    int error = http_again(c, c->file.fs,
                           fs_map(&c->file, c->file_at, &extent));
    if (error) {
        http_buffer_put(buffer);
        return error;
    }
    buffer->len = extent.len < c->left ? extent.len : (size_t)c->left;
    if (buffer->len > HTTP_BUFFER_SIZE)
        buffer->len = HTTP_BUFFER_SIZE;
    memcpy(buffer->text, extent.data, buffer->len);
    fs_unmap(&c->file, &extent);
    if (buffer->len == 0) {
        http_buffer_put(buffer);
        return -EIO;
    }
    c->text = buffer;
    c->file_at += buffer->len;
    c->left -= buffer->len;
    return 0;
}

/* A piece of the file, of which c->left bytes are still to be sent. That it
 * ends earlier is an error. */
static int file_next(struct http_connection *c)
{
    int error = http_pin_map(c, c->file_at, c->left, &c->pin);

    if (error == -ENOSPC)
        return copy_next(c);
    if (error)
        return error;
    c->file_at += c->pin->len;
    c->left -= c->pin->len;
    return 0;
}

static bool begin_part(struct http_connection *c)
{
    const struct http_ranges *ranges = &c->content.parts.ranges;

    if (c->part >= ranges->count)
        return false;
    c->file_at = ranges->range[c->part].first;
    c->left = ranges->range[c->part].len;
    c->part++;
    fs_want(&c->file, c->file_at, c->left);
    return true;
}

/* What stands before the next part, or after the last. */
static int between_parts(struct http_connection *c)
{
    const struct http_parts *parts = &c->content.parts;
    struct http_buffer *buffer;

    if (c->part > parts->ranges.count)
        return -ENOENT;
    buffer = http_buffer_take(c);
    if (buffer == NULL)
        return -EBUSY;
    struct http_text text = { buffer->text, HTTP_BUFFER_SIZE, 0 };
    if (c->part < parts->ranges.count) {
        http_part_begin(parts, c->part, &text);
        begin_part(c);
    } else {
        http_parts_end(parts, &text);
        c->part++;
    }
    buffer->len = text.len;
    c->text = buffer;
    return 0;
}

int http_content_next(struct http_connection *c)
{
    switch (c->content.source) {
    case HTTP_TEXT:
        break; /* it went with the head */
    case HTTP_LISTING:
        return http_directory_next(c);
    case HTTP_FILE:
        if (c->left > 0 || begin_part(c))
            return file_next(c);
        break;
    case HTTP_PARTS:
        return c->left > 0 ? file_next(c) : between_parts(c);
    }
    return -ENOENT;
}

bool http_content_follows(const struct http_connection *c)
{
    unsigned parts = c->content.parts.ranges.count;

    switch (c->content.source) {
    case HTTP_TEXT:
        break;
    case HTTP_LISTING:
        return !c->listing_ended;
    case HTTP_FILE:
        return c->left > 0 || c->part < parts;
    case HTTP_PARTS:
        return c->left > 0 || c->part <= parts;
    }
    return false;
}
