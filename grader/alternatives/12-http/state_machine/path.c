/* SPDX-License-Identifier: MIT */
/* Another right program: escapes are decoded by a machine of three states, and
 * the path is copied into another buffer, part by part, with a stack of where
 * each begins. */
#include "http/path.h"

#include "lib/errno.h"

enum { FS_PARTS_MAX = FS_PATH_MAX / 2 + 1 };

long http_decode(struct http_slice from, char *to, size_t cap)
{
    unsigned awaited = 0, byte = 0; /* digits that are still to come */
    size_t len = 0;

    for (size_t i = 0; i < from.len; i++) {
        bool escaped = awaited > 0;

        if (!escaped && from.data[i] == '%') {
            awaited = 2;
            byte = 0;
            continue;
        }
        if (escaped) {
            int digit = http_hex_value(from.data[i]);
            if (digit < 0)
                return -EINVAL;
            byte = byte << 4 | (unsigned)digit;
            if (--awaited > 0)
                continue;
            if (byte == '/')
                return -EINVAL;
        } else {
            byte = (unsigned char)from.data[i];
        }
        if (byte == 0)
            return -EINVAL;
        if (len >= cap)
            return -ENAMETOOLONG;
        to[len++] = (char)byte;
    }
    return awaited > 0 ? -EINVAL : (long)len;
}

long http_normalise(char *path, size_t len)
{
    size_t slash[FS_PARTS_MAX], depth = 0; /* where each kept part begins */
    size_t in = 0, out = 0;
    bool directory = false;

    if (len == 0 || path[0] != '/')
        return -EINVAL;
    while (in < len) {
        size_t begin = ++in; /* behind the slash */
        while (in < len && path[in] != '/')
            in++;
        struct http_slice part = { path + begin, in - begin };

        if (part.len == 0 && in < len)
            return -EINVAL;
        directory = true;
        if (http_slice_is(part, "..")) {
            if (depth == 0)
                return -EINVAL;
            out = slash[--depth];
        } else if (part.len > 0 && !http_slice_is(part, ".")) {
            directory = false;
            slash[depth++] = out;
            memmove(path + out, path + begin - 1, part.len + 1);
            out += part.len + 1;
        }
    }
    if (directory)
        path[out++] = '/';
    return (long)out;
}

unsigned http_path(struct http_slice request_target, struct http_path *out)
{
    struct http_target target;

    if (http_target(request_target, &target))
        return 400;
    long decoded = http_decode(target.path, out->text, FS_PATH_MAX);
    long normal = decoded < 0 ? decoded
                              : http_normalise(out->text, (size_t)decoded);
    if (normal < 0)
        return normal == -ENAMETOOLONG ? 414 : 400;
    out->text[normal] = '\0';
    out->len = (size_t)normal;
    return 0;
}
