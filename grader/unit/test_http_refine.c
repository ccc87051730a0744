/* SPDX-License-Identifier: MIT */
/*
 * test_http_refine.c - what becomes of a plain answer by the fields of the
 * request; and the texts that we write for people: listings, the access log.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/access.h"
#include "http/listing.h"
#include "http/refine.h"
#include "http/registry.h"
#include "unit.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static struct http_request r;
static struct http_response response;
static struct http_content content;
static struct http_selected selected;
static char lines[1000], head[2000];
static struct http_text fields;

#define TAG "\"1-2ebc98a1-64\""
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

/* "GET" with `more` lines, of /a.txt: 100 bytes, of DATE. */
static void start(const char *method, unsigned minor, const char *more)
{
    static char text[2000];
    static struct http_path path = { 6, "/a.txt" };
    int len = snprintf(text, sizeof text, "%s /a.txt HTTP/1.%u\r\nHost: a\r\n"
                       "%s\r\n", method, minor, more);

    http_request_start(&r);
    CHECK(http_parse(&r, text, (size_t)len) == HTTP_OK && http_check(&r) == 0,
          "\"%s\" is let pass", more);
    selected = (struct http_selected){
        .stat = { FS_FILE, 100, 784111777, 1 },
        .now = 1700000000,
        .boundary = 77,
    };
    struct http_found found = { .stat = selected.stat, .path = &path };
    http_respond(&r, &found, &response);
    fields = (struct http_text){ lines, sizeof lines, 0 };
    lines[0] = '\0';
}

static const char *finish(void)
{
    http_refine(&r, &selected, &response, &content, &fields);
    CHECK(fields.len < fields.cap, "the fields fit");
    response.fields = (struct http_slice){ lines, fields.len };
    CHECK(http_write_head(&response, head, sizeof head) > 0, "the head fits");
    return head;
}

static bool has(const char *line)
{
    const char *at = strstr(head, line);
    return at != NULL && strncmp(at + strlen(line), "\r\n", 2) == 0 &&
           at[-1] == '\n';
}

static const struct {
    const char *method, *fields;
    unsigned status;
    enum http_source source;
    uint64_t len;
} cases[] = {
    { "GET", "", 200, HTTP_FILE, 100 },
    { "HEAD", "", 200, HTTP_FILE, 100 },
    { "GET", "If-None-Match: " TAG "\r\n", 304, HTTP_TEXT, 0 },
    { "HEAD", "If-None-Match: " TAG "\r\n", 304, HTTP_TEXT, 0 },
    { "GET", "If-Modified-Since: " DATE "\r\n", 304, HTTP_TEXT, 0 },
    { "GET", "If-Match: \"x\"\r\n", 412, HTTP_TEXT, 0 },
    { "GET", "Range: bytes=0-9\r\n", 206, HTTP_FILE, 10 },
    { "GET", "Range: bytes=0-9,-1\r\n", 206, HTTP_PARTS, 0 },
    { "GET", "Range: bytes=100-\r\n", 416, HTTP_TEXT, 0 },
    { "GET", "Range: lines=0-9\r\n", 200, HTTP_FILE, 100 },
    { "GET", "Range: bytes=0-9\r\nRange: bytes=0-9\r\n", 200, HTTP_FILE, 100 },
    { "HEAD", "Range: bytes=0-9\r\n", 200, HTTP_FILE, 100 },
    { "HEAD", "Range: bytes=100-\r\n", 200, HTTP_FILE, 100 },
    { "GET", "Range: bytes=0-9\r\nIf-Range: " TAG "\r\n", 206, HTTP_FILE, 10 },
    { "GET", "Range: bytes=0-9\r\nIf-Range: \"x\"\r\n", 200, HTTP_FILE, 100 },
    { "GET", "Range: bytes=200-\r\nIf-Range: \"x\"\r\n", 200, HTTP_FILE, 100 },
    { "GET", "If-Range: \"x\"\r\n", 200, HTTP_FILE, 100 },
    /* The condition comes before the range. */
    { "GET", "Range: bytes=0-9\r\nIf-None-Match: " TAG "\r\n", 304, HTTP_TEXT,
      0 },
    { "GET", "Range: bytes=200-\r\nIf-Match: \"x\"\r\n", 412, HTTP_TEXT, 0 },
    { "GET", "Range: bytes=0-9\r\nIf-Match: " TAG "\r\n", 206, HTTP_FILE, 10 },
    { "GET", "Accept-Encoding: identity;q=0\r\n", 406, HTTP_TEXT, 0 },
};

TEST(test_a_plain_answer_becomes_what_the_fields_ask_for)
{
    for (size_t i = 0; i < LENGTH(cases); i++) {
        start(cases[i].method, 1, cases[i].fields);
        selected.coding = http_coding(&r, false);
        finish();
        CHECK(response.status_code == cases[i].status &&
                  content.source == cases[i].source,
              "%s with \"%s\" is answered %u from %d, here %u from %d",
              cases[i].method, cases[i].fields, cases[i].status,
              cases[i].source, response.status_code, content.source);
        CHECK(cases[i].len == 0 || response.content_length == cases[i].len,
              "%s with \"%s\" has %llu bytes, here %llu", cases[i].method,
              cases[i].fields, (unsigned long long)cases[i].len,
              (unsigned long long)response.content_length);
        CHECK(response.persist, "the connection persists");
        CHECK(response.head_only == (cases[i].status == 304 ||
                                     cases[i].method[0] == 'H'),
              "whether content follows is known");
    }
}

TEST(test_a_file_says_which_version_it_is)
{
    start("GET", 1, "");
    finish();
    CHECK(has("ETag: " TAG) && has("Last-Modified: " DATE) &&
              has("Accept-Ranges: bytes") && has("Content-Length: 100") &&
              !strstr(head, "Vary") && !strstr(head, "Content-Encoding") &&
              !strstr(head, "Cache-Control"), "the head is\n%s", head);
    CHECK(content.parts.ranges.count == 1 &&
              content.parts.ranges.range[0].len == 100, "all of it is sent");
}

TEST(test_an_empty_file_has_no_part)
{
    start("GET", 1, "Range: bytes=0-\r\n");
    selected.stat.size = 0;
    response.content_length = 0;
    finish();
    CHECK(response.status_code == 200 && content.parts.ranges.count == 0,
          "it is sent, which is nothing");
}

TEST(test_what_is_made_anew_each_time_is_not_kept)
{
    start("GET", 1, "If-Modified-Since: " DATE "\r\n");
    selected.stat.mtime = 0;
    finish();
    CHECK(response.status_code == 200 && has("Cache-Control: no-store") &&
              !strstr(head, "ETag") && !strstr(head, "Last-Modified"),
          "the head is\n%s", head);
}

TEST(test_a_304_says_what_a_cache_needs_and_no_more)
{
    start("GET", 1, "If-None-Match: *\r\n");
    selected.varies = true;
    finish();
    CHECK(strcmp(head, "HTTP/1.1 304 Not Modified\r\n"
                       "ETag: " TAG "\r\n"
                       "Vary: Accept-Encoding\r\n\r\n") == 0,
          "[RFC 9110 §15.4.5]; the head is\n%s", head);
}

TEST(test_a_compressed_file_says_so)
{
    start("GET", 1, "Accept-Encoding: gzip\r\n");
    selected.varies = true;
    selected.coding = HTTP_GZIP;
    finish();
    CHECK(has("Content-Encoding: gzip") && has("Vary: Accept-Encoding") &&
              has("Content-Type: text/plain; charset=utf-8"),
          "the head is\n%s", head);
    /* What might have been compressed says what it depended on. */
    start("GET", 1, "");
    selected.varies = true;
    finish();
    CHECK(!strstr(head, "Content-Encoding") && has("Vary: Accept-Encoding"),
          "the head is\n%s", head);
    /* Several parts of it are not possible; one is. */
    start("GET", 1, "Range: bytes=0-9,20-29\r\n");
    selected.coding = HTTP_GZIP;
    finish();
    CHECK(response.status_code == 200 && response.content_length == 100,
          "all is sent");
    start("GET", 1, "Range: bytes=0-9\r\n");
    selected.coding = HTTP_GZIP;
    finish();
    CHECK(response.status_code == 206 && has("Content-Encoding: gzip"),
          "ten bytes of what is compressed are sent");
}

TEST(test_one_range_says_where_it_lies)
{
    start("GET", 1, "Range: bytes=10-19\r\n");
    finish();
    CHECK(has("Content-Range: bytes 10-19/100") && has("Content-Length: 10") &&
              has("ETag: " TAG) && has("Content-Type: text/plain; "
                                       "charset=utf-8"),
          "the head is\n%s", head);
    CHECK(content.parts.ranges.range[0].first == 10, "they begin at 10");
}

TEST(test_several_ranges_are_a_multipart)
{
    start("GET", 1, "Range: bytes=10-19,-1\r\n");
    finish();
    CHECK(has("Content-Type: multipart/byteranges; "
              "boundary=000000000000004d") && !has("Content-Range") &&
              !strstr(head, "text/plain"),
          "[RFC 9110 §15.3.7.2]; the head is\n%s", head);
    CHECK(strcmp(content.parts.type, "text/plain; charset=utf-8") == 0,
          "the parts' type is the file's");
    CHECK(response.content_length == http_parts_length(&content.parts),
          "the length is that of all of it");
}

TEST(test_a_range_beyond_the_end_says_where_the_end_is)
{
    start("GET", 1, "Range: bytes=100-\r\n");
    finish();
    CHECK(has("Content-Range: bytes */100") && !strstr(head, "ETag") &&
              response.content.len > 0, "the head is\n%s", head);
}

TEST(test_other_answers_stay_as_they_are)
{
    static const int errors[] = { -ENOENT, -EIO, -ENOMEM, -ENAMETOOLONG };
    static struct http_path path = { 2, "/x" };

    for (size_t i = 0; i < LENGTH(errors); i++) {
        start("GET", 1, "If-None-Match: *\r\nRange: bytes=0-0\r\n");
        struct http_found found = { .error = errors[i], .path = &path };
        http_respond(&r, &found, &response);
        unsigned status = response.status_code;
        finish();
        CHECK(response.status_code == status && fields.len == 0 &&
                  content.source == HTTP_TEXT,
              "a %u stays one [RFC 9110 §13.2.1], here %u", status,
              response.status_code);
    }
}

/* What is answered for a directory that was asked for by `target`. */
static const char *directory(const char *target, unsigned minor, bool listing,
                             const char *more)
{
    static struct http_path path = { 5, "/pub/" };

    start("GET", minor, more);
    r.request_target = (struct http_slice){ target, strlen(target) };
    selected.stat = (struct fs_stat){ FS_DIRECTORY, 4096, 784111777, 9,
                                      false };
    selected.listing = listing;
    struct http_found found = { .stat = selected.stat, .path = &path };
    http_respond(&r, &found, &response);
    return finish();
}

TEST(test_a_directory_is_listed_if_that_is_wanted)
{
    directory("/pub/", 1, true, "");
    CHECK(response.status_code == 200 && content.source == HTTP_LISTING &&
              content.chunked && response.persist && has("Transfer-Encoding: "
              "chunked") && !strstr(head, "Content-Length") &&
              has("Content-Type: text/html; charset=utf-8") &&
              has("Cache-Control: no-store"), "the head is\n%s", head);
    directory("/pub/", 1, false, "");
    CHECK(response.status_code == 404, "it is not found, if not");
    directory("/pub", 1, true, "");
    CHECK(response.status_code == 301, "without its slash it is elsewhere");
    directory("/pub/", 0, true, "Connection: keep-alive\r\n");
    CHECK(content.source == HTTP_LISTING && !content.chunked &&
              has("Connection: close") && !strstr(head, "Transfer-Encoding") &&
              !strstr(head, "Content-Length"),
          "HTTP/1.0 knows no chunks; the head is\n%s", head);
    directory("/pub/", 1, true, "If-Match: \"x\"\r\n");
    CHECK(response.status_code == 412 && content.source == HTTP_TEXT,
          "conditions hold for listings too");
    directory("/pub/", 1, true, "Range: bytes=0-9\r\n");
    CHECK(response.status_code == 200, "ranges don't");
}

TEST(test_a_date_is_sent_when_it_is_known)
{
    fields = (struct http_text){ lines, sizeof lines, 0 };
    lines[0] = '\0';
    http_append_date(&fields, 0);
    CHECK(fields.len == 0, "without a clock there is no Date");
    http_append_date(&fields, 784111777);
    CHECK(strcmp(lines, "Date: " DATE "\r\n") == 0, "it is %s", lines);
}

TEST(test_content_type_goes_by_extension_with_charset)
{
    static const struct {
        const char *path, *type;
        bool compresses;
    } types[] = {
        { "/index.html", "text/html; charset=utf-8", true },
        { "/a/B.HTML", "text/html; charset=utf-8", true },
        { "/a.css", "text/css; charset=utf-8", true },
        { "/a.js", "text/javascript; charset=utf-8", true },
        { "/README", "text/plain; charset=utf-8", true },
        { "/a.b/README", "text/plain; charset=utf-8", true },
        { "/layers.svg", "image/svg+xml", true },
        { "/a.png", "image/png", false },
        { "/a.html.gz", "application/gzip", false },
        { "/a.bin", "application/octet-stream", false },
        { "/a.", "application/octet-stream", false },
    };

    for (size_t i = 0; i < LENGTH(types); i++) {
        struct http_slice path = { types[i].path, strlen(types[i].path) };
        CHECK(strcmp(http_media_type(path), types[i].type) == 0 &&
                  http_type_compresses(path) == types[i].compresses,
              "%s is %s, here %s", types[i].path, types[i].type,
              http_media_type(path));
    }
}

/* ---- Listings ---- */

static char page[4000];

static const char *entry(const char *name, enum fs_type type, bool known)
{
    struct fs_stat stat = { type, 12345, 784111777, 1, false };
    struct fs_dirent dirent = { .type = type,
                                .name_len = (uint8_t)strlen(name) };
    struct http_text text = { page, sizeof page, 0 };

    strcpy(dirent.name, name);
    http_listing_entry(&dirent, known ? &stat : NULL, &text);
    CHECK(text.len <= HTTP_LISTING_MOST, "an entry has at most %u bytes, this "
          "one %zu", HTTP_LISTING_MOST, text.len);
    return page;
}

TEST(test_a_listing_escapes_what_it_shows)
{
    static const struct {
        const char *name, *link, *shown;
    } names[] = {
        { "a.txt", "./a.txt", "a.txt" },
        { "a b", "./a%20b", "a b" },
        { "<script>", "./%3Cscript%3E", "&lt;script&gt;" },
        { "\"&'", "./%22%26%27", "&quot;&amp;'" },
        { "100%", "./100%25", "100%" },
        { "%2e%2e", "./%252e%252e", "%2e%2e" },
        { "a:b", "./a%3Ab", "a:b" },
        { "?q#f", "./%3Fq%23f", "?q#f" },
        { "caf\xc3\xa9", "./caf%C3%A9", "caf\xc3\xa9" },
        { "\x1b[31m\n", "./%1B%5B31m%0A", "?[31m?" },
        { "\\", "./%5C", "\\" },
    };
    char wanted[300];

    for (size_t i = 0; i < LENGTH(names); i++) {
        snprintf(wanted, sizeof wanted, "<a href=\"%s\">%s</a>", names[i].link,
                 names[i].shown);
        CHECK(strstr(entry(names[i].name, FS_FILE, true), wanted),
              "there should be %s, and there is %s", wanted, page);
    }
    entry("sub", FS_DIRECTORY, true);
    CHECK(strstr(page, "<a href=\"./sub/\">sub/</a>") && !strstr(page, "12345"),
          "a directory's link has its slash, and it has no size: %s", page);
    entry("a", FS_FILE, true);
    CHECK(strstr(page, ">12345<") && strstr(page, ">1994-11-06 08:49<"),
          "a file has its size and date: %s", page);
    entry("a", FS_FILE, false);
    CHECK(!strstr(page, "12345"), "what isn't known isn't told: %s", page);
}

TEST(test_a_listing_stays_within_its_bounds)
{
    char name[256];
    struct fs_dirent dirent;

    for (unsigned byte = 1; byte < 256; byte++) {
        if (byte == '/')
            continue;
        memset(name, (int)byte, 255);
        name[255] = '\0';
        entry(name, FS_DIRECTORY, true);
        memcpy(dirent.name, name, 255);
        struct http_slice path = { name, 255 };
        struct http_text text = { page, sizeof page, 0 };
        http_listing_begin(path, &text);
        CHECK(text.len <= HTTP_LISTING_MOST, "the beginning has %zu bytes",
              text.len);
    }
    /* A character of several bytes is shown as a whole or not at all. */
    memset(name, 'x', 255);
    memcpy(name + HTTP_LISTING_SHOWN - 1, "\xe2\x82\xac", 3);
    entry(name, FS_FILE, true);
    CHECK(strstr(page, "x...</a>"), "the name is cut before it: %s", page);
}

/* ---- The access log ---- */

static const char *log_of(const char *text, unsigned status, uint64_t bytes)
{
    static char line[400];
    struct http_text out = { line, sizeof line, 0 };

    http_request_start(&r);
    http_parse(&r, text, strlen(text));
    http_access("192.0.2.1:50412", &r, status, bytes, &out);
    CHECK(out.len < 220, "a line of the log has %zu bytes", out.len);
    return line;
}

TEST(test_the_log_says_who_asked_for_what_and_what_became_of_it)
{
    static const struct {
        const char *text, *wanted;
    } lines_[] = {
        { "GET /a%20b?c HTTP/1.1\r\n", "\"GET /a%20b?c\" 200 5" },
        { "GET /\"quoted\" HTTP/1.1\r\n", "\"GET /\\x22quoted\\x22\" 200 5" },
        { "GET /\\x HTTP/1.1\r\n", "\"GET /\\x5cx\" 200 5" },
        { "GET /\x1b[2J HTTP/1.1\r\n", "\"-\" 200 5" },
        { "nonsense\r\n", "\"-\" 200 5" },
        { "GET / HTTP/2.0\r\n", "\"GET /\" 200 5" },
    };
    char wanted[200], text[600];

    for (size_t i = 0; i < LENGTH(lines_); i++) {
        snprintf(wanted, sizeof wanted, "http: 192.0.2.1:50412 %s",
                 lines_[i].wanted);
        const char *line = log_of(lines_[i].text, 200, 5);
        CHECK(strcmp(line, wanted) == 0, "the line should be\n%s\nand is\n%s",
              wanted, line);
    }
    snprintf(text, sizeof text, "GET /%0500d HTTP/1.1\r\n", 0);
    const char *line = log_of(text, 200, UINT64_MAX);
    CHECK(strstr(line, "000...\" 200 18446744073709551615"),
          "a long target is cut: %s", line);
}
