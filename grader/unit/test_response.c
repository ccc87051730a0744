/* SPDX-License-Identifier: MIT */
/*
 * test_response.c - the answer to a request: decided (steps 12.12 and 12.13),
 * and written down (step 12.14).
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_request.h"
#include "http/response.h"
#include "shown.h"
#include "unit.h"

static struct http_response response;
static char head[2000];

static void check_content(const char *what, bool sent)
{
    CHECK(response.head_only == !sent, "%s: content should %sbe sent, and "
          "head_only is %d", what, sent ? "" : "not ", response.head_only);
    CHECK(response.content.data != NULL && response.content.len > 0,
          "%s: a refusal should have a sentence as its content, and here there "
          "is none", what);
    CHECK(response.content.len == response.content_length, "%s: the sentence "
          "has %zu bytes, and content_length is %llu", what,
          response.content.len, (unsigned long long)response.content_length);
    CHECK(response.content_type != NULL &&
              strcmp(response.content_type, "text/plain; charset=utf-8") == 0,
          "%s: the sentence's type should be text/plain; charset=utf-8, here "
          "\"%s\"", what, response.content_type ? response.content_type : "");
}

/* Nothing that belongs to another kind of answer is left in it. */
static void check_no_more(const char *what, bool allow, bool location)
{
    CHECK((response.allow != NULL) == allow, "%s: Allow should %sbe mentioned, "
          "and allow is %s", what, allow ? "" : "not ",
          response.allow ? "not NULL" : "NULL");
    CHECK((response.location.path.data != NULL) == location, "%s: Location "
          "should %sbe mentioned, and location.path is %s", what,
          location ? "" : "not ",
          response.location.path.data ? "not empty" : "empty");
    CHECK(!response.no_length && response.fields.data == NULL &&
              response.fields.len == 0,
          "%s: all of *out should be written, and what does not apply is zero: "
          "here no_length or fields are not", what);
}

static void refuse(unsigned status_code)
{
    memset(&response, 1, sizeof response); /* nothing may be left of it */
    http_refuse(&r, status_code, &response);
    CHECK(response.status_code == status_code, "the answer should be a %u, "
          "here %u", status_code, response.status_code);
}

/* ---- 12.12: refusals ---- */

TEST(test_a_refusal_says_what_and_why)
{
    static const unsigned codes[] = { 400, 404, 405, 411, 414, 431, 501, 505 };

    request("GET", "/", 1, "Host: a");
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        refuse(codes[i]);
        check_content("after GET", true);
        check_no_more("a refusal", codes[i] == 405, false);
    }
}

TEST(test_a_refusal_of_a_head_request_has_no_content)
{
    request("HEAD", "/", 1, "Host: a");
    refuse(404);
    check_content("after HEAD", false);
    request("head", "/", 1, "Host: a");
    refuse(501);
    check_content("after \"head\", which is no HEAD", true);
}

TEST(test_a_405_says_which_methods_are_allowed)
{
    request("POST", "/", 1, "Host: a");
    refuse(405);
    CHECK(response.allow != NULL && strcmp(response.allow, HTTP_ALLOW) == 0,
          "Allow should be HTTP_ALLOW after a 405 [RFC 9110 §15.5.6], here "
          "\"%s\"", response.allow ? response.allow : "");
}

TEST(test_a_refusal_keeps_the_connection_as_the_request_has_it)
{
    for (unsigned i = 0; i < 4; i++) {
        request("GET", "/", i % 2, "Host: a");
        r.persist = i / 2;
        refuse(404);
        CHECK(response.persist == r.persist, "the answer's persist should be "
              "%d, as the request's is, here %d", r.persist, response.persist);
        CHECK(response.minor == r.minor, "the answer's minor should be %u, as "
              "the request's is, here %u", r.minor, response.minor);
    }
}

TEST(test_a_refusal_needs_no_more_of_a_head_than_there_is)
{
    http_request_start(&r);
    r.method = slice("HEAD"); /* and then a line that was bad */
    refuse(400);
    check_content("after HEAD and a bad line", false);
    CHECK(!response.persist, "after a bad head the connection should close");

    http_request_start(&r); /* not even a method */
    refuse(414);
    check_content("after a line without an end", true);
    CHECK(!response.persist, "after a bad head the connection should close");
}

/* ---- 12.13: what there is ---- */

static struct http_path path;
static struct http_found found;

static void respond(const char *method, const char *target, const char *opened,
                    int error, enum fs_type type, uint64_t size)
{
    request(method, target, 1, "Host: a");
    snprintf(path.text, sizeof path.text, "%s", opened);
    path.len = strlen(path.text);
    memset(&found, 0, sizeof found);
    memset(&response, 1, sizeof response);
    found.error = error;
    found.path = &path;
    if (error == 0) {
        found.stat.type = type;
        found.stat.size = size;
    }
    http_respond(&r, &found, &response);
}

static void check_file(const char *method, const char *opened, uint64_t size,
                       const char *type)
{
    respond(method, "/", opened, 0, FS_FILE, size);
    CHECK(response.status_code == 200, "a file should be answered 200, here "
          "%u", response.status_code);
    CHECK(response.content.data == NULL, "the content is the file's: "
          "content.data should be NULL, and is not");
    CHECK(response.content_length == size, "a file of %llu bytes should have "
          "that content_length, after %s too; here %llu",
          (unsigned long long)size, method,
          (unsigned long long)response.content_length);
    CHECK(response.content_type != NULL &&
              strcmp(response.content_type, type) == 0,
          "the type of \"%s\" should be %s, here \"%s\"", opened, type,
          response.content_type ? response.content_type : "");
    CHECK(response.head_only == (strcmp(method, "HEAD") == 0), "after %s "
          "head_only should be %d, here %d", method,
          strcmp(method, "HEAD") == 0, response.head_only);
    CHECK(response.persist && response.minor == 1, "persist and minor should "
          "be the request's, 1 and 1, here %d and %u", response.persist,
          response.minor);
    check_no_more("a file", false, false);
}

TEST(test_a_file_is_answered_with_its_size_and_type)
{
    check_file("GET", "/index.html", 12345678901, "text/html; charset=utf-8");
    check_file("GET", "/empty", 0, "text/plain; charset=utf-8");
    check_file("HEAD", "/a.css", 77, "text/css; charset=utf-8");
}

TEST(test_errors_become_status_codes)
{
    static const struct {
        int error;
        unsigned status;
    } errors[] = {
        { -ENOENT, 404 },       { -ENOTDIR, 404 }, { -EINVAL, 404 },
        { -ENAMETOOLONG, 414 }, { -ENOMEM, 503 },  { -EIO, 500 },
        { -EISDIR, 500 },
    };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        respond("GET", "/a", "/a", errors[i].error, 0, 0);
        CHECK(response.status_code == errors[i].status,
              "error %d should be answered %u, here %u", errors[i].error,
              errors[i].status, response.status_code);
        check_content("an error", true);
        check_no_more("an error", false, false);
        CHECK(response.persist, "after error %d persist should be 1, as the "
              "request's is, here 0", errors[i].error);
    }
    /* What was found before the error has no meaning. */
    request("GET", "/pub", 1, "Host: a");
    found = (struct http_found){ -EIO, { .type = FS_DIRECTORY }, &path };
    http_respond(&r, &found, &response);
    CHECK(response.status_code == 500, "errors come first: error %d should be "
          "answered 500, whatever found->stat holds; here %u", -EIO,
          response.status_code);
    respond("GET", "/a", "/a", 0, FS_OTHER, 5);
    CHECK(response.status_code == 404, "what is neither file nor directory "
          "should be answered 404, here %u", response.status_code);
    respond("HEAD", "/a", "/a", -ENOENT, 0, 0);
    check_content("an error after HEAD", false);
}

static bool is(struct http_slice seen, const char *wanted)
{
    if (wanted == NULL)
        return seen.data == NULL;
    return seen.data != NULL && seen.len == strlen(wanted) &&
           memcmp(seen.data, wanted, seen.len) == 0;
}

TEST(test_a_directory_without_its_slash_is_at_another_address)
{
    static const struct {
        const char *target, *path, *query;
    } cases[] = {
        { "/pub", "/pub", NULL },
        { "/a%20b?c=d&e", "/a%20b", "c=d&e" },
        { "/pub?", "/pub", "" },
        { "http://a/pub", "/pub", NULL },
        { "/pub/.", "/pub/.", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        respond("GET", cases[i].target, "/opened", 0, FS_DIRECTORY, 0);
        CHECK(response.status_code == 301, "a directory asked for as \"%s\" "
              "should be answered 301, here %u", cases[i].target,
              response.status_code);
        check_content("a 301", true);
        check_no_more("a 301", false, true);
        CHECK(is(response.location.path, cases[i].path) &&
                  is(response.location.query, cases[i].query),
              "location should have the path and the query of \"%s\" as the "
              "client wrote them, and has path \"%s\" and query \"%s\"%s",
              cases[i].target,
              shown_bytes(response.location.path.data,
                          response.location.path.len),
              shown_bytes(response.location.query.data,
                          response.location.query.len),
              response.location.query.data ? "" : ", which is none");
    }
    /* A directory that has the index's name: there is no file to be had. */
    respond("GET", "/pub/", "/pub/index.html", 0, FS_DIRECTORY, 0);
    CHECK(response.status_code == 404, "a directory asked for with its slash "
          "should be answered 404, here %u", response.status_code);
    check_no_more("a 404", false, false);
}

/* ---- 12.14: the head ---- */

/* Is there such a line in a text of lines that each end in CR LF? The case of
 * its letters does not matter. */
static bool has_line(const char *text, size_t len, const char *line,
                     size_t line_len)
{
    const char *end = text + len, *next;

    for (const char *at = text; at < end; at = next + 2) {
        next = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (next == NULL)
            return false;
        if ((size_t)(next - at) == line_len &&
            strncasecmp(at, line, line_len) == 0)
            return true;
    }
    return false;
}

/* Of the lines of `text`, the first that `other` has not; len 0: none. */
static struct http_slice missing(const char *text, size_t len,
                                 const char *other, size_t other_len)
{
    const char *end = text + len, *next;
    struct http_slice line = { text, 0 };

    for (const char *at = text; at < end; at = next + 2) {
        next = memmem(at, (size_t)(end - at), "\r\n", 2);
        line.data = at;
        line.len = next ? (size_t)(next - at) : (size_t)(end - at);
        if (next == NULL || !has_line(other, other_len, at, line.len))
            return line;
    }
    line.len = 0;
    return line;
}

/* Is what http_write_head() makes of `response` of `wanted`'s lines, of which
 * only the first has its place? */
static void check_head(const char *wanted)
{
    long gave = http_write_head(&response, head, sizeof head);
    size_t want = strlen(wanted), len = (size_t)gave;
    size_t first = (size_t)(strstr(wanted, "\r\n") + 2 - wanted);

    CHECK(gave > 0 && len < sizeof head, "a head of %zu bytes into %zu should "
          "give %zu, here %ld", want, sizeof head, want, gave);
    CHECK(len >= first && memcmp(head, wanted, first) == 0,
          "the status line should be \"%s\", and the head is\n\"%s\"",
          shown_bytes(wanted, first), shown_bytes(head, len));
    struct http_slice line = missing(wanted, want, head, len);
    CHECK(line.len == 0, "the line \"%s\" is wanted, and the head is\n\"%s\"",
          shown_bytes(line.data, line.len), shown_bytes(head, len));
    line = missing(head, len, wanted, want);
    CHECK(line.len == 0, "the line \"%s\" is too much: wanted is \"%s\"\n"
          "and the head is \"%s\"", shown_bytes(line.data, line.len),
          shown(wanted), shown_bytes(head, len));
    CHECK(len == want && memcmp(head + len - 4, "\r\n\r\n", 4) == 0,
          "the head should have %zu bytes, \"%s\"\nand has %ld, \"%s\"", want,
          shown(wanted), gave, shown_bytes(head, len));
}

static struct http_response plain(unsigned status_code)
{
    return (struct http_response){
        .status_code = status_code, .minor = 1, .persist = true,
        .content_length = 77, .content_type = "text/css; charset=utf-8",
    };
}

TEST(test_a_head_has_a_line_for_all_that_there_is)
{
    response = plain(200);
    response.content_length = 12345678901;
    check_head("HTTP/1.1 200 OK\r\n"
               "Content-Type: text/css; charset=utf-8\r\n"
               "Content-Length: 12345678901\r\n\r\n");
    response.head_only = true; /* the head is the same */
    check_head("HTTP/1.1 200 OK\r\n"
               "Content-Type: text/css; charset=utf-8\r\n"
               "Content-Length: 12345678901\r\n\r\n");
    response = plain(405);
    response.content_length = 0;
    response.content_type = NULL;
    response.allow = HTTP_ALLOW;
    check_head("HTTP/1.1 405 Method Not Allowed\r\n"
               "Allow: GET, HEAD, OPTIONS\r\n"
               "Content-Length: 0\r\n\r\n");
}

TEST(test_the_connection_field_is_there_when_it_is_needed)
{
    static const char *const lines[] = {
        "Connection: close\r\n", "Connection: keep-alive\r\n",
        "Connection: close\r\n", "",
    };

    for (unsigned i = 0; i < 4; i++) {
        char wanted[200];

        response = plain(404);
        response.minor = i / 2;
        response.persist = i % 2;
        response.content_type = NULL;
        snprintf(wanted, sizeof wanted, "HTTP/1.1 404 Not Found\r\n%s"
                 "Content-Length: 77\r\n\r\n", lines[i]);
        check_head(wanted);
    }
}

TEST(test_the_location_is_the_path_a_slash_and_the_query)
{
    static const struct {
        const char *path, *query, *wanted;
    } cases[] = {
        { "/pub", NULL, "/pub/" },
        { "/a%20b", "c=d&e", "/a%20b/?c=d&e" },
        { "/pub", "", "/pub/?" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[200];

        response = plain(301);
        response.content_type = NULL;
        response.location.path = slice(cases[i].path);
        if (cases[i].query != NULL)
            response.location.query = slice(cases[i].query);
        snprintf(wanted, sizeof wanted, "HTTP/1.1 301 Moved Permanently\r\n"
                 "Location: %s\r\nContent-Length: 77\r\n\r\n",
                 cases[i].wanted);
        check_head(wanted);
    }
}

TEST(test_further_fields_go_into_the_head_as_they_are)
{
    response = plain(200);
    response.fields = slice("ETag: \"1\"\r\nVary: Accept-Encoding\r\n");
    check_head("HTTP/1.1 200 OK\r\n"
               "Content-Type: text/css; charset=utf-8\r\n"
               "Content-Length: 77\r\n"
               "ETag: \"1\"\r\n"
               "Vary: Accept-Encoding\r\n\r\n");
    response.no_length = true;
    check_head("HTTP/1.1 200 OK\r\n"
               "Content-Type: text/css; charset=utf-8\r\n"
               "ETag: \"1\"\r\n"
               "Vary: Accept-Encoding\r\n\r\n");
}

TEST(test_a_head_that_does_not_fit_is_refused)
{
    response = plain(301);
    response.location.path = slice("/pub");
    response.location.query = slice("x");
    long len = http_write_head(&response, head, sizeof head);
    CHECK(len > 0, "a head that fits into %zu bytes should give its length, "
          "here %ld", sizeof head, len);
    for (size_t cap = 0; cap <= (size_t)len + 1; cap++) {
        char *room = unit_memory(cap ? cap : 1, 1, '?');
        long seen = http_write_head(&response, room, cap);
        long wanted = cap <= (size_t)len ? -ENOSPC : len;
        CHECK(seen == wanted, "a head of %ld bytes and a NUL into %zu should "
              "give %ld, here %ld", len, cap, wanted, seen);
    }
}
