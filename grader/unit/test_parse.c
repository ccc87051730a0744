/* SPDX-License-Identifier: MIT */
/*
 * test_parse.c - the head of a request, whole, in parts, and hostile.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "http/request.h"
#include "parsed_names.h"
#include "shown.h"
#include "unit.h"

static struct http_request r;

/* ---- 12.1: the request line ---- */

static unsigned request_line(const char *line)
{
    size_t len = strlen(line);
    char *exact = unit_memory(len ? len : 1, 1, 0);

    memcpy(exact, line, len);
    http_request_start(&r);
    return http_parse_request_line(&r, exact, len);
}

static void check_slice(const char *what, struct http_slice slice,
                        const char *wanted)
{
    CHECK(slice.data != NULL && slice.len == strlen(wanted) &&
              memcmp(slice.data, wanted, slice.len) == 0,
          "%s should be \"%s\", and is \"%s\"", what, shown(wanted),
          shown_bytes(slice.data, slice.len));
}

TEST(test_a_request_line_has_a_method_a_target_and_a_version)
{
    unsigned status = request_line("GET /a%20b?c=d HTTP/1.1");

    CHECK(status == 0, "\"GET /a%%20b?c=d HTTP/1.1\" should be let pass, and "
          "is answered %u", status);
    check_slice("the method", r.method, "GET");
    check_slice("the request_target", r.request_target, "/a%20b?c=d");
    CHECK(r.major == 1 && r.minor == 1, "the version should be 1.1, here "
          "%u.%u", r.major, r.minor);

    status = request_line("M-SEARCH * HTTP/1.0");
    CHECK(status == 0, "a method may be any token: \"M-SEARCH * HTTP/1.0\" "
          "should be let pass, and is answered %u", status);
    check_slice("the method", r.method, "M-SEARCH");
    check_slice("the request_target", r.request_target, "*");
    CHECK(r.major == 1 && r.minor == 0, "the version should be 1.0, here "
          "%u.%u", r.major, r.minor);
}

static const struct {
    const char *line;
    unsigned status;
} request_lines[] = {
    { "", 400 },
    { "GET", 400 },
    { "GET ", 400 },
    { "GET /", 400 },
    { "GET / ", 400 },
    { "GET  / HTTP/1.1", 400 },
    { "GET /  HTTP/1.1", 400 },
    { " GET / HTTP/1.1", 400 },
    { "GET / HTTP/1.1 ", 400 },
    { "GET\t/ HTTP/1.1", 400 },
    { "GET / HTTP/1.1x", 400 },
    { "GET /\tHTTP/1.1", 400 },
    { "GET HTTP/1.1", 400 },
    { "GET  HTTP/1.1", 400 },
    { " / HTTP/1.1", 400 },
    { "GET /a b HTTP/1.1", 400 },
    { "G@T / HTTP/1.1", 400 },
    { "G(T / HTTP/1.1", 400 },
    { "GET /\x7f HTTP/1.1", 400 },
    { "GET /\x01 HTTP/1.1", 400 },
    { "GET /\xc3\xa9 HTTP/1.1", 400 },
    { "GET /\r HTTP/1.1", 400 },
    { "GET / HTTP/1.1\r", 400 },
    { "GET / HTTP/1", 400 },
    { "GET / HTTP/1.", 400 },
    { "GET / HTTP/.1", 400 },
    { "GET / HTTP/11", 400 },
    { "GET / HTTP/1,1", 400 },
    { "GET / HTTP/1.11", 400 },
    { "GET / HTTP/a.1", 400 },
    { "GET / HTTP/1.x", 400 },
    { "GET / http/1.1", 400 },
    { "GET / HTTQ/1.1", 400 },
    { "GET / FTP/1.1", 400 },
    { "GET / HTTP/2.0", 505 },
    { "GET / HTTP/0.9", 505 },
    { "GET / HTTP/9.9", 505 },
    { "GET / HTTP/1.0", 0 },
    { "GET / HTTP/1.2", 0 },
    { "GET / HTTP/1.9", 0 },
    { "get / HTTP/1.1", 0 },
    { "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", 0 },
    { "OPTIONS * HTTP/1.1", 0 },
    { "GET http://a/b HTTP/1.1", 0 },
    { "GET /<>\"{}|\\^`# HTTP/1.1", 0 },
};

TEST(test_request_lines_are_taken_by_the_letter)
{
    for (size_t i = 0; i < sizeof request_lines / sizeof *request_lines; i++) {
        unsigned status = request_line(request_lines[i].line);
        CHECK(status == request_lines[i].status,
              "the request line \"%s\" should give %u (0: let pass), and gives "
              "%u", shown(request_lines[i].line), request_lines[i].status,
              status);
    }
}

/* ---- 12.2: field lines ---- */

static unsigned field_line(const char *line, size_t len)
{
    char *exact = unit_memory(len ? len : 1, 1, 0);

    memcpy(exact, line, len);
    return http_parse_field_line(&r, exact, len);
}

static const struct {
    const char *line, *name, *value;
} good_fields[] = {
    { "Host: example.org", "Host", "example.org" },
    { "Host:example.org", "Host", "example.org" },
    { "Host:\t example.org \t ", "Host", "example.org" },
    { "Empty:", "Empty", "" },
    { "Empty: \t ", "Empty", "" },
    { "A: b c\td", "A", "b c\td" },
    { "Host: a:80", "Host", "a:80" },
    { "X-Latin: caf\xe9", "X-Latin", "caf\xe9" },
    { "!#$%&'*+-.^_`|~09azAZ: x", "!#$%&'*+-.^_`|~09azAZ", "x" },
    { "a: :", "a", ":" },
};

TEST(test_a_field_line_has_a_name_and_a_value_without_blanks_round_it)
{
    http_request_start(&r);
    for (unsigned i = 0; i < sizeof good_fields / sizeof *good_fields; i++) {
        const char *line = good_fields[i].line;
        unsigned status = field_line(line, strlen(line));
        CHECK(status == 0, "the field line \"%s\" should be let pass, and is "
              "answered %u", shown(line), status);
        CHECK(r.field_count == i + 1, "after %u field lines field_count "
              "should be %u, and is %u", i + 1, i + 1, r.field_count);
        check_slice("the field_name", r.field[i].field_name,
                    good_fields[i].name);
        check_slice("the field_value", r.field[i].field_value,
                    good_fields[i].value);
    }
}

TEST(test_field_lines_are_taken_by_the_letter)
{
    static const char *const bad[] = {
        "", ":", ": x", "Host", "Host ", "Host : x", "Host\t: x", " Host: x",
        "\tfolded", " folded: x", "Ho st: x", "H(st: x", "Host: a\rb",
        "Host: a\nb", "Host: \x01", "Host: a\x7f", "Host: a\r", "H\xc3st: x",
        "\"Host\": x", "[x]: y", "a,b: c", "a/b: c", "a=b: c",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        http_request_start(&r);
        unsigned status = field_line(bad[i], strlen(bad[i]));
        CHECK(status == 400, "the field line \"%s\" should be answered 400, "
              "and gives %u (0: let pass)", shown(bad[i]), status);
    }
    http_request_start(&r);
    unsigned status = field_line("A: b\0c", 6);
    CHECK(status == 400, "a NUL in a value should be answered 400, and gives "
          "%u (0: let pass)", status);
    status = field_line("A\0: b", 5);
    CHECK(status == 400, "a NUL in a name should be answered 400, and gives %u "
          "(0: let pass)", status);
}

TEST(test_the_field_after_the_last_that_fits_is_431)
{
    http_request_start(&r);
    for (unsigned i = 0; i < HTTP_FIELDS_MAX; i++) {
        unsigned answered = http_parse_field_line(&r, "A: b", 4);
        CHECK(answered == 0, "field %u of %u should be let pass, and is "
              "answered %u", i + 1, HTTP_FIELDS_MAX, answered);
    }
    unsigned status = http_parse_field_line(&r, "A: b", 4);
    CHECK(status == 431, "field %u should be answered 431, and gives %u",
          HTTP_FIELDS_MAX + 1, status);
    CHECK(r.field_count == HTTP_FIELDS_MAX, "after that field_count should be "
          "%u still, and is %u", HTTP_FIELDS_MAX, r.field_count);
}

/* ---- 12.3: the head ---- */

static enum http_parsed parse(const char *text, size_t len)
{
    char *exact = unit_memory(len ? len : 1, 1, 0);

    memcpy(exact, text, len);
    http_request_start(&r);
    return http_parse(&r, exact, len);
}

#define BROWSER                                                          \
    "\r\nGET /index.html?x HTTP/1.1\r\nHost: localhost:8080\r\n"         \
    "User-Agent: test\r\nAccept: */*\r\nEmpty:\r\n\r\n"

static void check_browser(size_t head_len)
{
    check_slice("the method", r.method, "GET");
    check_slice("the request_target", r.request_target, "/index.html?x");
    CHECK(r.field_count == 4, "there should be 4 fields, here %u",
          r.field_count);
    check_slice("the first field_name", r.field[0].field_name, "Host");
    check_slice("the first field_value", r.field[0].field_value,
                "localhost:8080");
    check_slice("the last field_name", r.field[3].field_name, "Empty");
    check_slice("the last field_value", r.field[3].field_value, "");
    CHECK(r.head_len == head_len, "head_len should be %zu, here %zu", head_len,
          r.head_len);
}

TEST(test_a_whole_head_is_taken_apart)
{
    size_t len = strlen(BROWSER);
    enum http_parsed parsed = parse(BROWSER, len);

    CHECK(parsed == HTTP_OK, "a whole head should be HTTP_OK, here %s",
          parsed_name(parsed));
    check_browser(len);
}

TEST(test_what_is_behind_the_head_is_not_looked_at)
{
    static const char two[] = BROWSER "\0\1\n\r bad: : :\r\n";

    enum http_parsed parsed = parse(two, sizeof two - 1);

    CHECK(parsed == HTTP_OK, "there are bytes behind the head, which is whole: "
          "it should be HTTP_OK, here %s", parsed_name(parsed));
    check_browser(strlen(BROWSER));
}

TEST(test_a_head_cut_at_any_byte_is_partial_and_then_the_same)
{
    static const char head[] = BROWSER;
    size_t len = sizeof head - 1;

    for (size_t cut = 0; cut < len; cut++) {
        char *buf = unit_memory(len, 1, '?');
        http_request_start(&r);
        memcpy(buf, head, cut);
        enum http_parsed parsed = http_parse(&r, buf, cut);
        CHECK(parsed == HTTP_PARTIAL, "%zu bytes of %zu are a part of a head: "
              "they should be HTTP_PARTIAL, here %s", cut, len,
              parsed_name(parsed));
        memcpy(buf, head, len);
        parsed = http_parse(&r, buf, len);
        CHECK(parsed == HTTP_OK, "cut after %zu bytes, the whole head should "
              "be HTTP_OK, here %s", cut, parsed_name(parsed));
        check_browser(len);
    }
}

TEST(test_a_head_that_comes_byte_by_byte_is_the_same)
{
    static const char head[] = BROWSER;
    size_t len = sizeof head - 1;
    char *buf = unit_memory(len, 1, '?');

    http_request_start(&r);
    for (size_t have = 1; have <= len; have++) {
        buf[have - 1] = head[have - 1];
        enum http_parsed parsed = http_parse(&r, buf, have);
        CHECK(parsed == (have < len ? HTTP_PARTIAL : HTTP_OK),
              "after %zu of %zu bytes http_parse() should give %s, and gives "
              "%s", have, len,
              parsed_name(have < len ? HTTP_PARTIAL : HTTP_OK),
              parsed_name(parsed));
        CHECK(have == len || r.seen == have, "after %zu bytes that have no "
              "line end any more, seen should be %zu, here %zu: or they are "
              "looked at again with each byte that comes", have, have, r.seen);
        /* Asked again without anything new. */
        if (have < len)
            parsed = http_parse(&r, buf, have);
        CHECK(have == len || parsed == HTTP_PARTIAL, "asked again after %zu "
              "bytes, it should be HTTP_PARTIAL still, here %s", have,
              parsed_name(parsed));
    }
    check_browser(len);
}

/* Whether they are looked at again is seen by what they can't have become in
 * the meantime: a line end. */
TEST(test_a_head_that_comes_on_is_not_looked_at_from_its_beginning)
{
    static const char head[] = "GET /abc HTTP/1.1\r\nHost: example.org\r\n\r\n";
    static const size_t lines[] = { 0, 19 };
    size_t len = sizeof head - 1;

    for (unsigned i = 0; i < 2; i++) {
        size_t seen = lines[i] + 10, planted = lines[i] + 5;
        char *buf = unit_memory(len, 1, '?');
        http_request_start(&r);
        memcpy(buf, head, seen + 2);
        enum http_parsed parsed = http_parse(&r, buf, seen);
        CHECK(parsed == HTTP_PARTIAL, "%zu bytes of %zu are a part of a head: "
              "they should be HTTP_PARTIAL, here %s", seen, len,
              parsed_name(parsed));
        buf[planted] = '\n';
        parsed = http_parse(&r, buf, seen + 2);
        CHECK(parsed == HTTP_PARTIAL, "a byte before `seen` was looked at "
              "again: when %zu bytes had been seen, byte %zu was made a LF, "
              "and with 2 bytes more http_parse() should give HTTP_PARTIAL, "
              "and gives %s", seen, planted, parsed_name(parsed));
        memcpy(buf, head, len);
        parsed = http_parse(&r, buf, len);
        CHECK(parsed == HTTP_OK, "cut after %zu and %zu bytes, the whole head "
              "should be HTTP_OK, here %s", seen, seen + 2,
              parsed_name(parsed));
    }
}

TEST(test_heads_that_come_in_turns_do_not_mix)
{
    static const char *const texts[] = { "GET /a HTTP/1.1\r\nA: b\r\n\r\n",
                                         "HEAD / HTTP/1.0\r\nB: c\r\n\r\n" };
    static struct http_request both[2];
    size_t len = strlen(texts[0]);
    char *buf[2];

    for (unsigned k = 0; k < 2; k++) {
        buf[k] = unit_memory(len, 1, '?');
        http_request_start(&both[k]);
    }
    for (size_t have = 1; have <= len; have++)
        for (unsigned k = 0; k < 2; k++) {
            buf[k][have - 1] = texts[k][have - 1];
            enum http_parsed parsed = http_parse(&both[k], buf[k], have);
            CHECK(parsed == (have < len ? HTTP_PARTIAL : HTTP_OK),
                  "two clients send a head each, a byte in turns: after %zu of "
                  "%zu bytes http_parse() should give %s, and gives %s for "
                  "client %u", have, len,
                  parsed_name(have < len ? HTTP_PARTIAL : HTTP_OK),
                  parsed_name(parsed), k + 1);
        }
    check_slice("of two in turns, the first method", both[0].method, "GET");
    check_slice("of two in turns, the second method", both[1].method, "HEAD");
    check_slice("of two in turns, the second field_name",
                both[1].field[0].field_name, "B");
}

static const struct {
    const char *text;
    enum http_parsed parsed;
    unsigned status;
} heads[] = {
    { "GET / HTTP/1.1\n\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\nHost: a\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\nHost: a\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\nHost: a\r\n\n", HTTP_BAD, 400 },
    { "\nGET / HTTP/1.1\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\n Host: a\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/1.1\r\nHost : a\r\n\r\n", HTTP_BAD, 400 },
    { "GET / HTTP/3.0\r\n", HTTP_BAD, 505 },
    { "GET /\r\n", HTTP_BAD, 400 },
    { "\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", HTTP_OK, 0 },
    { "GET / HTTP/1.0\r\n\r\n", HTTP_OK, 0 },
    { "", HTTP_PARTIAL, 0 },
    { "\r\n\r\n", HTTP_PARTIAL, 0 },
    { "GET / HTTP/1.0\r\n\r", HTTP_PARTIAL, 0 },
    { "GET / HTTP/1.0\r\nA: b\r\n", HTTP_PARTIAL, 0 },
};

TEST(test_heads_are_taken_by_the_letter)
{
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        enum http_parsed parsed = parse(heads[i].text, strlen(heads[i].text));
        CHECK(parsed == heads[i].parsed,
              "head %zu, \"%s\", should give %s, and gives %s", i,
              shown(heads[i].text), parsed_name(heads[i].parsed),
              parsed_name(parsed));
        if (parsed == HTTP_BAD)
            CHECK(r.status_code == heads[i].status,
                  "head %zu, \"%s\", should be answered %u, here %u", i,
                  shown(heads[i].text), heads[i].status, r.status_code);
    }
}

/* A head of exactly `len` bytes, the request line of `line_len` of them. */
static char *long_head(size_t len, size_t line_len)
{
    char *text = unit_memory(len, 1, 'a');

    memcpy(text, "GET /", 5);
    if (line_len >= len)
        return text;
    memcpy(text + line_len - 11, " HTTP/1.1\r\n", 11);
    memcpy(text + line_len, "B: ", 3);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    return text;
}

TEST(test_a_head_of_the_greatest_length_is_let_pass)
{
    char *text = long_head(HTTP_HEAD_MAX, 100);

    http_request_start(&r);
    enum http_parsed parsed = http_parse(&r, text, HTTP_HEAD_MAX - 1);
    CHECK(parsed == HTTP_PARTIAL, "one byte less than the greatest head should "
          "be HTTP_PARTIAL, here %s", parsed_name(parsed));
    parsed = http_parse(&r, text, HTTP_HEAD_MAX);
    CHECK(parsed == HTTP_OK, "a head of the greatest length, %u bytes, should "
          "be HTTP_OK, here %s", HTTP_HEAD_MAX, parsed_name(parsed));
    CHECK(r.head_len == HTTP_HEAD_MAX, "head_len should be %u, the greatest, "
          "here %zu", HTTP_HEAD_MAX, r.head_len);
}

TEST(test_a_head_that_is_too_long_is_431)
{
    char *text = long_head(HTTP_HEAD_MAX + 1, 100);

    for (size_t len = HTTP_HEAD_MAX; len <= HTTP_HEAD_MAX + 1; len++) {
        http_request_start(&r);
        enum http_parsed parsed = http_parse(&r, text, len);
        CHECK(parsed == HTTP_BAD && r.status_code == 431, "%zu bytes without "
              "an end should be HTTP_BAD and 431, here %s and %u", len,
              parsed_name(parsed), r.status_code);
    }
}

TEST(test_a_request_line_of_20_kB_is_414)
{
    size_t len = 20000;
    char *text = long_head(len, len);

    http_request_start(&r);
    enum http_parsed parsed = http_parse(&r, text, len);
    CHECK(parsed == HTTP_BAD && r.status_code == 414, "a request line of 20 kB "
          "should be HTTP_BAD and 414, here %s and %u", parsed_name(parsed),
          r.status_code);

    http_request_start(&r);
    size_t have = 0;
    while (http_parse(&r, text, have) == HTTP_PARTIAL) {
        have += 1460;
        CHECK(have <= len, "a request line of 20 kB in parts should be "
              "refused, and never is");
    }
    CHECK(r.status_code == 414, "in parts it should be answered 414, here %u",
          r.status_code);
    CHECK(have < HTTP_HEAD_MAX + 1460, "in parts it should be refused after "
          "%u bytes, here after %zu", HTTP_HEAD_MAX, have);
}

/* ---- 12.4 and 12.5: fields by name ---- */

static void fields(const char *lines)
{
    static char text[1000];

    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n", lines);
    http_request_start(&r);
    enum http_parsed parsed = http_parse(&r, text, (size_t)len);
    CHECK(parsed == HTTP_OK, "\"%s\" should be HTTP_OK, here %s", shown(text),
          parsed_name(parsed));
}

/* Behind the last field lies one of the request before. */
static void leave(const char *name, const char *value)
{
    r.field[r.field_count] = (struct http_field){ { name, strlen(name) },
                                                  { value, strlen(value) } };
}

TEST(test_a_field_is_found_whatever_the_case_of_its_name)
{
    static const char *const names[] = { "Host", "host", "HOST", "hOsT" };
    struct http_slice value = { NULL, 0 };

    fields("Accept: x\r\nhOST: one\r\nHosts: two\r\nHos: three\r\n");
    leave("Host", "old");
    for (size_t i = 0; i < 4; i++) {
        unsigned count = http_field(&r, names[i], &value);
        CHECK(count == 1, "there should be one %s, here %u", names[i], count);
        check_slice("its value", value, "one");
    }
}

TEST(test_all_fields_of_a_name_are_counted_and_the_first_is_given)
{
    struct http_slice value = { NULL, 0 };

    fields("A: 1\r\nB: 2\r\na: 3\r\nA:\r\n");
    unsigned count = http_field(&r, "A", &value);
    CHECK(count == 3, "there should be three A, here %u", count);
    check_slice("the value", value, "1");

    value.data = "old";
    value.len = 3;
    leave("C", "left over");
    count = http_field(&r, "C", &value);
    CHECK(count == 0, "there should be no C, here %u", count);
    check_slice("the value that was there", value, "old");
}

TEST(test_a_list_has_its_members_and_no_others)
{
    static const struct {
        const char *lines;
        bool has;
    } lists[] = {
        { "Connection: close\r\n", true },
        { "connection: CLOSE\r\n", true },
        { "Connection: keep-alive, close\r\n", true },
        { "Connection: close,keep-alive\r\n", true },
        { "Connection: a ,\t close\t, b\r\n", true },
        { "Connection: ,,close,\r\n", true },
        { "Connection: a\r\nConnection: close\r\n", true },
        { "Connection: closed\r\n", false },
        { "Connection: un-close\r\n", false },
        { "Connection: clos\r\n", false },
        { "Connection: clo se\r\n", false },
        { "Connection: keep-alive\r\n", false },
        { "Connection:\r\n", false },
        { "Connection: ,\r\n", false },
        { "Accept: close\r\n", false },
        { "", false },
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        fields(lists[i].lines);
        leave("Connection", "close");
        bool has = http_field_has(&r, "Connection", "close");
        CHECK(has == lists[i].has, "\"%s\": is \"close\" a member? It should "
              "be %s, here %s", shown(lists[i].lines),
              lists[i].has ? "yes" : "no", has ? "yes" : "no");
    }
}

/* ---- Anything ---- */

TEST(test_no_input_leads_the_parser_astray)
{
    static const char *const words[] = {
        "GET ", "HEAD ", "/ ", "/a ", "HTTP/1.1", "HTTP/1.0", "\r\n", "\r\n",
        "\r\n\r\n", "\n", "\r", " ", "\t", ":", "Host: a\r\n", "A: b\r\n",
        "Connection: close\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n",
        "x", "\xff", ",",
    };
    char buf[400];

    for (unsigned i = 0; i < 20000; i++) {
        size_t len = fuzz_input(buf, sizeof buf, unit_random, words,
                                sizeof words / sizeof *words);
        LLVMFuzzerTestOneInput((const uint8_t *)buf, len);
    }
}
