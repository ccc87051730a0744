/* SPDX-License-Identifier: MIT */
/*
 * path.c - from a request-target to a path inside the site, and nowhere else.
 *
 * Pure: characters in, characters out. It stands between the parser, which
 * made sure that a target is of visible characters, and the file system,
 * which trusts that a path is confined. Which file "/" stands for, and
 * whether there is one, is select.c's business.
 *
 * Contracts: kernel/http/path.h.
 */
#include "http/path.h"

#include "core/panic.h"
#include "lib/errno.h"

long http_decode(struct http_slice from, char *to, size_t cap)
{
    /* TODO 12.6 http_decode: once and once only: "%2541" is "%41", not "A".
     * Look at how many characters are left before you look at the two behind
     * a %, and at how much room is left before you write. A NUL would end the
     * path early for whoever thinks of strings: refuse it however it is
     * written. A slash that comes as %2F would make two parts of one: refuse
     * that too. */
    size_t len = 0;

    for (size_t at = 0; at < from.len; at++) {
        char c = from.data[at];
        if (c == '%') {
            if (from.len - at < 3)
                return -EINVAL;
            int high = http_hex_value(from.data[at + 1]);
            int low = http_hex_value(from.data[at + 2]);
            if (high < 0 || low < 0)
                return -EINVAL;
            c = (char)(high * 16 + low);
            if (c == '/')
                return -EINVAL;
            at += 2;
        }
        if (c == '\0')
            return -EINVAL;
        if (len == cap)
            return -ENAMETOOLONG;
        to[len++] = c;
    }
    return (long)len;
    /* END 12.6 */
}

long http_normalise(char *path, size_t len)
{
    /* TODO 12.7 http_normalise: go through the parts, and keep in the same
     * buffer what you have so far; it is never longer than what you have
     * read. ".." takes the last part of that away again. "..." is a name like
     * any other. */
    size_t kept = 0; /* path[0..kept) is done, without a '/' last */
    size_t at = 0;

    if (len == 0)
        return -EINVAL;
    while (at < len) {
        if (path[at++] != '/')
            return -EINVAL;
        size_t part = at;
        while (at < len && path[at] != '/')
            at++;
        struct http_slice name = { path + part, at - part };
        bool last = at == len;

        if (name.len == 0 && !last)
            return -EINVAL;
        if (http_slice_is(name, "..")) {
            if (kept == 0)
                return -EINVAL;
            while (path[--kept] != '/')
                ;
        } else if (name.len > 0 && !http_slice_is(name, ".")) {
            path[kept++] = '/';
            memmove(path + kept, name.data, name.len);
            kept += name.len;
            continue;
        }
        if (last)
            path[kept++] = '/';
    }
    return (long)kept;
    /* END 12.7 */
}

unsigned http_path(struct http_slice request_target, struct http_path *out)
{
    /* TODO 12.8 http_path: http_target() finds the path in the target; then
     * the two functions above, in the only order that is safe. */
    struct http_target target;
    long len;

    if (http_target(request_target, &target) != 0)
        return 400;
    len = http_decode(target.path, out->text, FS_PATH_MAX);
    if (len == -ENAMETOOLONG)
        return 414;
    if (len < 0)
        return 400;
    len = http_normalise(out->text, (size_t)len);
    if (len < 0)
        return 400;
    out->len = (size_t)len;
    out->text[len] = '\0';
    return 0;
    /* END 12.8 */
}
