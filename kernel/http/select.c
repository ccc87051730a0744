/* SPDX-License-Identifier: MIT */
/*
 * select.c - which file stands for a path: the file itself, a directory's
 * index, the directory, or a file beside it that is the same compressed.
 *
 *     /a.css    ->  /a.css.gz, if it is there and the client accepts it
 *                   /a.css
 *     /pub/     ->  the same for /pub/index.html
 *                   /pub, if there is no such file, and listings are wanted
 *
 * It asks the file system, which may have to wait for a disk. Then all that
 * was opened is closed, and all of it is done anew.
 */
#include "core/clock.h"
#include "http/connection.h"
#include "http/http.h"
#include "http/registry.h"
#include "lib/errno.h"

int http_again(struct http_connection *c, struct fs *fs, int error)
{
    if (error == -EAGAIN) {
        c->waiting = true;
        fs_wait(fs, &c->retry);
    }
    return error;
}

/* Opens and looks at what is at the first `len` bytes of c->path. */
static int open_path(struct http_connection *c, size_t len, struct file *file,
                     struct fs_stat *stat)
{
    struct fs *fs = http_site->fs;
    int error =
        http_again(c, fs, fs_open(fs, c->path.text, len, file));
    if (error)
        return error;
    error = http_again(c, file->fs, fs_stat(file, stat));
    if (error)
        fs_close(file);
    return error;
}

/* Lengthens c->path. */
static int append(struct http_connection *c, const char *suffix)
{
    size_t len = strlen(suffix);

    if (len > FS_PATH_MAX - c->path.len)
        return -ENAMETOOLONG;
    memcpy(c->path.text + c->path.len, suffix, len + 1);
    c->path.len += len;
    return 0;
}

static void cut(struct http_connection *c, size_t len)
{
    c->path.len = len;
    c->path.text[len] = '\0';
}

static int open_index(struct http_connection *c, struct http_selected *out)
{
    int error = append(c, http_site->index);

    if (!error)
        error = open_path(c, c->path.len, &c->file, &out->stat);
    if (error != -ENOENT || !http_site->listing)
        return error;

    /* The directory, whose name has no slash at its end, unless it is all. */
    cut(c, c->path_len);
    size_t len = c->path.len > 1 ? c->path.len - 1 : 1;
    error = open_path(c, len, &c->file, &out->stat);
    if (!error && out->stat.type != FS_DIRECTORY) {
        fs_close(&c->file);
        error = -ENOTDIR;
    }
    out->listing = !error;
    return error;
}

/* Opens the compressed file beside c->path in the place of c->file, if there
 * is one. Nothing but -EAGAIN is an error. */
static int open_compressed(struct http_connection *c,
                           struct http_selected *out)
{
    size_t len = c->path.len;
    struct fs_stat stat;
    struct file file;

    if (append(c, ".gz") != 0)
        return 0;
    int error = open_path(c, c->path.len, &file, &stat);
    cut(c, len);
    if (error)
        return error == -EAGAIN ? error : 0;
    if (stat.type != FS_FILE) {
        fs_close(&file);
        return 0;
    }
    fs_close(&c->file);
    c->file = file;
    out->stat = stat;
    out->coding = HTTP_GZIP;
    return 0;
}

int http_select(struct http_connection *c, struct http_selected *out)
{
    int error;

    *out = (struct http_selected){
        .coding = http_coding(&c->request, false),
        .now = clock_unix(),
        .boundary = clock_ns() * 0x9e3779b97f4a7c15,
    };
    cut(c, c->path_len);
    if (c->path.text[c->path.len - 1] == '/')
        error = open_index(c, out);
    else
        error = open_path(c, c->path.len, &c->file, &out->stat);
    if (error)
        return error;

    struct http_slice name = { c->path.text, c->path.len };
    out->varies = out->stat.type == FS_FILE && http_type_compresses(name);
    if (out->varies && http_coding(&c->request, true) == HTTP_GZIP)
        error = open_compressed(c, out);
    if (error)
        fs_close(&c->file);
    c->file_open = !error;
    return error;
}
