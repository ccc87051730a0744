/* SPDX-License-Identifier: MIT */
/*
 * test_path.c - from a request-target to a confined path, and nowhere else.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "http/path.h"
#include "shown.h"
#include "unit.h"

static struct http_slice slice(const char *text, size_t len)
{
    char *exact = unit_memory(len ? len : 1, 1, 0);
    struct http_slice made = { exact, len };

    memcpy(exact, text, len);
    return made;
}

/* ---- 12.6: percent-decoding ---- */

static const struct {
    const char *from, *to;      /* to NULL: -EINVAL */
} escapes[] = {
    { "", "" },
    { "/a/b", "/a/b" },
    { "/a%20b", "/a b" },
    { "%41%42%43", "ABC" },
    { "%7e%7E", "~~" },
    { "%2e%2E", ".." },
    { "%25", "%" },
    { "%2541", "%41" },
    { "%c3%a9", "\xc3\xa9" },
    { "%ff%01", "\xff\x01" },
    { "a+b", "a+b" },
    { "%", NULL },
    { "%4", NULL },
    { "a%", NULL },
    { "a%4", NULL },
    { "%4g", NULL },
    { "%g4", NULL },
    { "% 1", NULL },
    { "%+1", NULL },
    { "%0x", NULL },
    { "%%41", NULL },
    { "%00", NULL },
    { "/a%00.html", NULL },
    { "%2f", NULL },
    { "/a%2Fb", NULL },
};

TEST(test_escapes_are_replaced_once_and_by_the_letter)
{
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        const char *from = escapes[i].from, *to = escapes[i].to;
        char *out = unit_memory(64, 1, '?');
        long len = http_decode(slice(from, strlen(from)), out, 64);
        if (to == NULL) {
            CHECK(len == -EINVAL, "\"%s\" should be refused with %d, and gives "
                  "%ld", from, -EINVAL, len);
            continue;
        }
        CHECK(len == (long)strlen(to) && memcmp(out, to, strlen(to)) == 0,
              "\"%s\" should mean \"%s\", and here \"%s\" (%ld)", from,
              shown(to), shown_bytes(out, len > 0 && len <= 64 ? (size_t)len
                                                               : 0), len);
    }
}

TEST(test_escapes_are_not_needed_for_a_nul_to_be_refused)
{
    char *out = unit_memory(64, 1, '?');
    long len = http_decode(slice("/a\0b", 4), out, 64);

    CHECK(len == -EINVAL, "a NUL that is written as it is, in the four bytes "
          "\"/a\\0b\", should be refused with %d, and gives %ld", -EINVAL, len);
}

TEST(test_what_does_not_fit_is_refused_and_not_written)
{
    char *out = unit_memory(4, 1, '?');

    long len = http_decode(slice("%41%42%43%44", 12), out, 4);
    CHECK(len == 4, "four bytes into four should give 4, here %ld", len);
    len = http_decode(slice("/abcd", 5), out, 4);
    CHECK(len == -ENAMETOOLONG, "five bytes into four should give %d, here %ld",
          -ENAMETOOLONG, len);
    len = http_decode(slice("/abc%44", 7), out, 4);
    CHECK(len == -ENAMETOOLONG, "an escape as the fifth byte should give %d, "
          "here %ld", -ENAMETOOLONG, len);
    len = http_decode(slice("", 0), out, 0);
    CHECK(len == 0, "nothing fits into nothing: it should give 0, here %ld",
          len);
}

/* ---- 12.7: dots ---- */

static const struct {
    const char *from, *to;      /* to NULL: -EINVAL */
} paths[] = {
    { "/", "/" },
    { "/a", "/a" },
    { "/a/", "/a/" },
    { "/a/b/c", "/a/b/c" },
    { "/.", "/" },
    { "/./", "/" },
    { "/./.", "/" },
    { "/a/.", "/a/" },
    { "/a/./", "/a/" },
    { "/a/./b", "/a/b" },
    { "/./a", "/a" },
    { "/a/..", "/" },
    { "/a/../", "/" },
    { "/a/../b", "/b" },
    { "/a/b/..", "/a/" },
    { "/a/b/../c", "/a/c" },
    { "/a/b/../../c", "/c" },
    { "/a/../b/../c", "/c" },
    { "/a/./../b/.", "/b/" },
    { "/...", "/..." },
    { "/.a", "/.a" },
    { "/a.", "/a." },
    { "/..a", "/..a" },
    { "/a..", "/a.." },
    { "/.../..", "/" },
    { "/a/...", "/a/..." },
    { "/\xff/\x01", "/\xff/\x01" },
    { "", NULL },
    { "a", NULL },
    { ".", NULL },
    { "..", NULL },
    { "a/..", NULL },
    { "/..", NULL },
    { "/../", NULL },
    { "/../a", NULL },
    { "/./..", NULL },
    { "/a/../..", NULL },
    { "/a/../../b", NULL },
    { "/a/../../a", NULL },
    { "/a/b/../../../etc/passwd", NULL },
    { "//", NULL },
    { "//a", NULL },
    { "/a//b", NULL },
    { "/a//", NULL },
    { "/a//..", NULL },
    { "/a/..//b", NULL },
    { "/.//a", NULL },
};

TEST(test_dots_are_resolved_and_never_lead_above_the_root)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *from = paths[i].from, *to = paths[i].to;
        size_t from_len = strlen(from);
        char *path = unit_memory(from_len ? from_len : 1, 1, 0);
        memcpy(path, from, from_len);
        long len = http_normalise(path, from_len);
        if (to == NULL) {
            CHECK(len == -EINVAL, "\"%s\" should be refused with %d, and gives "
                  "%ld", from, -EINVAL, len);
            continue;
        }
        CHECK(len <= (long)from_len, "\"%s\" should become \"%s\", and its new "
              "length is %ld, which is more than there was", shown(from),
              shown(to), len);
        CHECK(len == (long)strlen(to) && memcmp(path, to, strlen(to)) == 0,
              "\"%s\" should become \"%s\", and here \"%s\" (%ld)",
              shown(from), shown(to),
              shown_bytes(path, len > 0 ? (size_t)len : 0), len);
    }
}

/* ---- 12.8: all of it ---- */

static struct http_path path;

static void check_path(const char *target, const char *wanted)
{
    unsigned status = http_path(slice(target, strlen(target)), &path);

    CHECK(status == 0, "\"%s\" should be let pass, and is answered %u", target,
          status);
    CHECK(path.len == strlen(wanted) && path.text[path.len] == '\0' &&
              memcmp(path.text, wanted, path.len) == 0,
          "\"%s\" should mean \"%s\", and here \"%s\" (%zu), %s a NUL behind "
          "it", target, shown(wanted),
          shown_bytes(path.text, path.len <= FS_PATH_MAX ? path.len : 0),
          path.len,
          path.len <= FS_PATH_MAX && path.text[path.len] == '\0' ? "with"
                                                                 : "without");
}

static void check_refused(const char *target, unsigned wanted)
{
    unsigned status = http_path(slice(target, strlen(target)), &path);

    CHECK(status == wanted, "\"%s\" should be answered %u, and gives %u (0: "
          "let pass)", target, wanted, status);
}

TEST(test_a_target_leads_to_a_path)
{
    check_path("/", "/");
    check_path("/index.html", "/index.html");
    check_path("/a%20b/", "/a b/");
    check_path("/a?b=/../../c", "/a");
    check_path("/?", "/");
    check_path("/a%3Fb?c", "/a?b");
    check_path("/a/%2e%2e/b", "/b");
    check_path("/a/%2E./b", "/b");
    check_path("/%2e/a", "/a");
    check_path("/%252e%252e/a", "/%2e%2e/a");
    check_path("/c%c0%ae", "/c\xc0\xae");
    check_path("http://example.org/a/b?c", "/a/b");
    check_path("HTTP://example.org:80/", "/");
    check_path("http://example.org", "/");
    check_path("http://example.org?x", "/");
}

TEST(test_a_target_that_leads_elsewhere_is_400)
{
    check_refused("*", 400);
    check_refused("example.org:443", 400);
    check_refused("index.html", 400);
    check_refused("?", 400);
    check_refused("%2f", 400);
    check_refused("https://example.org/", 400);
    check_refused("/..", 400);
    check_refused("/../etc/passwd", 400);
    check_refused("/%2e%2e/etc/passwd", 400);
    check_refused("/.%2E/", 400);
    check_refused("/a/..%2f..%2fetc/passwd", 400);
    check_refused("/a/%2e%2e/%2e%2e/b", 400);
    check_refused("/index.html%00.png", 400);
    check_refused("/%", 400);
    check_refused("//example.org/", 400);
    check_refused("/a//b", 400);
    check_refused("http://example.org//a", 400);
    check_refused("http:///a", 400);
    check_refused("http://", 400);
}

TEST(test_a_path_longer_than_the_greatest_is_414)
{
    static char long_path[FS_PATH_MAX * 3 + 10];

    memset(long_path, 'a', sizeof long_path - 1);
    long_path[0] = '/';
    check_refused(long_path, 414);
    long_path[FS_PATH_MAX + 1] = '\0';
    check_refused(long_path, 414);
    long_path[FS_PATH_MAX] = '\0';
    check_path(long_path, long_path);

    /* Each of these is three characters, and one byte. */
    for (size_t i = 0; i + 3 < sizeof long_path - 1; i += 3)
        memcpy(long_path + 1 + i, "%61", 3);
    long_path[1 + 3 * (FS_PATH_MAX - 1)] = '\0';
    unsigned status = http_path(slice(long_path, strlen(long_path)), &path);
    CHECK(status == 0, "what counts is the length without the escapes: "
          "FS_PATH_MAX bytes, nearly all of them escaped, should be let pass, "
          "and are answered %u", status);
    CHECK(path.len == FS_PATH_MAX, "a path of FS_PATH_MAX bytes should have "
          "len %u, here %zu", FS_PATH_MAX, path.len);
}

/* ---- Anything ---- */

TEST(test_no_target_leads_out_of_the_site)
{
    static const char *const words[] = {
        "/", "/", "/", "/", "..", ".", "a", "b", "%2e", "%2E", "%2f", "%00",
        "%", "%41", "?", "//", "http://", "http://a", "%25", "...", "/../",
        "/./", "\xc0\xae",
    };
    char buf[300];

    for (unsigned i = 0; i < 20000; i++) {
        size_t len = fuzz_input(buf, sizeof buf, unit_random, words,
                                sizeof words / sizeof *words);
        LLVMFuzzerTestOneInput((const uint8_t *)buf, len);
    }
}
