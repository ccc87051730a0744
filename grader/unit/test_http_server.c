/* SPDX-License-Identifier: MIT */
/*
 * test_http_server.c - what a request's fields ask for, through the whole
 * server: conditions, ranges, listings, compressed files; a disk that makes
 * it wait or breaks at any step; memory that is short; the log.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

/* The value of a field in the answer's head, "" if it is not there. */
static const char *field(const struct answer *answer, const char *name)
{
    static char values[4][200];
    static unsigned turn;
    char *value = values[turn++ % 4];
    char line[60];

    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *at = strstr(answer->head, line);
    value[0] = '\0';
    if (at)
        sscanf(at + strlen(line), "%199[^\r]", value);
    return value;
}

static void check_field(const struct answer *answer, const char *name,
                        const char *wanted)
{
    CHECK(strcmp(field(answer, name), wanted) == 0, "%s should be \"%s\", and "
          "the head is\n%s", name, wanted, answer->head);
}

/* ---- Conditions ---- */

TEST(test_who_has_the_file_is_not_sent_it_again)
{
    char text[300];

    serve();
    struct fake_client *client = ask(GET("/dated.txt"));
    struct answer answer = only_answer(client, false);
    check_field(&answer, "Last-Modified", DATE);
    CHECK(field(&answer, "ETag")[0] == '"', "it has an entity tag");
    snprintf(text, sizeof text, GET_WITH("/dated.txt", "If-None-Match: %s\r\n")
             HEAD_WITH("/dated.txt", "If-Modified-Since: " DATE "\r\n")
             GET("/dated.txt"), field(&answer, "ETag"));
    fake_forget_received(client);
    fake_send(client, text, strlen(text));
    fake_settle(client);

    size_t len;
    const char *at = fake_received(client, &len), *end = at + len;
    CHECK(next_answer(&at, end, false).status == 304, "by its tag");
    CHECK(next_answer(&at, end, true).status == 304, "by its date");
    answer = next_answer(&at, end, false);
    CHECK(answer.status == 200 && answer.content_len == 10 && at == end,
          "and who has it not is");
    check_answer(GET_WITH("/dated.txt", "If-Match: \"x\"\r\n"), 412, false);
    check_answer(GET_WITH("/nothing", "If-None-Match: *\r\n"), 404, false);
}

TEST(test_answers_have_a_date_when_the_machine_knows_it)
{
    static const char *const texts[] = {
        GET("/a.txt"), GET("/nothing"), GET("/pub"), "nonsense\r\n\r\n",
        GET_WITH("/dated.txt", "If-None-Match: *\r\n"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    };

    serve();
    for (unsigned i = 0; i < 6; i++) {
        fake_now = 0;
        struct answer answer = only_answer(ask(texts[i]), false);
        check_field(&answer, "Date", "");
        fake_now = 784111777;
        answer = only_answer(ask(texts[i]), false);
        check_field(&answer, "Date", DATE);
    }
}

/* ---- Ranges ---- */

TEST(test_a_range_is_the_part_of_the_file_that_it_names)
{
    static const struct {
        const char *range;
        size_t first, len;
    } cases[] = {
        { "0-0", 0, 1 }, { "0-999", 0, 1000 }, { "12345-23456", 12345, 11112 },
        { "39999-", 39999, 1 }, { "-500", 39500, 500 },
        { "100-99999", 100, 39900 }, { "0-", 0, FAKE_BIG },
    };
    char text[200], wanted[60];

    serve();
    fake_piece = 700;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, GET_WITH("/big", "Range: bytes=%s\r\n"),
                 cases[i].range);
        struct answer answer = only_answer(ask(text), false);
        CHECK(answer.status == 206 && answer.content_len == cases[i].len &&
                  memcmp(answer.content, fake_big + cases[i].first,
                         cases[i].len) == 0,
              "bytes=%s is %zu bytes from %zu, here %u with %zu bytes",
              cases[i].range, cases[i].len, cases[i].first, answer.status,
              answer.content_len);
        snprintf(wanted, sizeof wanted, "bytes %zu-%zu/%d", cases[i].first,
                 cases[i].first + cases[i].len - 1, FAKE_BIG);
        check_field(&answer, "Content-Range", wanted);
    }
    struct answer answer =
        only_answer(ask(GET_WITH("/big", "Range: bytes=40000-\r\n")), false);
    CHECK(answer.status == 416, "behind the end there is nothing");
    check_field(&answer, "Content-Range", "bytes */40000");
    check_answer(GET_WITH("/empty", "Range: bytes=0-9\r\n"), 200, false);
}

TEST(test_several_ranges_come_in_one_answer)
{
    static const size_t firsts[] = { 30000, 0, 39000 };
    static const size_t lens[] = { 2001, 100, 1000 };

    serve();
    fake_piece = 700;
    struct answer answer = only_answer(
        ask(GET_WITH("/big", "Range: bytes=30000-32000,0-99,-1000\r\n")),
        false);
    CHECK(answer.status == 206, "it is a 206");
    char delimiter[60] = "--";
    CHECK(sscanf(field(&answer, "Content-Type"),
                 "multipart/byteranges; boundary=%50s", delimiter + 2) == 1,
          "it is a multipart");
    const char *at = answer.content, *end = at + answer.content_len;
    for (unsigned i = 0; i < 3; i++) {
        char wanted[200];
        int len = snprintf(wanted, sizeof wanted, "%s%s\r\nContent-Type: "
                           "text/plain; charset=utf-8\r\nContent-Range: bytes "
                           "%zu-%zu/%d\r\n\r\n", i ? "\r\n" : "", delimiter,
                           firsts[i], firsts[i] + lens[i] - 1, FAKE_BIG);
        CHECK(end - at > len && memcmp(at, wanted, (size_t)len) == 0,
              "part %u begins with\n%s\nhere with\n%.*s", i, wanted, len, at);
        at += len;
        CHECK((size_t)(end - at) > lens[i] &&
                  memcmp(at, fake_big + firsts[i], lens[i]) == 0,
              "part %u is %zu bytes of the file", i, lens[i]);
        at += lens[i];
    }
    CHECK(at[0] == '\r' && at[1] == '\n' &&
              strncmp(at + 2, delimiter, strlen(delimiter)) == 0 &&
              strcmp(at + 2 + strlen(delimiter), "--\r\n") == 0,
          "and then it ends; here with \"%s\"", at);
}

/* ---- Compressed files ---- */

TEST(test_a_precompressed_file_is_sent_to_who_accepts_it)
{
    serve();
    struct answer answer = only_answer(
        ask(GET_WITH("/style.css", "Accept-Encoding: gzip, br\r\n")), false);
    char tag[60];
    CHECK(answer.content_len == 10 &&
              memcmp(answer.content, "compressed", 10) == 0,
          "it is the compressed one");
    check_field(&answer, "Content-Encoding", "gzip");
    check_field(&answer, "Content-Type", "text/css; charset=utf-8");
    check_field(&answer, "Vary", "Accept-Encoding");
    strcpy(tag, field(&answer, "ETag"));

    answer = only_answer(ask(GET("/style.css")), false);
    CHECK(answer.content_len == 21, "others get the plain one");
    check_field(&answer, "Content-Encoding", "");
    check_field(&answer, "Vary", "Accept-Encoding");
    CHECK(strcmp(field(&answer, "ETag"), tag) != 0,
          "which is another version, with another tag");

    answer = only_answer(
        ask(GET_WITH("/gz/", "Accept-Encoding: gzip\r\n")), false);
    CHECK(strncmp(answer.content, "<p>small", 8) == 0, "an index may be, too");
    check_field(&answer, "Content-Type", "text/html; charset=utf-8");

    check_answer(GET_WITH("/style.css", "Accept-Encoding: identity;q=0\r\n"),
                 406, false);
    check_answer(GET_WITH("/style.css", "Accept-Encoding: gzip,*;q=0\r\n"),
                 200, false);
    /* A directory is not a compressed file, whatever its name. */
    answer = only_answer(
        ask(GET_WITH("/folder.css", "Accept-Encoding: gzip\r\n")), false);
    CHECK(answer.status == 200 && answer.content_len == 6, "it is plain");
    check_field(&answer, "Content-Encoding", "");
    /* By its own name it is a file like any other. */
    answer = only_answer(
        ask(GET_WITH("/style.css.gz", "Accept-Encoding: gzip\r\n")), false);
    check_field(&answer, "Content-Encoding", "");
    check_field(&answer, "Content-Type", "application/gzip");
}

/* ---- Listings ---- */

TEST(test_a_directory_without_index_is_listed_or_not_found)
{
    serve();
    check_answer(GET("/list/"), 404, false);
    fake_site.listing = true;
    struct answer answer = only_answer(ask(GET("/list/")), false);
    CHECK(answer.status == 200, "it is listed");
    static const char *const wanted[] = {
        "<h1>/list/</h1>", "<a href=\"../\">",
        "<a href=\"./a%26b%3Cc%3E%22d%27.txt\">a&amp;b&lt;c&gt;&quot;d'.txt</a>"
        "</td><td>5</td><td>1994-11-06 08:49</td>",
        "<a href=\"./a%3Ab\">a:b</a></td><td>1</td><td></td>",
        "<a href=\"./sub/\">sub/</a></td><td></td><td>1994-11-06 08:49</td>",
        "<a href=\"./caf%C3%A9%20100%25\">caf\xc3\xa9 100%</a></td><td>7</td>",
        "</table>\n</html>\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        CHECK(strstr(answer.content, wanted[i]), "there should be\n%s\nin\n%s",
              wanted[i], answer.content);
    check_field(&answer, "Content-Type", "text/html; charset=utf-8");

    /* Those with an index have it; those without a slash are elsewhere. */
    answer = only_answer(ask(GET("/pub/")), false);
    CHECK(strncmp(answer.content, "in pub", 6) == 0, "an index comes first");
    check_answer(GET("/list"), 301, false);
    check_answer(GET("/nothing/"), 404, false);
    check_answer(GET("/a.txt/"), 404, false);
    answer = only_answer(ask(GET("/bare/")), false);
    CHECK(answer.status == 200 && strstr(answer.content, "</html>"),
          "an empty directory has a page");
    answer = only_answer(ask(HEAD("/list/")), true);
    check_field(&answer, "Transfer-Encoding", "chunked");
    fake_forget_received(ask(GET("/list/")));
}

TEST(test_a_listing_for_http_1_0_ends_with_the_connection)
{
    fake_site.listing = true;
    serve();
    struct fake_client *client =
        ask("GET /list/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const char *seen = fake_received(client, NULL);
    CHECK(strstr(seen, "\r\n\r\n<!DOCTYPE html>") && !strstr(seen, "chunked") &&
              !strstr(seen, "Content-Length"), "it is neither chunked nor of "
          "known length:\n%s", seen);
    CHECK(strcmp(seen + strlen(seen) - 8, "</html>\n") == 0 &&
              fake_closed(client), "it ends with its last line");
    fake_run();
    check_nothing_left();
}

enum { MANY = 5000 };

/* A site whose directory "/many" has MANY files in it. */
static void serve_many(void)
{
    static struct fake_file files[MANY + 3];
    static char names[MANY][32];

    serve();
    files[0] = (struct fake_file){ "/many", NULL, 0, 0 };
    for (unsigned i = 0; i < MANY; i++) {
        sprintf(names[i], "/many/file-%05u", i);
        files[i + 1] = (struct fake_file){ names[i], "x", 0, FAKE_MTIME };
    }
    files[MANY + 1] = (struct fake_file){ "/a.txt", "a", 0, 0 };
    fake_files = files;
    fake_site.listing = true;
}

TEST(test_a_directory_of_any_size_is_listed_within_bounded_memory)
{
    serve_many();
    struct fake_client *client = fake_connect();
    fake_send(client, GET("/many/"), strlen(GET("/many/")));
    size_t most = 0;
    for (unsigned i = 0; i < 100000 && fake_on_its_way(client) > 0; i++) {
        fake_run();
        if (fake_on_its_way(client) > most)
            most = fake_on_its_way(client);
        fake_acknowledge(client, 1000);
        fake_run();
    }
    CHECK(most < 8000, "at most 8000 bytes are on their way, here %zu", most);
    struct answer answer = only_answer(client, false);
    const char *at = answer.content;
    for (unsigned i = 0; i < MANY; i++) {
        char wanted[40];
        sprintf(wanted, ">file-%05u<", i);
        at = strstr(at, wanted);
        CHECK(at != NULL, "file %u is in its place", i);
    }
    CHECK(!strstr(at + 1, ">file-"), "and none is there twice");
    fake_end(client);
    fake_run();
    check_nothing_left();
}

/* ---- A disk that is slow, or breaks, at any step ---- */

static const char *const steps[] = {
    GET("/a.txt"), GET("/"), HEAD("/big"), GET("/pub"), GET("/nothing"),
    GET_WITH("/style.css", "Accept-Encoding: gzip\r\n"),
    GET_WITH("/gz/", "Accept-Encoding: gzip\r\n"),
    GET_WITH("/dated.txt", "If-None-Match: *\r\n"),
    GET_WITH("/big", "Range: bytes=5-20000\r\n"), GET("/list/"),
    GET_WITH("/big", "Range: bytes=5-5000,9000-9100,-1\r\n"),
    GET_WITH("/big", "Range: bytes=40000-\r\n"), GET("/list"),
};
enum { STEPS = sizeof steps / sizeof *steps };

/* What `text` is answered when nothing goes wrong. */
static char *usual_answer(const char *text, size_t *len)
{
    struct fake_client *client = ask(text);
    const char *seen = fake_received(client, len);
    char *copy = malloc(*len + 1);

    memcpy(copy, seen, *len + 1);
    fake_end(client);
    fake_run();
    return copy;
}

/* Is an answer the same as usual? A multipart's boundary never is. */
static bool is_usual(const char *seen, size_t seen_len, const char *usual,
                     size_t usual_len)
{
    const char *a = memmem(seen, seen_len, "boundary=", 9);
    const char *b = memmem(usual, usual_len, "boundary=", 9);

    /* Where a chunk ends is a matter of chance. */
    if (memmem(seen, seen_len, "chunked", 7)) {
        static char joined[10000];
        struct answer answer = next_answer(&usual, usual + usual_len, false);
        memcpy(joined, answer.content, answer.content_len + 1);
        const char *end = seen + seen_len;
        if (!memmem(seen, seen_len, "\r\n0\r\n\r\n", 7))
            return false;
        answer = next_answer(&seen, end, false);
        return seen == end && strcmp(answer.content, joined) == 0;
    }
    if (seen_len != usual_len || (a == NULL) != (b == NULL))
        return false;
    return a || memcmp(seen, usual, usual_len) == 0;
}

TEST(test_a_disk_that_makes_us_wait_at_any_step_changes_nothing)
{
    serve();
    fake_site.listing = true;
    fake_piece = 3000;
    for (unsigned i = 0; i < STEPS; i++) {
        size_t usual_len, len;
        char *usual = usual_answer(steps[i], &usual_len);
        for (unsigned n = 1; n < 60; n++) {
            fake_fails_at = n;
            fake_failure = -EAGAIN;
            struct fake_client *client = ask(steps[i]);
            const char *seen = fake_received(client, &len);
            CHECK(is_usual(seen, len, usual, usual_len),
                  "when call %u has to wait, the answer to\n%s\nshould be\n"
                  "%.300s\nand is\n%.300s", n, steps[i], usual, seen);
            fake_end(client);
            fake_run();
            check_nothing_left();
        }
        fake_fails_at = 0;
        free(usual);
    }
}

TEST(test_a_disk_that_breaks_at_any_step_is_500_or_the_end_and_tried_again)
{
    serve();
    fake_site.listing = true;
    fake_piece = 3000;
    for (unsigned i = 0; i < STEPS; i++) {
        size_t usual_len, len;
        char *usual = usual_answer(steps[i], &usual_len);
        for (unsigned n = 1; n < 60; n++) {
            fake_fails_at = n;
            fake_failure = -EIO;
            struct fake_client *client = ask(steps[i]);
            const char *seen = fake_received(client, &len);
            bool whole = is_usual(seen, len, usual, usual_len);
            CHECK(fake_aborted(client) || whole ||
                      strncmp(seen, "HTTP/1.1 500 ", 13) == 0 ||
                      strstr(steps[i], "gzip") || strstr(steps[i], "list"),
                  "when call %u fails, the answer to\n%s\nis an error or "
                  "breaks off, and is\n%.300s", n, steps[i], seen);
            if (fake_is_open(client))
                fake_end(client);
            fake_run();
            check_nothing_left();
            fake_fails_at = 0;
            client = ask(steps[i]);
            seen = fake_received(client, &len);
            CHECK(is_usual(seen, len, usual, usual_len), "next time it is "
                  "tried again");
            fake_end(client);
            fake_run();
        }
        free(usual);
    }
}

TEST(test_who_waits_for_the_disk_holds_up_nobody)
{
    serve();
    fake_asleep = true;
    fake_fails_at = 1;
    fake_failure = -EAGAIN;
    struct fake_client *waits = ask(GET("/big"));
    size_t len;
    fake_received(waits, &len);
    CHECK(len == 0, "it waits");
    for (unsigned i = 0; i < 20; i++)
        CHECK(only_answer(ask(GET("/a.txt")), false).status == 200,
              "others are served");
    fake_reset(ask(GET("/a.txt")));
    fake_wake();
    fake_settle(waits);
    CHECK(only_answer(waits, false).content_len == FAKE_BIG, "and it, later");
}

TEST(test_who_goes_while_waiting_for_the_disk_is_remembered_until_it_wakes)
{
    serve();
    fake_asleep = true;
    fake_fails_at = 1;
    fake_failure = -EAGAIN;
    struct fake_client *waits = ask(GET("/big"));
    fake_reset(waits);
    fake_run();
    CHECK(http_usage().connections == 1, "the file system still knows it");
    fake_wake();
    fake_run();
    check_nothing_left();
}

TEST(test_who_waits_for_the_disk_in_the_middle_of_a_listing_waits_once)
{
    size_t usual_len, len;

    serve();
    fake_site.listing = true;
    char *usual = usual_answer(GET("/list/"), &usual_len);
    for (unsigned n = 1; n < 20; n++) {
        fake_asleep = fake_keeps_failing = true;
        fake_fails_at = n;
        fake_failure = -EAGAIN;
        struct fake_client *client = ask(GET("/list/"));
        fake_wake();
        fake_settle(client);
        const char *seen = fake_received(client, &len);
        CHECK(is_usual(seen, len, usual, usual_len),
              "when it waits from call %u on, the page is the same", n);
        fake_end(client);
        fake_run();
        check_nothing_left();
    }
    free(usual);
}

/* ---- Memory for files is short ---- */

TEST(test_slow_readers_never_hold_up_the_others)
{
    static struct fake_client *slow[100];

    serve();
    fake_piece = 1024;
    fake_fs.pins_max = 8;
    fake_manner.room = 20000;
    for (unsigned i = 0; i < 100; i++) {
        slow[i] = fake_connect();
        fake_send(slow[i], GET("/big"), strlen(GET("/big")));
        fake_run();
        struct answer answer = only_answer(ask(GET("/a.txt")), false);
        CHECK(answer.status == 200, "with %u slow readers others are served",
              i + 1);
        /* What the others leave behind makes room for the slow. */
        CHECK(fake_pins_most <= 8, "no more is pinned than there is, here %u",
              fake_pins_most);
    }
    CHECK(fake_pins < 8, "the last is never lent; here %u are", fake_pins);
    /* Each gets all that it asked for, in its time. */
    for (unsigned i = 0; i < 100; i++) {
        if (!fake_is_open(slow[i]))
            continue;
        fake_settle(slow[i]);
        struct answer answer = only_answer(slow[i], false);
        CHECK(answer.content_len == FAKE_BIG &&
                  memcmp(answer.content, fake_big, FAKE_BIG) == 0,
              "slow reader %u gets all of it", i);
        fake_end(slow[i]);
    }
    fake_run();
    CHECK(fake_pins == 0, "in the end nothing is pinned, here %u", fake_pins);
}

TEST(test_each_connection_keeps_to_its_fair_share)
{
    struct fake_client *clients[4];

    serve();
    fake_piece = 100;
    fake_fs.pins_max = 20;
    for (unsigned i = 0; i < 4; i++) {
        clients[i] = fake_connect();
        fake_send(clients[i], "G", 1); /* from now on it counts */
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned before = fake_pins;
        fake_send(clients[i], GET("/big") + 1, strlen(GET("/big")) - 1);
        fake_run();
        CHECK(fake_pins - before <= 5 && fake_pins > before, "of 20 pins each "
              "of four has five at most, here %u", fake_pins - before);
    }
    CHECK(fake_pins < 20, "one is left for whoever needs it");
    for (unsigned i = 0; i < 4; i++) {
        fake_settle(clients[i]);
        CHECK(only_answer(clients[i], false).content_len == FAKE_BIG,
              "all get all of it");
    }
}

TEST(test_a_single_pin_is_enough_to_serve)
{
    serve();
    fake_piece = 5000;
    fake_fs.pins_max = 1;
    struct answer answer = only_answer(
        ask(GET_WITH("/big", "Range: bytes=1-\r\n")), false);
    CHECK(answer.content_len == FAKE_BIG - 1 &&
              memcmp(answer.content, fake_big + 1, FAKE_BIG - 1) == 0,
          "the file is sent in copies");
    CHECK(fake_pins == 0 && fake_pins_most == 1, "nothing stays pinned");
}

/* ---- The log ---- */

TEST(test_the_access_log_has_a_line_for_each_answer)
{
    fake_site.access_log = true;
    serve();
    unsigned before = unit_log_count();
    struct fake_client *client = ask(GET("/dated.txt") GET("/\"") HEAD("/big"));
    CHECK(unit_log_count() == before + 3, "three answers leave three lines, "
          "here %u", unit_log_count() - before);
    CHECK(strcmp(unit_log_last(),
                 "http: 192.0.2.1:50412 \"HEAD /big\" 200 0") == 0,
          "the last is: %s", unit_log_last());
    fake_forget_received(client);
    ask(GET("/dated.txt"));
    CHECK(strcmp(unit_log_last(),
                 "http: 192.0.2.1:50412 \"GET /dated.txt\" 200 10") == 0,
          "content is counted without the head: %s", unit_log_last());
    ask("nonsense\r\n\r\n");
    CHECK(strstr(unit_log_last(), " \"-\" 400 "), "what is no request: %s",
          unit_log_last());

    /* One that goes before its answer has come to its end. */
    fake_manner.room = 1000;
    client = fake_connect();
    fake_send(client, GET("/big"), strlen(GET("/big")));
    fake_run();
    fake_reset(client);
    fake_run();
    const char *status = strstr(unit_log_last(), "200 ");
    unsigned long bytes = strtoul(status + 4, NULL, 10);
    CHECK(bytes > 0 && bytes < 1000, "what was sent of it is counted: %s",
          unit_log_last());
}

TEST(test_the_access_log_is_off_unless_it_is_wanted)
{
    serve();
    unsigned before = unit_log_count();
    ask(GET("/a.txt"));
    CHECK(unit_log_count() == before, "nothing is logged");
}

TEST(test_the_command_line_has_the_last_word_on_the_access_log)
{
    fake_access_log = "on";
    serve();
    unsigned before = unit_log_count();
    ask(GET("/a.txt"));
    CHECK(unit_log_count() == before + 1, "a line is logged");
}

TEST(test_the_command_line_can_turn_the_access_log_off)
{
    fake_site.access_log = true;
    fake_access_log = "off";
    serve();
    unsigned before = unit_log_count();
    ask(GET("/a.txt"));
    CHECK(unit_log_count() == before, "nothing is logged");
}
