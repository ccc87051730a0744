/* SPDX-License-Identifier: MIT */
/*
 * test_respond.c - what a request means for its connection: steps 12.9 to
 * 12.11. What is answered is in test_response.c.
 */
#include <string.h>

#include "fake_request.h"
#include "unit.h"

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
                  "\"%s\" should mean %llu bytes, and here %llu",
                  frames[i].fields,
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
    { 1, "Content-Length: 1|Expect: 100-continue", false },
    { 1, "Content-Length: 10|Expect: 100-CONTINUE", false },
    { 1, "Expect: 100-continue", true },
};

TEST(test_a_connection_persists_when_both_sides_know_how)
{
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++) {
        request("GET", "/", connections[i].minor, connections[i].fields);
        unsigned status = http_frame(&r);
        CHECK(status == 0, "HTTP/1.%u with \"%s\" should be let pass by "
              "http_frame(), and is answered %u", connections[i].minor,
              connections[i].fields, status);
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
    { "BREW", 1, "Host: a|Content-Length: x", 400, false },
    { "BREW", 1, "Host: a|Content-Length: 3", 501, true },
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
              "after %s HTTP/1.%u with \"%s\" the connection should %s, and "
              "persist is %d", checks[i].method, checks[i].minor,
              checks[i].fields, checks[i].persist ? "persist" : "close",
              r.persist);
    }
}

TEST(test_the_length_of_the_content_is_known_whatever_the_method)
{
    request("POST", "/", 1, "Host: a|Content-Length: 77");
    http_check(&r);
    CHECK(r.content_length == 77, "content_length should be 77, here %llu",
          (unsigned long long)r.content_length);
}
