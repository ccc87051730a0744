/* SPDX-License-Identifier: MIT */
/*
 * test_respond.c - what a request means for its connection, and the answer.
 *
 * Requests are made by hand here, and http_field() and http_field_has() are
 * the test's own: a fault in parse.c is none of respond.c's.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "console/format.h"
#include "http/response.h"
#include "unit.h"

unsigned http_field(const struct http_request *request, const char *name,
                    struct http_slice *value)
{
    unsigned count = 0;

    for (unsigned i = 0; i < request->field_count; i++)
        if (strcasecmp(request->field[i].field_name.data, name) == 0 &&
            count++ == 0)
            *value = request->field[i].field_value;
    return count;
}

bool http_field_has(const struct http_request *request, const char *name,
                    const char *token)
{
    for (unsigned i = 0; i < request->field_count; i++) {
        char members[200], *rest = members, *member;
        snprintf(members, sizeof members, "%s",
                 request->field[i].field_value.data);
        while ((member = strtok_r(rest, ", ", &rest)))
            if (strcasecmp(request->field[i].field_name.data, name) == 0 &&
                strcasecmp(member, token) == 0)
                return true;
    }
    return false;
}

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    return vsnprintf(buf, cap, format, args);
}

/* ---- Requests by hand ---- */

static struct http_request r;

static struct http_slice slice(const char *text)
{
    struct http_slice made = { text, strlen(text) };
    return made;
}

/* "GET" "/a", HTTP/1.1, with `fields` "A: b|C: d". */
static void request(const char *method, const char *target, unsigned minor,
                    const char *fields)
{
    static char text[1000];
    char *rest = text, *line;

    http_request_start(&r);
    r.method = slice(method);
    r.request_target = slice(target);
    r.major = 1;
    r.minor = minor;
    snprintf(text, sizeof text, "%s", fields);
    while ((line = strtok_r(rest, "|", &rest))) {
        char *colon = strchr(line, ':');
        *colon = '\0';
        r.field[r.field_count].field_name = slice(line);
        r.field[r.field_count].field_value = slice(colon + 2);
        r.field_count++;
    }
}

/* ---- 12.9: where the request ends ---- */

static const struct {
    unsigned minor;
    const char *fields;
    unsigned status;
    uint64_t length;
} frames[] = {
    { 1, "Host: a", 0, 0 },
    { 1, "Content-Length: 0", 0, 0 },
    { 1, "Content-Length: 5", 0, 5 },
    { 0, "content-length: 5", 0, 5 },
    { 1, "Content-Length: 00012", 0, 12 },
    { 1, "Content-Length: 65536", 0, 65536 },
    { 1, "Content-Length: 65537", 413, 0 },
    { 1, "Content-Length: 18446744073709551615", 413, 0 },
    { 1, "Content-Length: 18446744073709551616", 400, 0 },
    { 1, "Content-Length: 18446744073709551620", 400, 0 },
    { 1, "Content-Length: 99999999999999999999", 400, 0 },
    { 1, "Content-Length: 184467440737095516150", 400, 0 },
    { 1, "Content-Length: ", 400, 0 },
    { 1, "Content-Length: -5", 400, 0 },
    { 1, "Content-Length: +5", 400, 0 },
    { 1, "Content-Length: 5 5", 400, 0 },
    { 1, "Content-Length: 5, 5", 400, 0 },
    { 1, "Content-Length: 5,6", 400, 0 },
    { 1, "Content-Length: 0x5", 400, 0 },
    { 1, "Content-Length: 5a", 400, 0 },
    { 1, "Content-Length: 5.0", 400, 0 },
    { 1, "Content-Length: /", 400, 0 },
    { 1, "Content-Length: five", 400, 0 },
    { 1, "Content-Length: 5|Content-Length: 5", 400, 0 },
    { 1, "Content-Length: 5|Content-Length: 6", 400, 0 },
    { 1, "Transfer-Encoding: chunked", 411, 0 },
    { 1, "Transfer-Encoding: CHUNKED", 411, 0 },
    { 1, "Transfer-Encoding: gzip", 400, 0 },
    { 1, "Transfer-Encoding: identity", 400, 0 },
    { 1, "Transfer-Encoding: chunked, gzip", 400, 0 },
    { 1, "Transfer-Encoding: gzip, chunked", 501, 0 },
    { 1, "Transfer-Encoding: gzip,CHUNKED", 501, 0 },
    { 1, "Transfer-Encoding: chunked, chunked", 501, 0 },
    { 1, "Transfer-Encoding: chunked|Transfer-Encoding: chunked", 400, 0 },
    { 1, "Transfer-Encoding: gzip|Transfer-Encoding: chunked", 400, 0 },
    { 1, "Transfer-Encoding: xchunked", 400, 0 },
    { 1, "Transfer-Encoding: ", 400, 0 },
    { 1, "Transfer-Encoding: chunked|Content-Length: 5", 400, 0 },
    { 1, "Content-Length: 5|Transfer-Encoding: chunked", 400, 0 },
    { 1, "Content-Length: 5|Transfer-Encoding: gzip", 400, 0 },
    { 0, "Transfer-Encoding: chunked", 400, 0 },
};

TEST(test_there_is_no_doubt_where_a_request_ends)
{
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        request("GET", "/", frames[i].minor, frames[i].fields);
        unsigned status = http_frame(&r);
        CHECK(status == frames[i].status,
              "HTTP/1.%u with \"%s\" should give %u (0: let pass), and gives "
              "%u", frames[i].minor, frames[i].fields, frames[i].status,
              status);
        if (status == 0)
            CHECK(r.content_length == frames[i].length,
                  "\"%s\" means %llu bytes, and here %llu", frames[i].fields,
                  (unsigned long long)frames[i].length,
                  (unsigned long long)r.content_length);
    }
}

/* ---- 12.10: may another request follow? ---- */

static const struct {
    unsigned minor;
    const char *fields;
    bool persists;
} connections[] = {
    { 1, "Host: a", true },
    { 0, "Host: a", false },
    { 1, "Connection: close", false },
    { 1, "Connection: Close", false },
    { 0, "Connection: close", false },
    { 1, "Connection: keep-alive", true },
    { 0, "Connection: keep-alive", true },
    { 0, "Connection: Keep-Alive", true },
    { 0, "Connection: keep-alive, close", false },
    { 1, "Connection: keep-alive, close", false },
    { 1, "Connection: upgrade", true },
    { 0, "Connection: upgrade", false },
    { 2, "Host: a", true },
    { 1, "Content-Length: 10", true },
    { 1, "Content-Length: 65536", true },
    { 1, "Content-Length: 10|Expect: 100-continue", false },
    { 1, "Content-Length: 10|Expect: 100-CONTINUE", false },
    { 1, "Expect: 100-continue", true },
};

TEST(test_a_connection_persists_when_both_sides_know_how)
{
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++) {
        request("GET", "/", connections[i].minor, connections[i].fields);
        CHECK(http_frame(&r) == 0, "\"%s\" is let pass",
              connections[i].fields);
        bool persists = http_persists(&r);
        CHECK(persists == connections[i].persists,
              "after HTTP/1.%u with \"%s\" the connection should %s, and %s",
              connections[i].minor, connections[i].fields,
              connections[i].persists ? "persist" : "close",
              persists ? "persists" : "closes");
    }
}

/* ---- 12.11: the whole head ---- */

static const struct {
    const char *method;
    unsigned minor;
    const char *fields;
    unsigned status;
    bool persist;
} checks[] = {
    { "GET", 1, "Host: a", 0, true },
    { "HEAD", 1, "Host: a", 0, true },
    { "GET", 1, "Host: ", 0, true },
    { "GET", 0, "Accept: a", 0, false },
    { "GET", 0, "Host: a|Connection: keep-alive", 0, true },
    { "GET", 1, "Accept: a", 400, false },
    { "GET", 1, "Host: a|Host: a", 400, false },
    { "GET", 0, "Host: a|Host: b", 400, false },
    { "GET", 1, "Host: a|Content-Length: x", 400, false },
    { "GET", 1, "Host: a b", 400, false },
    { "POST", 1, "Host: a/b", 400, false },
    { "GET", 0, "Host: a@b", 400, false },
    { "GET", 1, "Host: [::1]:80", 0, true },
    { "GET", 1, "Host: a|Transfer-Encoding: gzip", 400, false },
    { "GET", 1, "Host: a|Transfer-Encoding: gzip, chunked", 501, false },
    { "POST", 1, "Host: a|Transfer-Encoding: chunked", 411, false },
    { "POST", 1, "Host: a|Content-Length: 65537", 413, false },
    { "POST", 1, "Host: a|Content-Length: 3", 405, true },
    { "PUT", 1, "Host: a", 405, true },
    { "DELETE", 1, "Host: a", 405, true },
    { "OPTIONS", 1, "Host: a", 0, true },
    { "OPTIONS", 0, "Host: a", 0, false },
    { "TRACE", 1, "Host: a", 405, true },
    { "CONNECT", 1, "Host: a", 405, true },
    { "PATCH", 1, "Host: a|Connection: close", 405, false },
    { "get", 1, "Host: a", 501, true },
    { "GETS", 1, "Host: a", 501, true },
    { "GE", 1, "Host: a", 501, true },
    { "BREW", 1, "Host: a|Connection: close", 501, false },
    { "BREW", 1, "Accept: a", 400, false },
};

TEST(test_a_head_is_let_pass_or_refused_for_what_it_says)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        request(checks[i].method, "/", checks[i].minor, checks[i].fields);
        unsigned status = http_check(&r);
        CHECK(status == checks[i].status,
              "%s HTTP/1.%u with \"%s\" should give %u (0: let pass), and "
              "gives %u", checks[i].method, checks[i].minor, checks[i].fields,
              checks[i].status, status);
        CHECK(r.persist == checks[i].persist,
              "after %s HTTP/1.%u with \"%s\" the connection should %s",
              checks[i].method, checks[i].minor, checks[i].fields,
              checks[i].persist ? "persist" : "close");
    }
}

TEST(test_the_length_of_the_content_is_known_whatever_the_method)
{
    request("POST", "/", 1, "Host: a|Content-Length: 77");
    http_check(&r);
    CHECK(r.content_length == 77, "content_length is 77, here %llu",
          (unsigned long long)r.content_length);
}

/* ---- 12.12 to 12.14: answers ---- */

static struct http_response response;
static char head[2000];

/* Is `head` of `wanted`'s lines, of which only the first has its place? */
static void check_head(const char *wanted)
{
    char lines[2000], *rest = lines, *line;
    long len = http_write_head(&response, head, sizeof head);

    CHECK(len == (long)strlen(wanted), "the head should be\n%s\nand is\n%.*s",
          wanted, len > 0 ? (int)len : 0, head);
    CHECK(strcmp(head + len - 4, "\r\n\r\n") == 0,
          "the head should end in an empty line, and is\n%s", head);
    snprintf(lines, sizeof lines, "%s", wanted);
    while ((line = strtok_r(rest, "\r\n", &rest))) {
        char *at = strcasestr(head, line);
        CHECK(at != NULL && strncmp(at + strlen(line), "\r\n", 2) == 0 &&
                  (at == head) == (line == lines),
              "the line \"%s\" is wanted, and the head is\n%s", line, head);
    }
}

static void check_content(const char *method, bool sent)
{
    CHECK(response.head_only == !sent, "after %s the content is %s", method,
          sent ? "sent" : "not sent");
    CHECK(response.content.data != NULL &&
              response.content.len == response.content_length &&
              response.content.len > 0,
          "a refusal has a sentence as its content, and its length; here %llu "
          "of %zu", (unsigned long long)response.content_length,
          response.content.len);
}

TEST(test_a_refusal_says_what_and_why)
{
    char wanted[300];

    request("GET", "/", 1, "Host: a");
    http_check(&r);
    http_refuse(&r, 404, &response);
    check_content("GET", true);
    snprintf(wanted, sizeof wanted,
             "HTTP/1.1 404 Not Found\r\n"
             "Content-Type: text/plain; charset=utf-8\r\n"
             "Content-Length: %zu\r\n\r\n", response.content.len);
    check_head(wanted);
}

TEST(test_a_405_says_which_methods_are_allowed)
{
    request("POST", "/", 1, "Host: a");
    http_refuse(&r, http_check(&r), &response);
    CHECK(response.status_code == 405, "it is a 405");
    CHECK(http_write_head(&response, head, sizeof head) > 0, "it fits");
    CHECK(strcasestr(head, "\r\nAllow: GET, HEAD, OPTIONS\r\n") != NULL,
          "a 405 has an Allow field [RFC 9110 §15.5.6]; the head is\n%s",
          head);
    http_refuse(&r, 404, &response);
    http_write_head(&response, head, sizeof head);
    CHECK(strcasestr(head, "Allow") == NULL, "a 404 has none; the head is\n%s",
          head);
}

TEST(test_a_refusal_of_a_head_that_is_broken_closes)
{
    http_request_start(&r);
    r.method = slice("HEAD");           /* and then a line that was bad */
    http_refuse(&r, 400, &response);
    check_content("HEAD", false);
    CHECK(!response.persist, "the connection closes");

    http_request_start(&r);             /* not even a method */
    http_refuse(&r, 414, &response);
    check_content("nothing", true);
    CHECK(http_write_head(&response, head, sizeof head) > 0, "it fits");
    CHECK(strstr(head, "HTTP/1.1 414 URI Too Long\r\n") == head &&
              strcasestr(head, "\r\nConnection: close\r\n") != NULL,
          "the head is\n%s", head);
}

TEST(test_the_connection_field_is_there_when_it_is_needed)
{
    static const struct {
        unsigned minor;
        const char *fields, *wanted;
    } cases[] = {
        { 1, "Host: a", NULL },
        { 1, "Host: a|Connection: close", "\r\nConnection: close\r\n" },
        { 0, "Host: a", "\r\nConnection: close\r\n" },
        { 0, "Connection: keep-alive", "\r\nConnection: keep-alive\r\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request("GET", "/", cases[i].minor, cases[i].fields);
        http_check(&r);
        http_refuse(&r, 404, &response);
        CHECK(http_write_head(&response, head, sizeof head) > 0, "it fits");
        if (cases[i].wanted == NULL)
            CHECK(strcasestr(head, "Connection:") == NULL,
                  "HTTP/1.%u with \"%s\" is answered without a Connection "
                  "field, here\n%s", cases[i].minor, cases[i].fields, head);
        else
            CHECK(strcasestr(head, cases[i].wanted) != NULL,
                  "HTTP/1.%u with \"%s\" is answered with \"%s\", here\n%s",
                  cases[i].minor, cases[i].fields, cases[i].wanted + 2, head);
    }
}

static struct http_path path;
static struct http_found found;

static void respond(const char *method, const char *target, const char *opened,
                    int error, enum fs_type type, uint64_t size)
{
    request(method, target, 1, "Host: a");
    CHECK(http_check(&r) == 0, "%s is let pass", method);
    snprintf(path.text, sizeof path.text, "%s", opened);
    path.len = strlen(path.text);
    memset(&found, 0, sizeof found);
    memset(&response, 0xff, sizeof response);   /* nothing may be left of it */
    found.error = error;
    found.path = &path;
    if (error == 0) {
        found.stat.type = type;
        found.stat.size = size;
    }
    http_respond(&r, &found, &response);
}

TEST(test_a_file_is_answered_with_its_size_and_type)
{
    respond("GET", "/", "/index.html", 0, FS_FILE, 12345678901);
    CHECK(!response.head_only, "after GET the content is sent");
    CHECK(response.content.data == NULL, "the content is the file's");
    check_head("HTTP/1.1 200 OK\r\n"
               "Content-Type: text/html; charset=utf-8\r\n"
               "Content-Length: 12345678901\r\n\r\n");
    respond("GET", "/empty", "/empty", 0, FS_FILE, 0);
    check_head("HTTP/1.1 200 OK\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 0\r\n\r\n");
}

TEST(test_the_answer_to_head_is_that_to_get_without_content)
{
    char get[2000];

    respond("GET", "/a.css", "/a.css", 0, FS_FILE, 77);
    http_write_head(&response, get, sizeof get);
    respond("HEAD", "/a.css", "/a.css", 0, FS_FILE, 77);
    check_head(get);
    CHECK(response.head_only, "after HEAD no content is sent");

    respond("GET", "/x", "/x", -ENOENT, 0, 0);
    http_write_head(&response, get, sizeof get);
    respond("HEAD", "/x", "/x", -ENOENT, 0, 0);
    check_head(get);
    check_content("HEAD", false);
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
              "error %d is answered %u, here %u", errors[i].error,
              errors[i].status, response.status_code);
        check_content("GET", true);
        CHECK(response.persist, "the connection persists");
    }
    respond("GET", "/a", "/a", 0, FS_OTHER, 5);
    CHECK(response.status_code == 404, "what is neither file nor directory is "
          "answered 404, here %u", response.status_code);
}

TEST(test_a_directory_without_its_slash_is_at_another_address)
{
    static const struct {
        const char *target, *location;
    } cases[] = {
        { "/pub", "\r\nLocation: /pub/\r\n" },
        { "/a%20b?c=d&e", "\r\nLocation: /a%20b/?c=d&e\r\n" },
        { "/pub?", "\r\nLocation: /pub/?\r\n" },
        { "http://a/pub", "\r\nLocation: /pub/\r\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        respond("GET", cases[i].target, "/opened", 0, FS_DIRECTORY, 0);
        CHECK(response.status_code == 301, "\"%s\" is answered 301, here %u",
              cases[i].target, response.status_code);
        check_content("GET", true);
        CHECK(http_write_head(&response, head, sizeof head) > 0, "it fits");
        CHECK(strcasestr(head, cases[i].location) != NULL,
              "\"%s\" is to be found at \"%s\", here\n%s", cases[i].target,
              cases[i].location + 2, head);
    }
    /* A directory that has the index's name: there is no file to be had. */
    respond("GET", "/pub/", "/pub/index.html", 0, FS_DIRECTORY, 0);
    CHECK(response.status_code == 404, "it is answered 404, here %u",
          response.status_code);
}

TEST(test_further_fields_go_into_the_head_as_they_are)
{
    respond("GET", "/a.css", "/a.css", 0, FS_FILE, 77);
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
    respond("GET", "/pub?x", "/pub", 0, FS_DIRECTORY, 0);
    long len = http_write_head(&response, head, sizeof head);
    CHECK(len > 0, "the head fits into %zu bytes", sizeof head);
    for (size_t cap = 0; cap <= (size_t)len + 1; cap++) {
        char *room = unit_memory(cap ? cap : 1, 1, '?');
        long seen = http_write_head(&response, room, cap);
        long wanted = cap <= (size_t)len ? -ENOSPC : len;
        CHECK(seen == wanted, "a head of %ld bytes and a NUL into %zu gives "
              "%ld, here %ld", len, cap, wanted, seen);
    }
}
