/* SPDX-License-Identifier: MIT */
/*
 * test_server.c - the whole server, from bytes to bytes, over a fake stream
 * and a fake file system: order, partial sends, errors, ends, and that
 * nothing is left over. What the fields of a request can ask for besides is in
 * test_http_server.c.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "unit.h"

/* ---- One request ---- */

TEST(test_get_is_answered_with_the_file)
{
    serve();
    struct fake_client *client = ask(GET("/a.txt"));
    struct answer answer = only_answer(client, false);

    CHECK(answer.status == 200 && answer.content_len == 1 &&
              answer.content[0] == 'a', "the file is \"a\"");
    CHECK(strcasestr(answer.head, "\r\nContent-Type: text/plain") != NULL,
          "it is a text");
    CHECK(fake_is_open(client), "the connection stays open");
    CHECK(http_usage().requests == 1, "one request was answered");
    fake_end(client);
    CHECK(fake_closed(client), "when the client ends, so do we");
    check_nothing_left();
}

TEST(test_a_directory_is_answered_with_its_index)
{
    serve();
    struct answer answer = only_answer(ask(GET("/")), false);
    CHECK(answer.status == 200 && strstr(answer.content, "hello localhost"),
          "\"/\" is index.html");
    answer = only_answer(ask(GET("/pub/?x=y")), false);
    CHECK(answer.status == 200 && strcmp(answer.content, "in pub") == 0,
          "\"/pub/\" is its index.html");
    answer = only_answer(ask(GET("/pub?x=y")), false);
    CHECK(answer.status == 301 &&
              strstr(answer.head, "\r\nLocation: /pub/?x=y\r\n") != NULL,
          "\"/pub\" is at another address, here\n%s", answer.head);
    check_answer(GET("/bare/"), 404, false);
}

TEST(test_head_is_answered_without_content)
{
    char get[2000];

    serve();
    struct fake_client *client = ask(GET("/big"));
    snprintf(get, sizeof get, "%s", only_answer(client, false).head);
    fake_forget_received(client);
    fake_send(client, HEAD("/big"), strlen(HEAD("/big")));
    fake_settle(client);
    CHECK(strcmp(only_answer(client, true).head, get) == 0,
          "the head is the same");
    fake_forget_received(client);
    fake_send(client, GET("/a.txt"), strlen(GET("/a.txt")));
    fake_settle(client);
    CHECK(only_answer(client, false).content_len == 1,
          "and the next request is answered");
}

TEST(test_refusals_close_when_they_must)
{
    serve();
    check_answer(GET("/nothing"), 404, false);
    check_answer(HEAD("/nothing"), 404, false);
    check_answer(GET("/../a"), 400, false);
    check_answer(GET("/a.txt%00"), 400, false);
    check_answer(GET("//a.txt"), 400, false);
    check_answer("GET / HTTP/1.1\r\n\r\n", 400, true);
    check_answer("HEAD / HTTP/1.1\r\nbad line\r\n", 400, true);
    check_answer("GET /\r\n", 400, true);
    check_answer("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, true);
    check_answer("GET / HTTP/2.0\r\n", 505, true);
    check_answer("GET / HTTP/1.0\r\n\r\n", 200, true);
    check_answer("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200,
                 false);
    check_answer("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200,
                 true);
    check_answer("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, false);
    check_answer("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, false);
    check_answer("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                 400, true);
    check_answer("GET / HTTP/1.1\r\nHost: a\r\n"
                 "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, true);
    check_answer("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, true);
    check_answer(GET("http://you@a/"), 400, false);
    check_answer(GET("*"), 400, false);
}

TEST(test_options_says_what_is_allowed)
{
    static const char *const targets[] = { "*", "/a.txt", "/nothing" };
    char text[100];

    serve();
    for (unsigned i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "OPTIONS %s HTTP/1.1\r\nHost: a\r\n\r\n",
                 targets[i]);
        struct answer answer = only_answer(ask(text), false);
        CHECK(answer.status == 200 && answer.content_len == 0 &&
                  strstr(answer.head, "\r\nAllow: GET, HEAD, OPTIONS\r\n"),
              "OPTIONS %s is answered with what is allowed, here\n%s",
              targets[i], answer.head);
    }
    check_answer("OPTIONS /../a HTTP/1.1\r\nHost: a\r\n\r\n", 400, false);
}

TEST(test_a_path_too_long_is_414_with_and_without_the_index)
{
    char text[3000], path[2000];

    serve();
    memset(path, 'x', sizeof path);
    path[0] = '/';
    snprintf(text, sizeof text, GET("%.*s"), FS_PATH_MAX + 1, path);
    check_answer(text, 414, false);
    path[FS_PATH_MAX - 5] = '/';
    snprintf(text, sizeof text, GET("%.*s"), FS_PATH_MAX - 4, path);
    check_answer(text, 414, false);
}

TEST(test_a_location_that_does_not_fit_is_414)
{
    char text[3000], query[2000];

    serve();
    memset(query, 'q', sizeof query);
    snprintf(text, sizeof text, GET("/pub?%.*s"), 1500, query);
    check_answer(text, 414, false);
    snprintf(text, sizeof text, GET("/pub?%.*s"), 500, query);
    check_answer(text, 301, false);
}

TEST(test_every_answer_has_a_date_once_the_day_is_known)
{
    static const char *const requests[] = {
        GET("/a.txt"), GET("/nothing"), GET("/pub"), "rubbish\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", GET("/empty"),
    };
    char text[3000], query[1500];
    size_t len;

    serve();
    fake_now = 784111777;
    memset(query, 'q', sizeof query);
    snprintf(text, sizeof text, GET("/pub?%.*s"), 1500, query);
    for (size_t i = 0; i <= sizeof requests / sizeof *requests; i++) {
        bool last = i == sizeof requests / sizeof *requests;
        struct fake_client *client = ask(last ? text : requests[i]);
        const char *seen = fake_received(client, &len);
        CHECK(strstr(seen, "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
              "answer %zu has one, here\n%.300s", i, seen);
    }
}

/* ---- Several requests ---- */

TEST(test_pipelined_requests_are_answered_in_order)
{
    static const char text[] =
        GET("/a.txt") HEAD("/big") GET("/nothing") GET("/big") HEAD("/nothing")
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n"
        GET("/not/a/request") GET("/empty") "\r\n\r\n" GET("/pub")
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/a.txt");
    static const struct {
        unsigned status;
        bool head_only;
        size_t len;             /* 0: any */
    } wanted[] = {
        { 200, false, 1 }, { 200, true, 0 }, { 404, false, 0 },
        { 200, false, (size_t)FAKE_BIG }, { 404, true, 0 }, { 405, false, 0 },
        { 200, false, 0 }, { 301, false, 0 }, { 200, false, 21 },
    };

    serve();
    /* The POST's content is as long as the request that it looks like. */
    struct fake_client *client = ask(text);
    size_t len;
    const char *at = fake_received(client, &len), *end = at + len;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct answer answer = next_answer(&at, end, wanted[i].head_only);
        CHECK(answer.status == wanted[i].status,
              "answer %zu is a %u, here %u", i + 1, wanted[i].status,
              answer.status);
        CHECK(wanted[i].len == 0 || answer.content_len == wanted[i].len,
              "answer %zu has %zu bytes, here %zu", i + 1, wanted[i].len,
              answer.content_len);
    }
    CHECK(at == end, "behind the last nothing is answered");
    CHECK(fake_closed(client), "and the connection is closed");
    check_nothing_left();
}

TEST(test_21_requests_at_once_get_21_answers)
{
    char text[21 * 64] = "";
    size_t len;

    serve();
    for (unsigned i = 0; i < 21; i++)
        strcat(text, i % 3 ? GET("/a.txt") : GET("/index.html"));
    struct fake_client *client = ask(text);
    const char *at = fake_received(client, &len), *end = at + len;
    for (unsigned i = 0; i < 21; i++)
        CHECK(next_answer(&at, end, false).content_len == (i % 3 ? 1 : 21),
              "answer %u is in its place", i + 1);
    CHECK(at == end && http_usage().requests == 21, "there are 21 answers");
}

TEST(test_nothing_is_answered_behind_the_last)
{
    serve();
    struct fake_client *client =
        ask("GET /a.txt HTTP/1.0\r\n\r\n" GET("/a.txt") GET("/a.txt"));
    only_answer(client, false);
    CHECK(fake_closed(client), "the connection is closed");
    check_nothing_left();
}

TEST(test_a_body_is_never_read_as_a_request)
{
    static const char *const texts[] = {
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 39\r\n\r\n"
        GET("/secret") "......",
        "POST /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 39\r\n\r\n"
        GET("/secret") "......",
    };

    serve();
    for (unsigned i = 0; i < 2; i++) {
        size_t len = strlen(texts[i]);
        CHECK(len - (size_t)(strstr(texts[i], "\r\n\r\n") + 4 - texts[i]) == 39,
              "the test's content has 39 bytes");
        for (size_t cut = 1; cut < len; cut++) {
            struct fake_client *client = fake_connect();
            fake_send(client, texts[i], cut);
            fake_settle(client);
            fake_send(client, texts[i] + cut, len - cut);
            fake_settle(client);
            only_answer(client, false);
            fake_forget_received(client);
            fake_send(client, GET("/a.txt"), strlen(GET("/a.txt")));
            fake_settle(client);
            CHECK(only_answer(client, false).status == 200,
                  "cut after %zu bytes, the next request is answered", cut);
            fake_end(client);
        }
    }
    check_nothing_left();
}

TEST(test_content_that_has_no_end_is_not_waited_for)
{
    serve();
    check_answer("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999"
                 "\r\n\r\n" GET("/a.txt"), 413, true);
    check_answer("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
                 "\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411, true);
    check_answer("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
                 "Expect: 100-continue\r\n\r\n", 405, true);
    check_nothing_left();
}

/* ---- However it is cut, whenever there is room ---- */

/* Plays `text` in a manner that chance decides, and compares. */
static void play(const char *text, const char *wanted, size_t wanted_len,
                 unsigned game)
{
    size_t len = strlen(text), sent = 0, seen_len;
    struct fake_client *client = fake_connect();
    unsigned idle = 0;

    CHECK(client != NULL, "a connection is accepted");
    while (idle < 200) {
        if (sent < len && fake_is_open(client)) {
            size_t part = 1 + unit_random_below(game % 2 ? 5 : 300);
            part = part < len - sent ? part : len - sent;
            fake_send(client, text + sent, part);
            sent += part;
        }
        if (unit_random_below(2))
            fake_run();
        if (unit_random_below(2))
            fake_acknowledge(client, unit_random_below(4000));
        idle = sent < len || fake_on_its_way(client) > 0 ? 0 : idle + 1;
        if (!fake_is_open(client) && fake_on_its_way(client) == 0)
            break;
    }
    fake_settle(client);
    if (fake_is_open(client))
        fake_end(client);
    fake_settle(client);
    const char *seen = fake_received(client, &seen_len);
    size_t same = 0;
    while (same < seen_len && same < wanted_len && seen[same] == wanted[same])
        same++;
    CHECK(seen_len == wanted_len && same == wanted_len,
          "cut in another way, the answers should be the same %zu bytes; here "
          "they are %zu, the first %zu of them the same", wanted_len, seen_len,
          same);
    CHECK(fake_closed(client), "at the end the connection is closed");
    check_nothing_left();
}

TEST(test_the_answers_do_not_depend_on_how_bytes_come_and_go)
{
    static const char text[] =
        GET("/a.txt") GET("/index.html") HEAD("/big") GET("/nothing")
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
        "not a req" GET("/pub") GET("/empty") GET("/pub/") GET("/big")
        GET("/a.txt") HEAD("/") GET("/empty") GET("/bare/")
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    serve();
    struct fake_client *client = ask(text);
    size_t len;
    const char *wanted = fake_received(client, &len);
    CHECK(len > (size_t)FAKE_BIG, "the answers have %zu bytes", len);
    check_nothing_left();

    for (unsigned game = 0; game < 40; game++) {
        fake_manner.room = 1 + unit_random_below(game % 3 ? 20000 : 300);
        fake_manner.part = unit_random_below(3) ? unit_random_below(2000) : 0;
        fake_manner.at_once = game % 5 == 0;
        fake_piece = 1 + unit_random_below(game % 4 ? 9000 : 400);
        fake_again = game % 2 ? 2 : 0;
        play(text, wanted, len, game);
    }
}

TEST(test_head_and_content_leave_together)
{
    serve();
    struct fake_client *client = fake_connect();
    fake_send(client, GET("/a.txt"), strlen(GET("/a.txt")));
    size_t len;
    fake_received(client, &len);
    CHECK(len > 0 && !fake_more(client), "the last piece of an answer says "
          "that no more comes");
    /* With room for the head alone the stream must know that more comes. */
    fake_settle(client);
    fake_forget_received(client);
    fake_manner.room = len - 1;
    fake_send(client, GET("/a.txt"), strlen(GET("/a.txt")));
    CHECK(fake_more(client), "the head says that the content comes behind it");
}

/* ---- Clients that make trouble ---- */

TEST(test_a_client_that_does_not_read_is_not_listened_to)
{
    char text[40000] = "";
    size_t len = 0;

    serve();
    fake_manner.room = 500;
    struct fake_client *client = fake_connect();
    while (len < sizeof text - 100)
        len += (size_t)sprintf(text + len, "%s", GET("/big"));
    fake_send(client, text, len);
    fake_run();
    CHECK(fake_not_taken(client) > sizeof text - 2 * HTTP_HEAD_MAX,
          "no more is taken than there is room for; here all but %zu of %zu "
          "bytes", fake_not_taken(client), len);

    /* Meanwhile somebody else is served. */
    fake_manner.room = 10000;
    struct fake_client *other = ask(GET("/a.txt"));
    CHECK(only_answer(other, false).status == 200, "others are served");

    fake_reset(client);
    fake_end(other);
    fake_run();
    check_nothing_left();
}

TEST(test_a_reset_at_any_moment_leaves_nothing_behind)
{
    static const char text[] = GET("/big") GET("/a.txt") GET("/nothing");

    serve();
    fake_manner.room = 3000;
    fake_piece = 700;
    for (unsigned moment = 0; moment < 120; moment++) {
        struct fake_client *client = fake_connect();
        fake_again = moment % 2 ? 3 : 0;
        fake_send(client, text, moment < sizeof text - 1 ? moment
                                                         : sizeof text - 1);
        for (unsigned i = 0; i < moment / 2; i++) {
            fake_acknowledge(client, 1000);
            fake_run();
        }
        CHECK(fake_is_open(client), "the connection is open");
        fake_reset(client);
        fake_run();
        check_nothing_left();
    }
}

TEST(test_what_is_on_its_way_when_a_connection_closes_stays)
{
    serve();
    fake_piece = 1000;
    struct fake_client *client = fake_connect();
    const char *text = "GET /big HTTP/1.0\r\n\r\n";
    fake_send(client, text, strlen(text));
    for (unsigned i = 0; fake_is_open(client) && i < 1000; i++) {
        fake_acknowledge(client, 10000);
        fake_run();
    }
    CHECK(fake_closed(client), "the connection is closed");
    fake_run();
    CHECK(fake_pins > 0 && http_usage().connections == 1,
          "what the client has not acknowledged is still pinned");
    fake_acknowledge(client, SIZE_MAX);
    fake_run();
    check_nothing_left();
}

TEST(test_a_client_that_ends_early_gets_its_answers)
{
    serve();
    struct fake_client *client = fake_connect();
    fake_manner.room = 5000;
    fake_send(client, GET("/big") GET("/a.txt"),
              strlen(GET("/big") GET("/a.txt")));
    fake_end(client);
    fake_settle(client);
    size_t len;
    const char *at = fake_received(client, &len), *end = at + len;
    CHECK(next_answer(&at, end, false).content_len == (size_t)FAKE_BIG,
          "the first");
    CHECK(next_answer(&at, end, false).content_len == 1, "the second");
    CHECK(fake_closed(client), "and then we end too");
    check_nothing_left();

    client = fake_connect();
    fake_send(client, "GET / HT", 8);
    fake_end(client);
    fake_settle(client);
    fake_received(client, &len);
    CHECK(fake_closed(client) && len == 0, "half a head is not answered");
    check_nothing_left();
}

TEST(test_a_disk_that_breaks_is_500_or_the_end)
{
    serve();
    fake_piece = 1000;
    fake_broken_at = 0;
    check_answer(GET("/big"), 500, false);

    /* The head is out, and promises more than can be had. */
    fake_broken_at = 5000;
    struct fake_client *client = ask(GET("/big"));
    CHECK(fake_aborted(client), "an answer that can't be finished ends in a "
          "reset");
    CHECK(fake_open_files == 0 && fake_pins == 0, "nothing is held");
}

/* ---- Time ---- */

TEST(test_an_idle_connection_is_closed_in_time)
{
    serve();
    struct fake_client *client = ask(GET("/a.txt"));
    struct fake_client *silent = fake_connect();

    fake_sleep(HTTP_IDLE_S - 2);
    CHECK(fake_is_open(client) && fake_is_open(silent),
          "after %u s both are open", HTTP_IDLE_S - 2);
    fake_sleep(4);
    CHECK(fake_closed(client) && fake_closed(silent),
          "after %u s both are closed", HTTP_IDLE_S + 2);
    only_answer(client, false);
    check_nothing_left();
}

TEST(test_an_idle_connection_whose_client_never_takes_its_answer_is_reset)
{
    serve();
    struct fake_client *client = fake_connect();

    fake_send(client, GET("/a.txt"), strlen(GET("/a.txt")));
    fake_run();
    CHECK(fake_on_its_way(client) > 0, "it has acknowledged nothing");
    fake_sleep(HTTP_IDLE_S + 2);
    CHECK(fake_aborted(client), "nobody waits for it any longer");
}

TEST(test_half_a_head_is_408_in_time)
{
    serve();
    struct fake_client *client = fake_connect();

    fake_sleep(30);
    for (unsigned i = 0; i < HTTP_HEAD_S - 2; i++) {
        fake_send(client, "x", 1);
        fake_sleep(1);
        CHECK(fake_is_open(client), "after %u s it is open", i + 1);
    }
    fake_sleep(4);
    fake_settle(client);
    struct answer answer = only_answer(client, false);
    CHECK(answer.status == 408 && fake_closed(client),
          "after %u s it is answered 408 and closed", HTTP_HEAD_S + 2);
    check_nothing_left();
}

TEST(test_a_client_that_takes_nothing_is_given_up)
{
    serve();
    fake_manner.room = 1000;
    struct fake_client *slow = fake_connect(), *dead = fake_connect();
    fake_send(slow, GET("/big"), strlen(GET("/big")));
    fake_send(dead, GET("/big"), strlen(GET("/big")));
    for (unsigned i = 0; i < 2 * HTTP_IDLE_S; i += 10) {
        fake_sleep(10);
        fake_acknowledge(slow, 100);
        fake_run();
    }
    CHECK(fake_aborted(dead), "who takes nothing for %u s is given up",
          HTTP_IDLE_S);
    CHECK(fake_is_open(slow), "who takes a little is not");
    fake_reset(slow);
    fake_run();
    check_nothing_left();
}

TEST(test_content_that_does_not_come_is_not_waited_for)
{
    serve();
    struct fake_client *client =
        ask("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n...");
    only_answer(client, false);
    fake_sleep(HTTP_IDLE_S + 2);
    fake_settle(client);
    CHECK(fake_closed(client), "the connection is closed");
    check_nothing_left();
}

/* ---- Many ---- */

TEST(test_100000_requests_leave_nothing_behind)
{
    serve();
    struct fake_client *client = fake_connect();
    for (unsigned i = 0; i < 100000; i++) {
        const char *text = i % 2 ? GET("/a.txt") : GET("/nothing");
        fake_send(client, text, strlen(text));
        fake_run();
        fake_acknowledge(client, SIZE_MAX);
        if (i % 1000 == 0)
            only_answer(client, false);
        fake_forget_received(client);
    }
    fake_end(client);
    CHECK(http_usage().requests == 100000, "all were answered, here %llu",
          (unsigned long long)http_usage().requests);
    fake_run();
    check_nothing_left();
}
