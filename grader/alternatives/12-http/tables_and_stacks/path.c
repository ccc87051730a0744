/* SPDX-License-Identifier: MIT */
/* Another right program: two passes, the first of which only looks whether all
 * is well; the path is then made from its end, where it is known how many
 * parts are taken away. */
#include "http/path.h"

#include "lib/errno.h"

/* The byte that stands at from.data[0], and how many characters say so; 0 for
 * one that may not be. */
static size_t one_byte(struct http_slice from, char *byte)
{
    *byte = from.data[0];
    if (*byte != '%')
        return *byte != '\0';
    if (from.len < 3)
        return 0;
    int high = http_hex_value(from.data[1]), low = http_hex_value(from.data[2]);
    if (high < 0 || low < 0)
        return 0;
    *byte = (char)(high << 4 | low);
    return *byte == '\0' || *byte == '/' ? 0 : 3;
}

long http_decode(struct http_slice from, char *to, size_t cap)
{
    size_t len = 0;

    while (from.len > 0) {
        char byte;
        size_t step = one_byte(from, &byte);

        if (step == 0)
            return -EINVAL;
        if (len == cap)
            return -ENAMETOOLONG;
        to[len++] = byte;
        from.data += step;
        from.len -= step;
    }
    return (long)len;
}

enum kind { NAME, NOTHING, HERE, UP };

static enum kind kind_of(struct http_slice part)
{
    if (part.len == 0)
        return NOTHING;
    if (http_slice_is(part, "."))
        return HERE;
    return http_slice_is(part, "..") ? UP : NAME;
}

/* The part that ends before path[end]; it begins behind a slash. */
static struct http_slice part_before(const char *path, size_t end)
{
    struct http_slice part = { path + end, 0 };

    while (part.data > path && part.data[-1] != '/') {
        part.data--;
        part.len++;
    }
    return part;
}

/* Whether nothing but the last part is empty, and no .. leads above. */
static bool is_confined(const char *path, size_t len)
{
    size_t depth = 0, begin = 1;

    for (size_t at = 1; at <= len; at++) {
        if (at < len && path[at] != '/')
            continue;
        struct http_slice part = { path + begin, at - begin };
        enum kind kind = kind_of(part);
        if ((kind == NOTHING && at < len) || (kind == UP && depth == 0))
            return false;
        depth += kind == NAME;
        depth -= kind == UP;
        begin = at + 1;
    }
    return true;
}

long http_normalise(char *path, size_t len)
{
    size_t at = len, out = len, skip = 0;

    if (len == 0 || path[0] != '/' || !is_confined(path, len))
        return -EINVAL;
    bool directory = kind_of(part_before(path, len)) != NAME;
    while (at > 0) {
        struct http_slice part = part_before(path, at);
        enum kind kind = kind_of(part);

        at -= part.len + 1; /* the slash before it */
        if (kind == UP)
            skip++;
        if (kind != NAME)
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        out -= part.len;
        memmove(path + out, part.data, part.len);
        path[--out] = '/';
    }
    size_t kept = len - out;
    memmove(path, path + out, kept);
    if (directory)
        path[kept++] = '/';
    return (long)kept;
}

unsigned http_path(struct http_slice request_target, struct http_path *out)
{
    struct http_target target;
    long len = 0;

    if (http_target(request_target, &target) == 0)
        len = http_decode(target.path, out->text, FS_PATH_MAX);
    if (len == -ENAMETOOLONG)
        return 414;
    if (len > 0)
        len = http_normalise(out->text, (size_t)len);
    if (len <= 0)
        return 400;
    out->len = (size_t)len;
    out->text[out->len] = '\0';
    return 0;
}
