/* SPDX-License-Identifier: MIT */
/*
 * test_http_fields.c - what the fields of a request mean, one by one: tables
 * made by hand from RFC 9110.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "http/conditional.h"
#include "http/date.h"
#include "http/encoding.h"
#include "http/multipart.h"
#include "unit.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A copy that ends where its memory ends. */
static struct http_slice slice(const char *text)
{
    size_t len = strlen(text);
    char *copy = unit_memory(len ? len : 1, 1, '?');

    memcpy(copy, text, len);
    return (struct http_slice){ copy, len };
}

static struct http_request r;

/* A request whose fields are the lines of `text`, each with its CR LF. */
static void request(const char *text)
{
    static char head[2000];
    int len = snprintf(head, sizeof head, "GET / HTTP/1.1\r\n%s\r\n", text);

    http_request_start(&r);
    CHECK(http_parse(&r, head, (size_t)len) == HTTP_OK,
          "the test's request is one: \"%s\"", text);
}

/* ---- Host ---- */

TEST(test_a_host_is_a_name_or_an_address_and_perhaps_a_port)
{
    static const struct {
        const char *host;
        bool valid;
    } hosts[] = {
        { "", true },           { "a", true },
        { "example.org", true },        { "EXAMPLE.org:80", true },
        { "10.0.0.1:8080", true },      { "[::1]", true },
        { "[::1]:80", true },   { "[::ffff:10.0.0.1]", true },
        { "a:", true },         { "a_b-c~d", true },
        { "a%20b", true },      { "a,b", true },
        { ":80", false },       { "a b", false },
        { "a/b", false },       { "a?b", false },
        { "a#b", false },       { "a@b", false },
        { "a:80:90", false },   { "a:8x", false },
        { "a:-1", false },      { "a%2", false },
        { "a%zz", false },      { "a\"b", false },
        { "a\\b", false },      { "a<b", false },
        { "[::1", false },      { "[]", false },
        { "[::1]a", false },    { "[a b]", false },
        { "[::g]", false },     { "::1", false },
        { "a]", false },        { "\xc3\xa9", false },
        { "a\tb", false },      { "a|b", false },
    };

    for (size_t i = 0; i < LENGTH(hosts); i++)
        CHECK(http_host_valid(slice(hosts[i].host)) == hosts[i].valid,
              "\"%s\" is %s host [RFC 9112 §3.2]", hosts[i].host,
              hosts[i].valid ? "a" : "no");
}

/* ---- Dates ---- */

TEST(test_the_three_forms_of_a_date_are_understood)
{
    static const struct {
        const char *text;
        uint64_t time;
    } dates[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },
        { "Sun Nov 06 08:49:37 1994", 784111777 },
        { "Wed Nov 16 08:49:37 1994", 784975777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Thu, 01 Jan 1970 00:00:01 GMT", 1 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", 0 },
        { "Mon, 01 Jan 0001 00:00:00 GMT", 0 },
        { "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
        { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
        { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
        /* Two digits: never more than 50 years ahead of 2023. */
        { "Sunday, 06-Nov-73 00:00:00 GMT", 3277152000 },
        { "Tuesday, 06-Nov-74 00:00:00 GMT", 152928000 },
        { "Monday, 06-Nov-23 00:00:00 GMT", 1699228800 },
        { "Saturday, 01-Jan-00 00:00:00 GMT", 946684800 },
    };

    for (size_t i = 0; i < LENGTH(dates); i++) {
        uint64_t time = 77;
        CHECK(http_date_parse(slice(dates[i].text), 1700000000, &time) == 0,
              "\"%s\" is a date", dates[i].text);
        CHECK(time == dates[i].time, "\"%s\" is %llu, here %llu",
              dates[i].text, (unsigned long long)dates[i].time,
              (unsigned long long)time);
    }
}

TEST(test_what_is_no_date_is_none)
{
    static const char *const texts[] = {
        "", "Sun", "0", "784111777", "now",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Tue, 29 Feb 2023 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sumday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT", "Sun Nov 32 08:49:37 1994",
        "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT",
    };

    for (size_t i = 0; i < LENGTH(texts); i++) {
        uint64_t time;
        CHECK(http_date_parse(slice(texts[i]), 1700000000, &time) == -EINVAL,
              "\"%s\" is no date", texts[i]);
    }
}

TEST(test_a_date_cut_anywhere_is_none)
{
    static const char *const whole[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    uint64_t time;

    for (size_t i = 0; i < LENGTH(whole); i++)
        for (size_t len = 0; len < strlen(whole[i]); len++) {
            char part[40];
            snprintf(part, sizeof part, "%.*s", (int)len, whole[i]);
            CHECK(http_date_parse(slice(part), 0, &time) == -EINVAL,
                  "\"%s\" is no date", part);
        }
}

TEST(test_dates_are_written_as_the_host_would)
{
    char ours[HTTP_DATE_SIZE], theirs[40], minute[HTTP_MINUTE_SIZE];
    uint64_t time = 0;

    for (unsigned i = 0; i < 20000; i++) {
        time_t t = (time_t)time;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        http_date_write(time, ours);
        CHECK(strcmp(ours, theirs) == 0, "%llu is \"%s\", here \"%s\"",
              (unsigned long long)time, theirs, ours);
        strftime(theirs, sizeof theirs, "%Y-%m-%d %H:%M", &tm);
        http_minute_write(time, minute);
        CHECK(strcmp(minute, theirs) == 0, "%llu is \"%s\", here \"%s\"",
              (unsigned long long)time, theirs, minute);
        time = i < 3000 ? time + 86399 : unit_random() % 253402300800;
    }
    http_date_write(UINT64_MAX, ours);
    CHECK(strcmp(ours, "Fri, 31 Dec 9999 23:59:59 GMT") == 0,
          "there is no year 10000, here \"%s\"", ours);
}

/* ---- Accept-Encoding ---- */

static const struct {
    const char *fields;
    enum http_coding there, alone;      /* with a compressed file, without */
} codings[] = {
    { "", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding:\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "accept-encoding: GZip\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: x-gzip\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: gzip, deflate, br\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: deflate, br\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", HTTP_GZIP,
      HTTP_IDENTITY },
    { "Accept-Encoding: gzipped\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0.000\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0.001\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: gzip ; Q=1.000\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=1.\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: *\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: *;q=0.5\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0, *\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0.5, identity\r\n", HTTP_IDENTITY,
      HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0.5, identity;q=0.5\r\n", HTTP_GZIP,
      HTTP_IDENTITY },
    { "Accept-Encoding: gzip, identity;q=0\r\n", HTTP_GZIP, HTTP_NO_CODING },
    { "Accept-Encoding: gzip, *;q=0\r\n", HTTP_GZIP, HTTP_NO_CODING },
    { "Accept-Encoding: identity;q=0\r\n", HTTP_NO_CODING, HTTP_NO_CODING },
    { "Accept-Encoding: *;q=0\r\n", HTTP_NO_CODING, HTTP_NO_CODING },
    { "Accept-Encoding: *;q=0, identity\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: br, identity;q=0, *\r\n", HTTP_GZIP, HTTP_NO_CODING },
    /* What can't be understood is not there. */
    { "Accept-Encoding: gzip;q=2\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=1.001\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=0.1234\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;level=9\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: gzip;q=-1\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: ;q=1, gzip\r\n", HTTP_GZIP, HTTP_IDENTITY },
    { "Accept-Encoding: identity;q=x\r\n", HTTP_IDENTITY, HTTP_IDENTITY },
    { "Accept-Encoding: ,, gzip ,\r\n", HTTP_GZIP, HTTP_IDENTITY },
};

TEST(test_accept_encoding_decides_what_is_sent)
{
    for (size_t i = 0; i < LENGTH(codings); i++) {
        request(codings[i].fields);
        CHECK(http_coding(&r, true) == codings[i].there,
              "\"%s\" with a compressed file: %d, here %d", codings[i].fields,
              codings[i].there, http_coding(&r, true));
        CHECK(http_coding(&r, false) == codings[i].alone,
              "\"%s\" without one: %d, here %d", codings[i].fields,
              codings[i].alone, http_coding(&r, false));
    }
}

/* ---- Conditions ---- */

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define EXACTLY "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
#define TAG "\"1-2ebc98a1-a\""

static const struct fs_stat dated = {
    .size = 10, .id = 1, .mtime = 784111777,
};
static const struct fs_stat undated = { .size = 10, .id = 1 };

static const struct {
    const char *fields;
    unsigned status, undated;   /* of a file with a date, of one without */
} conditions[] = {
    { "", 0, 0 },
    { "If-None-Match: \"x\"\r\n", 0, 0 },
    { "If-None-Match: TAG\r\n", 304, 0 },
    { "If-None-Match: W/TAG\r\n", 304, 0 },
    { "If-None-Match: \"x\", TAG\r\n", 304, 0 },
    { "If-None-Match: \"x,y\",W/\"z\" , W/TAG\r\n", 304, 0 },
    { "If-None-Match: \"x\"\r\nIf-None-Match: TAG\r\n", 304, 0 },
    { "If-None-Match: *\r\n", 304, 304 },
    { "If-None-Match: \"*\"\r\n", 0, 0 },
    { "If-None-Match: w/TAG\r\n", 0, 0 },
    { "If-None-Match: 1-2ebc98a1-a\r\n", 0, 0 },
    { "If-None-Match: \"\"\r\n", 0, 0 },
    { "If-None-Match:\r\n", 0, 0 },
    { "If-None-Match: \"x\r\n", 0, 0 },
    { "If-None-Match: W/\r\n", 0, 0 },
    { "If-None-Match: \"\r\n", 0, 0 },
    { "If-Modified-Since: " BEFORE "\r\n", 0, 0 },
    { "If-Modified-Since: " EXACTLY "\r\n", 304, 0 },
    { "If-Modified-Since: " AFTER "\r\n", 304, 0 },
    { "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304, 0 },
    { "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304, 0 },
    { "If-Modified-Since: yesterday\r\n", 0, 0 },
    { "If-Modified-Since: " EXACTLY "\r\nIf-Modified-Since: " EXACTLY "\r\n",
      0, 0 },
    /* An entity tag says more than a date. */
    { "If-None-Match: \"x\"\r\nIf-Modified-Since: " AFTER "\r\n", 0, 0 },
    { "If-Modified-Since: " BEFORE "\r\nIf-None-Match: TAG\r\n", 304, 0 },
    { "If-None-Match: nonsense\r\nIf-Modified-Since: " AFTER "\r\n", 0, 0 },
    { "If-Match: TAG\r\n", 0, 412 },
    { "If-Match: *\r\n", 0, 0 },
    { "If-Match: \"x\", TAG\r\n", 0, 412 },
    { "If-Match: W/TAG\r\n", 412, 412 },
    { "If-Match: \"x\"\r\n", 412, 412 },
    { "If-Match: nonsense\r\n", 412, 412 },
    { "If-Unmodified-Since: " BEFORE "\r\n", 412, 0 },
    { "If-Unmodified-Since: " EXACTLY "\r\n", 0, 0 },
    { "If-Unmodified-Since: " AFTER "\r\n", 0, 0 },
    { "If-Unmodified-Since: nonsense\r\n", 0, 0 },
    { "If-Match: TAG\r\nIf-Unmodified-Since: " BEFORE "\r\n", 0, 412 },
    { "If-Match: \"x\"\r\nIf-Unmodified-Since: " AFTER "\r\n", 412, 412 },
    /* If-Match and If-Unmodified-Since come first. */
    { "If-None-Match: TAG\r\nIf-Match: \"x\"\r\n", 412, 412 },
    { "If-None-Match: TAG\r\nIf-Match: TAG\r\n", 304, 412 },
    { "If-None-Match: TAG\r\nIf-Unmodified-Since: " BEFORE "\r\n", 412, 0 },
    { "If-Modified-Since: " AFTER "\r\nIf-Unmodified-Since: " BEFORE "\r\n",
      412, 0 },
};

/* `text` with TAG replaced. */
static const char *with_tag(const char *text)
{
    static char out[1000];
    size_t len = 0;

    while (*text) {
        bool tag = strncmp(text, "TAG", 3) == 0;
        len += (size_t)snprintf(out + len, sizeof out - len, "%.*s",
                                tag ? 99 : 1, tag ? TAG : text);
        text += tag ? 3 : 1;
    }
    out[len] = '\0';
    return out;
}

TEST(test_conditions_are_looked_at_in_the_order_of_the_rfc)
{
    struct http_validators with, without;

    http_validate(&dated, 1700000000, &with);
    http_validate(&undated, 1700000000, &without);
    CHECK(strcmp(with.etag, TAG) == 0, "the entity tag is %s, here %s", TAG,
          with.etag);
    for (size_t i = 0; i < LENGTH(conditions); i++) {
        request(with_tag(conditions[i].fields));
        unsigned status = http_condition(&r, &with);
        CHECK(status == conditions[i].status, "\"%s\" gives %u, here %u",
              conditions[i].fields, conditions[i].status, status);
        status = http_condition(&r, &without);
        CHECK(status == conditions[i].undated, "of a file without a date "
              "\"%s\" gives %u, here %u", conditions[i].fields,
              conditions[i].undated, status);
    }
}

static const struct {
    const char *fields;
    uint64_t now;
    bool applies;
} if_ranges[] = {
    { "", 1700000000, true },
    { "If-Range: TAG\r\n", 1700000000, true },
    { "If-Range: W/TAG\r\n", 1700000000, false },
    { "If-Range: \"x\"\r\n", 1700000000, false },
    { "If-Range: TAG, TAG\r\n", 1700000000, false },
    { "If-Range: TAG\r\nIf-Range: TAG\r\n", 1700000000, false },
    { "If-Range: *\r\n", 1700000000, false },
    { "If-Range:\r\n", 1700000000, false },
    { "If-Range: " EXACTLY "\r\n", 1700000000, true },
    { "If-Range: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 1700000000, true },
    { "If-Range: " BEFORE "\r\n", 1700000000, false },
    { "If-Range: " AFTER "\r\n", 1700000000, false },
    { "If-Range: " EXACTLY "\r\n", 0, true },
    /* The second is not over: the file may change in it once more. */
    { "If-Range: " EXACTLY "\r\n", 784111777, false },
    { "If-Range: " EXACTLY "\r\n", 784111778, true },
};

TEST(test_if_range_names_the_version_or_the_range_is_ignored)
{
    struct http_validators v;

    for (size_t i = 0; i < LENGTH(if_ranges); i++) {
        http_validate(&dated, if_ranges[i].now, &v);
        request(with_tag(if_ranges[i].fields));
        CHECK(http_range_applies(&r, &v) == if_ranges[i].applies,
              "\"%s\" at %llu: the range %s", if_ranges[i].fields,
              (unsigned long long)if_ranges[i].now,
              if_ranges[i].applies ? "applies" : "is ignored");
    }
    http_validate(&undated, 1700000000, &v);
    request("If-Range: \"\"\r\n");
    CHECK(!http_range_applies(&r, &v), "what has no tag has not that one");
}

TEST(test_a_file_from_the_future_was_modified_now)
{
    struct http_validators v;

    http_validate(&dated, 700000000, &v);
    CHECK(v.modified == 700000000 && strcmp(v.etag, TAG) == 0,
          "Last-Modified is not after Date [RFC 9110 §8.8.2.1], here %llu",
          (unsigned long long)v.modified);
}

TEST(test_files_that_differ_have_other_entity_tags)
{
    struct fs_stat stats[] = {
        { .size = 10, .id = 1, .mtime = 5 },
        { .size = 11, .id = 1, .mtime = 5 },
        { .size = 10, .id = 2, .mtime = 5 },
        { .size = 10, .id = 1, .mtime = 6 },
        { .size = UINT64_MAX, .id = UINT64_MAX, .mtime = UINT64_MAX },
    };
    struct http_validators v[5];

    for (size_t i = 0; i < 5; i++) {
        http_validate(&stats[i], 0, &v[i]);
        size_t len = strlen(v[i].etag);
        CHECK(v[i].etag[0] == '"' && v[i].etag[len - 1] == '"',
              "a tag is quoted, here %s", v[i].etag);
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(v[i].etag, v[k].etag) != 0, "%s is two files' tag",
                  v[i].etag);
    }
}

/* ---- Range ---- */

static const struct {
    const char *value;
    uint64_t size;
    unsigned status;
    const char *ranges;         /* "first+len ..." */
} ranges[] = {
    { "bytes=0-9", 100, 206, "0+10 " },
    { "bytes=0-0", 100, 206, "0+1 " },
    { "bytes=99-99", 100, 206, "99+1 " },
    { "bytes=10-", 100, 206, "10+90 " },
    { "bytes=0-", 100, 206, "0+100 " },
    { "bytes=0-99", 100, 206, "0+100 " },
    { "bytes=90-200", 100, 206, "90+10 " },
    { "bytes=90-18446744073709551615", 100, 206, "90+10 " },
    { "bytes=90-99999999999999999999999", 100, 206, "90+10 " },
    { "bytes=-1", 100, 206, "99+1 " },
    { "bytes=-100", 100, 206, "0+100 " },
    { "bytes=-101", 100, 206, "0+100 " },
    { "bytes=-99999999999999999999999", 100, 206, "0+100 " },
    { "BYTES=0-9", 100, 206, "0+10 " },
    { "bytes=000-009", 100, 206, "0+10 " },
    { "bytes=100-", 100, 416, "" },
    { "bytes=100-200", 100, 416, "" },
    { "bytes=99999999999999999999999-", 100, 416, "" },
    { "bytes=-0", 100, 416, "" },
    { "bytes=100-,-0", 100, 416, "" },
    { "bytes=0-", 0, 0, "" },
    { "bytes=0-0", 0, 0, "" },
    { "bytes=-0", 0, 0, "" },
    { "bytes=-5", 0, 0, "" },
    { "bytes=0-18446744073709551615", UINT64_MAX, 206,
      "0+18446744073709551615 " },
    /* Several. */
    { "bytes=0-0,-1", 100, 206, "0+1 99+1 " },
    { "bytes=50-59, 0-9", 100, 206, "50+10 0+10 " },
    { "bytes= 0-9 ,\t20-29", 100, 206, "0+10 20+10 " },
    { "bytes=,0-9,,20-29,", 100, 206, "0+10 20+10 " },
    { "bytes=0-9,200-300", 100, 206, "0+10 " },
    { "bytes=0-9,5-14", 100, 206, "0+10 5+10 " },
    { "bytes=0-49,50-99", 100, 206, "0+50 50+50 " },
    { "bytes=0-,0-", 100, 0, "" },
    { "bytes=0-49,49-99", 100, 0, "" },
    { "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,"
      "14-14,15-15", 100, 206, "0+1 1+1 2+1 3+1 4+1 5+1 6+1 7+1 8+1 9+1 10+1 "
      "11+1 12+1 13+1 14+1 15+1 " },
    { "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,"
      "14-14,15-15,16-16", 100, 0, "" },
    /* To be ignored. */
    { "", 100, 0, "" },
    { "bytes", 100, 0, "" },
    { "bytes=", 100, 0, "" },
    { "bytes=,", 100, 0, "" },
    { "bytes =0-9", 100, 0, "" },
    { "bytes:0-9", 100, 0, "" },
    { "lines=0-9", 100, 0, "" },
    { "bytes=9-0", 100, 0, "" },
    { "bytes=0-9,9-0", 100, 0, "" },
    { "bytes=200-100", 100, 0, "" },
    { "bytes=-", 100, 0, "" },
    { "bytes=5", 100, 0, "" },
    { "bytes=0 - 9", 100, 0, "" },
    { "bytes=0-9-", 100, 0, "" },
    { "bytes=--1", 100, 0, "" },
    { "bytes=+0-9", 100, 0, "" },
    { "bytes=0x0-0x9", 100, 0, "" },
    { "bytes=a-b", 100, 0, "" },
    { "bytes=0-9;", 100, 0, "" },
    { "bytes=0-9,x", 100, 0, "" },
    { "bytes=-1x", 100, 0, "" },
};

TEST(test_ranges_are_parts_of_the_file_or_ignored)
{
    for (size_t i = 0; i < LENGTH(ranges); i++) {
        struct http_ranges out;
        char text[400] = "";
        unsigned status =
            http_range(slice(ranges[i].value), ranges[i].size, &out);
        CHECK(status == ranges[i].status, "\"%s\" of %llu gives %u, here %u",
              ranges[i].value, (unsigned long long)ranges[i].size,
              ranges[i].status, status);
        for (unsigned k = 0; status == 206 && k < out.count; k++)
            sprintf(text + strlen(text), "%llu+%llu ",
                    (unsigned long long)out.range[k].first,
                    (unsigned long long)out.range[k].len);
        CHECK(strcmp(text, ranges[i].ranges) == 0, "\"%s\" of %llu is %s, "
              "here %s", ranges[i].value, (unsigned long long)ranges[i].size,
              ranges[i].ranges, text);
    }
}

TEST(test_several_parts_are_as_long_as_it_was_said)
{
    struct http_parts parts = {
        .boundary = 0x1234abcd, .type = "text/plain", .size = 100,
        .ranges = { 2, { { 0, 10 }, { 95, 5 } } },
    };
    char buf[600];
    struct http_text text = { buf, sizeof buf, 0 };

    http_part_begin(&parts, 0, &text);
    http_append(&text, "0123456789");
    http_part_begin(&parts, 1, &text);
    http_append(&text, "vwxyz");
    http_parts_end(&parts, &text);
    CHECK(strcmp(buf, "--000000001234abcd\r\n"
                      "Content-Type: text/plain\r\n"
                      "Content-Range: bytes 0-9/100\r\n\r\n"
                      "0123456789\r\n"
                      "--000000001234abcd\r\n"
                      "Content-Type: text/plain\r\n"
                      "Content-Range: bytes 95-99/100\r\n\r\n"
                      "vwxyz\r\n"
                      "--000000001234abcd--\r\n") == 0, "it is\n%s", buf);
    CHECK(http_parts_length(&parts) == text.len, "it has %zu bytes, and %llu "
          "were announced", text.len,
          (unsigned long long)http_parts_length(&parts));
}

/* ---- Anything ---- */

TEST(test_no_field_leads_the_server_astray)
{
    static const char *const words[] = {
        "bytes=", "0-", "-", "0-9", ",", " ", "-5", "99999999999999999999",
        "Sun", "Sunday", ", ", "06 ", "06-Nov-94", "Nov ", "1994 ", "94 ",
        "08:49:37", " GMT", " 6 ", "W/", "\"", "\"x\"", "*", "gzip", ";q=",
        "0.5", "1.000", "identity", "a.b", ":80", "[::1]", "%41", "\x80", "=",
    };
    char buf[300];

    for (unsigned i = 0; i < 40000; i++) {
        size_t len = fuzz_input(buf + 1, sizeof buf - 1, unit_random, words,
                                LENGTH(words));
        buf[0] = (char)i;
        LLVMFuzzerTestOneInput((const uint8_t *)buf, len + 1);
    }
}
