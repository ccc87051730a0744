/* SPDX-License-Identifier: MIT */
/*
 * test_http_remember.c - what was asked before is answered as it was before,
 * through the whole server: what is remembered and what is not, that nobody
 * can tell by the bytes, and that what is lent stays as it is.
 *
 * Whether an answer was remembered is seen by the file system, which is not
 * asked for anything then: with fake_fails_at its next call would fail.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "unit.h"
#include "without/without.h"

enum { NOW = 1500000000 };
unsigned without_what;

static void begin(void)
{
    fake_fixed = true;
    fake_now = NOW;
    serve();
}

static void send(struct fake_client *client, const char *text)
{
    fake_send(client, text, strlen(text));
    fake_settle(client);
}

/* Everything that comes for `text`, to be freed. */
static char *answers_to(const char *text, size_t *len)
{
    struct fake_client *client = ask(text);
    const char *seen = fake_received(client, len);
    char *copy = malloc(*len + 1);

    memcpy(copy, seen, *len + 1);
    if (fake_is_open(client))
        fake_end(client);
    fake_run();
    return copy;
}

/* Is it answered without the file system? */
static bool is_remembered(const char *text)
{
    size_t len;

    fake_fails_at = 1;
    fake_failure = -EIO;
    char *seen = answers_to(text, &len);
    bool remembered = fake_fails_at == 1;
    fake_fails_at = 0;
    CHECK(strncmp(seen, "HTTP/1.1 ", 9) == 0, "\"%s\" is answered", text);
    free(seen);
    return remembered;
}

static void ask_twice(const char *text)
{
    size_t len;

    for (unsigned i = 0; i < 2; i++)
        free(answers_to(text, &len));
}

#define CLOSE(path) GET_WITH(path, "Connection: close\r\n")

TEST(test_what_was_asked_twice_is_remembered)
{
    static const char *const texts[] = {
        GET("/a.txt"), HEAD("/a.txt"), GET("/dated.txt"), GET("/"),
        GET("/empty"), HEAD("/big"), CLOSE("/a.txt"), "\r\n" GET("/a.txt"),
        GET_WITH("/style.css", "Accept-Encoding: gzip\r\n"),
        "GET /a.txt HTTP/1.0\r\nUser-Agent: somebody\r\n\r\n",
    };
    size_t first_len, len;

    begin();
    CHECK(!is_remembered(texts[0]) && !is_remembered(texts[1]),
          "at first nothing is");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *first = answers_to(texts[i], &first_len);
        ask_twice(texts[i]);
        CHECK(is_remembered(texts[i]), "\"%s\" is", texts[i]);
        char *now = answers_to(texts[i], &len);
        CHECK(len == first_len && memcmp(now, first, len) == 0,
              "the answer to \"%s\" should be\n%s\nand is\n%s", texts[i], first,
              now);
        free(first);
        free(now);
    }
    check_nothing_left();
}

TEST(test_what_may_be_another_answer_next_time_is_not_remembered)
{
    static const char *const texts[] = {
        GET("/nothing"), GET("/pub"), GET("/list/"), GET("/big"), GET("/../a"),
        GET_WITH("/a.txt", "Content-Length: 2\r\n") "hi",
        GET_WITH("/dated.txt", "If-None-Match: \"x\"\r\n"),
        GET_WITH("/dated.txt", "if-modified-since: yesterday\r\n"),
        GET_WITH("/dated.txt", "RANGE: bytes=1-2\r\n"),
        GET_WITH("/dated.txt", "Range: nonsense\r\n"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "rubbish\r\n\r\n",
    };

    begin();
    fake_site.listing = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t first_len, len;
        char *first = answers_to(texts[i], &first_len);
        for (unsigned n = 0; n < 4; n++)
            ask_twice(texts[i]);
        char *now = answers_to(texts[i], &len);
        CHECK(len == first_len && memcmp(now, first, len) == 0,
              "\"%s\" is answered the same", texts[i]);
        free(first);
        free(now);
    }
    for (unsigned i = 1; i < 4; i++)
        CHECK(!is_remembered(texts[i == 1 ? 0 : i]), "\"%s\" is not remembered",
              texts[i]);
}

TEST(test_what_is_made_anew_each_time_is_not_remembered)
{
    begin();
    fake_fixed = false;
    ask_twice(GET("/a.txt"));
    ask_twice(GET("/a.txt"));
    CHECK(!is_remembered(GET("/a.txt")), "the file does not say that it stays");
}

TEST(test_a_file_from_the_future_is_not_remembered)
{
    fake_fixed = true;
    fake_now = FAKE_MTIME;
    serve();
    ask_twice(GET("/dated.txt"));
    CHECK(!is_remembered(GET("/dated.txt")),
          "its Last-Modified is not yet what it will be");
    fake_now = FAKE_MTIME + 1;
    ask_twice(GET("/dated.txt"));
    CHECK(is_remembered(GET("/dated.txt")), "a second later it is");
}

/* ---- The date ---- */

TEST(test_the_date_of_what_is_remembered_is_now)
{
    begin();
    ask_twice(GET("/a.txt"));
    for (unsigned i = 0; i < 5; i++) {
        fake_now = 784111777 + i;
        CHECK(is_remembered(GET("/a.txt")), "it is remembered");
        struct answer answer = only_answer(ask(GET("/a.txt")), false);
        char wanted[60];
        snprintf(wanted, sizeof wanted,
                 "\r\nDate: Sun, 06 Nov 1994 08:49:%u GMT\r\n", 37 + i);
        CHECK(strstr(answer.head, wanted), "%s should be in\n%s", wanted,
              answer.head);
    }
    fake_now = 0;
    struct answer answer = only_answer(ask(GET("/a.txt")), false);
    CHECK(!strstr(answer.head, "\r\nDate:"), "when nobody knows it there is "
          "none");
}

TEST(test_what_is_lent_stays_as_it_is_when_the_second_changes)
{
    struct fake_client *slow[20];

    begin();
    ask_twice(GET("/a.txt"));
    /* Nobody acknowledges; fake_stream looks whether what it was lent is still
     * the same when it gives it back. */
    for (unsigned i = 0; i < 20; i++) {
        fake_now = NOW + i / 2;
        slow[i] = fake_connect();
        fake_send(slow[i], GET("/a.txt"), strlen(GET("/a.txt")));
        fake_run();
    }
    /* What would drive it out has to do without a place. */
    for (unsigned i = 0; i < 2000; i++) {
        char text[100];
        snprintf(text, sizeof text, GET("/a.txt?%u"), i);
        ask_twice(text);
    }
    for (unsigned i = 0; i < 20; i++) {
        fake_settle(slow[i]);
        CHECK(only_answer(slow[i], false).content[0] == 'a', "it is right");
        fake_end(slow[i]);
    }
    fake_run();
    ask_twice(GET("/a.txt"));
    CHECK(is_remembered(GET("/a.txt")), "and can be used again");
    check_nothing_left();
}

/* ---- The table ---- */

TEST(test_who_never_asks_the_same_twice_drives_nothing_out)
{
    char text[100];
    size_t len;

    begin();
    ask_twice(GET("/a.txt"));
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, GET("/a.txt?%u"), i);
        free(answers_to(text, &len));
    }
    CHECK(is_remembered(GET("/a.txt")), "it is still there");
}

TEST(test_more_requests_than_places_are_answered_all_the_same)
{
    char text[100];
    size_t len;

    begin();
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < 600; i++) {
            snprintf(text, sizeof text, i % 2 ? GET("/a.txt?%u")
                                              : GET("/dated.txt?%u"), i / 3);
            char *seen = answers_to(text, &len);
            CHECK(strcmp(seen + len - (i % 2 ? 5 : 14),
                         i % 2 ? "\r\n\r\na" : "\r\n\r\n0123456789") == 0,
                  "\"%s\" is answered with its file:\n%s", text, seen);
            free(seen);
        }
    }
}

/* Of the same line, the same length, and in one place of the table. */
TEST(test_heads_that_differ_in_one_byte_are_different)
{
    static const char with[] =
        GET_WITH("/style.css", "Accept-Encoding: gzip\r\n");
    char without_it[sizeof with];

    begin();
    strcpy(without_it, with);
    strstr(without_it, "gzip")[3] = 'q';
    for (unsigned i = 0; i < 6; i++) {
        struct answer answer = only_answer(ask(with), false);
        CHECK(strcmp(answer.content, "compressed") == 0, "it is compressed");
        answer = only_answer(ask(without_it), false);
        CHECK(answer.content[0] == 'b', "it is not");
        check_answer("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, false);
        check_answer("GET /a.txt HTTP/1.1\r\nHost: a\r\n\n\r", 400, true);
    }
}

TEST(test_a_small_machine_remembers_less_and_serves)
{
    fake_memory = 5 << 20;
    begin();
    ask_twice(GET("/a.txt"));
    CHECK(is_remembered(GET("/a.txt")), "5 MiB are enough for something");
}

/* ---- However it comes and goes ---- */

TEST(test_a_remembered_request_may_come_in_parts_or_with_others)
{
    static const char text[] = GET("/a.txt") GET("/dated.txt");
    const size_t len = strlen(text);

    begin();
    ask_twice(GET("/a.txt"));
    ask_twice(GET("/dated.txt"));
    CHECK(is_remembered(GET("/a.txt")) && is_remembered(GET("/dated.txt")),
          "both are remembered");
    for (size_t cut = 1; cut < len; cut++) {
        struct fake_client *client = fake_connect();
        size_t seen_len;

        fake_send(client, text, cut);
        fake_run();
        fake_send(client, text + cut, len - cut);
        fake_settle(client);
        const char *at = fake_received(client, &seen_len), *end = at + seen_len;
        CHECK(next_answer(&at, end, false).content_len == 1 &&
                  next_answer(&at, end, false).content_len == 10 && at == end,
              "cut after %zu bytes there are two answers", cut);
        fake_end(client);
        fake_run();
        check_nothing_left();
    }
}

TEST(test_the_last_answer_closes_when_it_is_remembered_too)
{
    begin();
    ask_twice(CLOSE("/a.txt"));
    CHECK(is_remembered(CLOSE("/a.txt")), "it is remembered");
    check_answer(CLOSE("/a.txt"), 200, true);
    struct fake_client *client = ask(CLOSE("/a.txt") GET("/a.txt"));
    only_answer(client, false);
    CHECK(fake_closed(client), "and nothing is answered behind it");
    check_nothing_left();
}

TEST(test_a_remembered_answer_is_counted)
{
    begin();
    for (unsigned i = 0; i < 10; i++)
        ask(GET("/a.txt"));
    CHECK(http_usage().requests == 10, "ten were answered, here %llu",
          (unsigned long long)http_usage().requests);
}

TEST(test_with_an_access_log_every_answer_has_its_line)
{
    fake_site.access_log = true;
    begin();
    unsigned before = unit_log_count();
    for (unsigned i = 0; i < 5; i++)
        ask(GET("/a.txt"));
    CHECK(unit_log_count() == before + 5, "five lines, here %u",
          unit_log_count() - before);
}

TEST(test_an_idle_client_with_a_remembered_answer_is_closed_in_time)
{
    begin();
    ask_twice(GET("/a.txt"));
    struct fake_client *client = ask(GET("/a.txt"));
    fake_sleep(HTTP_IDLE_S - 2);
    send(client, GET("/a.txt"));
    fake_sleep(HTTP_IDLE_S - 2);
    CHECK(fake_is_open(client), "its time begins anew with each request");
    fake_sleep(4);
    CHECK(fake_closed(client), "and then it is over");
    check_nothing_left();
}

TEST(test_a_reset_while_a_remembered_answer_is_lent_leaves_nothing_behind)
{
    begin();
    ask_twice(GET("/a.txt"));
    for (size_t room = 1; room < 400; room += 7) {
        fake_manner.room = room;
        struct fake_client *client = fake_connect();
        fake_send(client, GET("/a.txt") GET("/a.txt"),
                  strlen(GET("/a.txt") GET("/a.txt")));
        fake_reset(client);
        fake_run();
        check_nothing_left();
        fake_manner.room = 1 << 20;
        CHECK(is_remembered(GET("/a.txt")), "and it can be lent again");
    }
}

/* ---- Nobody can tell ---- */

static const char *const pieces[] = {
    GET("/a.txt"), GET("/dated.txt"), HEAD("/dated.txt"), GET("/"), GET("/big"),
    GET("/nothing"), HEAD("/nothing"), GET("/pub"), GET("/empty"),
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\n" GET("/"),
    GET_WITH("/style.css", "Accept-Encoding: gzip\r\n"), GET("/style.css"),
    GET_WITH("/dated.txt", "If-None-Match: *\r\n"), HEAD("/big"), "\r\n",
    GET_WITH("/dated.txt", "Range: bytes=1-3\r\n"),
};
enum { PIECES = sizeof pieces / sizeof *pieces };

/* Sends it however chance will have it, and gives what comes. */
static const char *play(const char *text, size_t *seen_len)
{
    size_t len = strlen(text), sent = 0;
    struct fake_client *client = fake_connect();

    while (fake_is_open(client) && sent < len) {
        size_t part = 1 + unit_random_below(unit_random_below(2) ? 5 : 400);
        part = part < len - sent ? part : len - sent;
        if (part > 0)
            fake_send(client, text + sent, part);
        sent += part;
        if (unit_random_below(2))
            fake_run();
        fake_acknowledge(client, unit_random_below(3000));
    }
    fake_settle(client);
    if (fake_is_open(client))
        fake_end(client);
    fake_settle(client);
    check_nothing_left();
    return fake_received(client, seen_len);
}

TEST(test_answers_are_the_same_with_and_without_remembering)
{
    enum { SECONDS = 3, PIECES_MOST = 14 };
    char *usual[SECONDS][PIECES];
    size_t usual_len[SECONDS][PIECES], seen_len;

    begin();
    fake_fixed = false;
    for (unsigned second = 0; second < SECONDS; second++) {
        fake_now = NOW + second;
        for (unsigned i = 0; i < PIECES; i++)
            usual[second][i] = answers_to(pieces[i], &usual_len[second][i]);
    }
    fake_fixed = true;
    for (unsigned game = 0; game < 300; game++) {
        char text[PIECES_MOST * 120] = "";
        unsigned which[PIECES_MOST], count = unit_random_below(PIECES_MOST);
        unsigned second = unit_random_below(SECONDS);

        for (unsigned i = 0; i < count; i++)
            strcat(text, pieces[which[i] = unit_random_below(PIECES)]);
        fake_manner.room = 1 + unit_random_below(game % 3 ? 20000 : 400);
        fake_manner.part = unit_random_below(2) ? unit_random_below(900) : 0;
        fake_manner.at_once = game % 5 == 0;
        fake_piece = 1 + unit_random_below(9000);
        fake_now = NOW + second;
        const char *seen = play(text, &seen_len);
        for (unsigned i = 0; i < count; i++) {
            size_t len = usual_len[second][which[i]];
            CHECK(seen_len >= len &&
                      memcmp(seen, usual[second][which[i]], len) == 0,
                  "answer %u of\n%s\nshould be\n%.300s\nand is\n%.300s", i + 1,
                  text, usual[second][which[i]], seen);
            seen += len;
            seen_len -= len;
        }
        CHECK(seen_len == 0, "and nothing comes behind them");
    }
    for (unsigned i = 0; i < SECONDS * PIECES; i++)
        free(usual[i / PIECES][i % PIECES]);
}

TEST(test_without_answers_nothing_is_remembered)
{
    without_what = 1u << WITHOUT_ANSWERS;
    begin();
    ask_twice(GET("/a.txt"));
    ask_twice(GET("/a.txt"));
    CHECK(!is_remembered(GET("/a.txt")), "the file system is asked each time");
}

TEST(test_without_content_files_are_sent_in_copies)
{
    without_what = 1u << WITHOUT_CONTENT;
    begin();
    struct fake_client *client = fake_connect();
    fake_manner.room = 3000;
    fake_send(client, GET("/big"), strlen(GET("/big")));
    fake_run();
    CHECK(fake_pins == 0 && fake_pins_most == 1, "nothing stays pinned");
    fake_settle(client);
    struct answer answer = only_answer(client, false);
    CHECK(answer.content_len == FAKE_BIG &&
              memcmp(answer.content, fake_big, FAKE_BIG) == 0,
          "and it is all of the file");
}
