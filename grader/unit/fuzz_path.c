/* SPDX-License-Identifier: MIT */
/*
 * fuzz_path.c - whatever the target: the path is confined, or refused; and it
 * is the one that a second, slower way of working it out gives.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "http/path.h"
#include "shown.h"

/* The parts of the path, kept as a stack. Returns its length, or -1. */
static long model(const char *in, size_t len, char *out)
{
    static char decoded[FS_PATH_MAX + 1];
    static size_t begin[FS_PATH_MAX + 1], end[FS_PATH_MAX + 1];
    size_t n = 0, depth = 0;
    long out_len = 0;
    bool slash = false;

    for (size_t i = 0; i < len && n <= FS_PATH_MAX; i++) {
        unsigned byte = (unsigned char)in[i];
        if (byte == '%') {
            char hex[3] = { 0 }, *stop;
            memcpy(hex, in + i + 1, len - i - 1 < 2 ? len - i - 1 : 2);
            byte = (unsigned)strtoul(hex, &stop, 16);
            if (stop != hex + 2 || strspn(hex, " +-xX\t\n\v\f\r") ||
                hex[1] == 'x' || hex[1] == 'X' || byte == '/')
                return -1;
            i += 2;
        }
        if (byte == 0)
            return -1;
        decoded[n++] = (char)byte;
    }
    if (n == 0 || n > FS_PATH_MAX || decoded[0] != '/')
        return -1;
    for (size_t i = 1, from = 1; i <= n; i++) {
        if (i < n && decoded[i] != '/')
            continue;
        size_t part = i - from;
        bool up = part == 2 && memcmp(decoded + from, "..", 2) == 0;
        bool here = part == 1 && decoded[from] == '.';
        slash = part == 0 || up || here;
        if ((part == 0 && i < n) || (up && depth == 0))
            return -1;
        if (up) {
            depth--;
        } else if (!slash) {
            begin[depth] = from;
            end[depth++] = i;
        }
        from = i + 1;
    }
    for (size_t i = 0; i < depth; i++) {
        out[out_len++] = '/';
        memcpy(out + out_len, decoded + begin[i], end[i] - begin[i]);
        out_len += (long)(end[i] - begin[i]);
    }
    if (slash)
        out[out_len++] = '/';
    return out_len;
}

static void must_be_confined(const struct http_path *path)
{
    size_t depth = 0;

    MUST(path->len > 0 && path->len <= FS_PATH_MAX && path->text[0] == '/',
         "the path has %zu bytes and begins with 0x%02x", path->len,
         (unsigned char)path->text[0]);
    MUST(strlen(path->text) == path->len, "the path of %zu bytes has a NUL at "
         "%zu", path->len, strlen(path->text));
    MUST(strstr(path->text, "//") == NULL, "\"%s\" has an empty part",
         path->text);
    for (const char *part = path->text; part; part = strchr(part, '/')) {
        size_t len = strcspn(++part, "/");
        MUST(!(len == 1 && part[0] == '.') &&
                 !(len == 2 && memcmp(part, "..", 2) == 0),
             "\"%s\" has a part that leads elsewhere", path->text);
        depth++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_path path;
    static char wanted[FS_PATH_MAX + 1];
    char *buf = fuzz_copy(data, size);
    struct http_slice request_target = { buf, size };
    struct http_target target;

    unsigned status = http_path(request_target, &path);
    MUST(status == 0 || status == 400 || status == 414,
         "a target is answered %u", status);
    if (status == 0)
        must_be_confined(&path);
    if (http_target(request_target, &target) == 0) {
        long len = model(target.path.data, target.path.len, wanted);
        MUST((len >= 0) == (status == 0),
             "\"%s\" should be %s, and is answered %u (0: let pass)",
             shown_bytes(buf, size), len >= 0 ? "let pass" : "refused", status);
        MUST(len < 0 || ((size_t)len == path.len &&
                         memcmp(wanted, path.text, path.len) == 0),
             "\"%s\" should become \"%s\", and here \"%s\"",
             shown_bytes(buf, size), shown_bytes(wanted, (size_t)len),
             shown_bytes(path.text, path.len));
    } else {
        MUST(status == 400, "what has no path is answered %u", status);
    }
    free(buf);
    return 0;
}
