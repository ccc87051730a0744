/* SPDX-License-Identifier: MIT */
/*
 * directory.c - the page of a directory, made while it is being sent: a buffer
 * full of entries at a time, so that a directory of any size needs no more
 * memory than a small one.
 *
 *     05c3 CR LF                          its length follows from what it is,
 *     <tr><td><a href=...                 so to a client of HTTP/1.1 it goes
 *     CR LF                               in chunks [RFC 9112 §7.1]; to one
 *     0 CR LF CR LF                       of HTTP/1.0 as it is
 *
 * What a line looks like is listing.c's.
 */
#include "http/connection.h"
#include "http/http.h"
#include "lib/errno.h"

/* Finds out what the directory says about `entry` is, which may also be that
 * it is nothing to be shown: *shown. */
static int look_at(struct http_connection *c, const struct fs_dirent *entry,
                   struct fs_stat *stat, bool *known, bool *shown)
{
    char *path = c->path.text + c->path.len;
    struct file file;

    *known = false;
    *shown = entry->type != FS_OTHER;
    if (entry->name_len > FS_PATH_MAX - c->path.len)
        return 0;
    memcpy(path, entry->name, entry->name_len);
    int error = http_again(c, http_site->fs,
                           fs_open(http_site->fs, c->path.text,
                                   c->path.len + entry->name_len, &file));
    *path = '\0';
    if (error)
        return error == -EAGAIN ? error : 0;
    error = http_again(c, file.fs, fs_stat(&file, stat));
    fs_close(&file);
    if (error)
        return error == -EAGAIN ? error : 0;
    *known = true;
    *shown = stat->type != FS_OTHER;
    return 0;
}

/* Appends the next entry. -ENOENT when there was none left. */
static int append_entry(struct http_connection *c, struct http_text *text)
{
    uint64_t cookie = c->cookie;
    struct fs_dirent entry;
    struct fs_stat stat;
    bool known, shown;

    int error = http_again(c, c->file.fs,
                           fs_readdir(&c->file, &cookie, &entry));
    if (!error)
        error = look_at(c, &entry, &stat, &known, &shown);
    if (error)
        return error;
    c->cookie = cookie;
    if (shown)
        http_listing_entry(&entry, known ? &stat : NULL, text);
    return 0;
}

/* The page's beginning, once it is clear that the directory can be read. */
static int append_begin(struct http_connection *c, struct http_text *text)
{
    struct http_slice path = { c->path.text, c->path.len };
    struct fs_dirent entry;
    uint64_t cookie = 0;

    int error = http_again(c, c->file.fs,
                           fs_readdir(&c->file, &cookie, &entry));
    if (error && error != -ENOENT)
        return error;
    http_listing_begin(path, text);
    c->listing_begun = true;
    return 0;
}

/* As much of the page as fits. -EAGAIN only if that is nothing; otherwise
 * c->waiting says that there was to be more. */
static int fill(struct http_connection *c, struct http_text *text)
{
    int error = c->listing_begun ? 0 : append_begin(c, text);

    while (!error && text->cap - text->len > HTTP_LISTING_MOST)
        error = append_entry(c, text);
    if (error == -ENOENT) {
        http_listing_end(text);
        c->listing_ended = true;
        return 0;
    }
    return error == -EAGAIN && text->len > 0 ? 0 : error;
}

int http_directory_next(struct http_connection *c)
{
    size_t before = c->content.chunked ? 6 : 0;
    struct http_buffer *buffer;

    if (c->listing_ended)
        return -ENOENT;
    buffer = http_buffer_take(c);
    if (buffer == NULL)
        return -EBUSY;
    struct http_text text = { buffer->text + before,
                              HTTP_BUFFER_SIZE - HTTP_CHUNK_AROUND, 0 };
    int error = fill(c, &text);
    if (error) {
        http_buffer_put(buffer);
        return error;
    }

    struct http_text whole = { buffer->text, HTTP_BUFFER_SIZE, 0 };
    if (c->content.chunked) {
        char first = text.buf[0]; /* where the NUL behind the length goes */
        http_append(&whole, "%04zx\r\n", text.len);
        text.buf[0] = first;
    }
    whole.len += text.len;
    if (c->content.chunked)
        http_append(&whole, c->listing_ended ? "\r\n0\r\n\r\n" : "\r\n");
    buffer->len = whole.len;
    c->text = buffer;
    return 0;
}
