/* SPDX-License-Identifier: MIT */
/*
 * test_http_crowd.c - the server when there are as many clients as it has
 * connections, and more: who waits, for how long, and who gives way.
 */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "unit.h"

static struct fake_client *clients[FAKE_STREAMS];

static unsigned limit(void)
{
    return http_usage().limit;
}

static void send_text(struct fake_client *client, const char *text)
{
    fake_send(client, text, strlen(text));
}

/* Fills the server with clients that have had an answer each, a second
 * between one and the next. */
static void fill(void)
{
    for (unsigned i = 0; i < limit(); i++) {
        CHECK((clients[i] = ask(GET("/a.txt"))) != NULL,
              "connection %u of %u is accepted", i + 1, limit());
        if (i < 10)
            fake_sleep(1);
    }
}

/* Each asks once more, as one does that has seen its answer; or, if `closes`
 * is not NULL, sees that its answer was the last, which is counted. */
static void go_on(unsigned count, unsigned *closes)
{
    for (unsigned i = 0; i < count; i++) {
        if (!fake_is_open(clients[i]))
            continue;
        fake_forget_received(clients[i]);
        send_text(clients[i], GET("/a.txt"));
        fake_settle(clients[i]);
        struct answer answer = only_answer(clients[i], false);
        bool last = strstr(answer.head, "\r\nConnection: close\r\n") != NULL;
        CHECK(answer.status == 200, "client %u is answered", i + 1);
        CHECK(last == fake_closed(clients[i]), "what is closed behind an "
              "answer, and only that, was said to be closed");
        CHECK(!last || closes, "nobody's connection is closed");
        if (last)
            (*closes)++;
    }
}

static bool is_answered(const struct fake_client *client)
{
    return fake_received(client, NULL)[0] == 'H';
}

TEST(test_connections_have_a_limit_and_come_back)
{
    serve();
    for (unsigned round = 0; round < 3; round++) {
        fill();
        CHECK(http_usage().connections == limit(),
              "%u connections are in use, here %u", limit(),
              http_usage().connections);
        for (unsigned i = 0; i < limit(); i++) {
            if (i % 2)
                fake_end(clients[i]);
            else
                fake_reset(clients[i]);
        }
        fake_run();
        check_nothing_left();
    }
}

TEST(test_the_oldest_idle_connection_gives_way_when_all_are_taken)
{
    struct fake_client *more[3];

    serve();
    fill();
    /* The oldest of all has just asked again, so it is the youngest now; the
     * second is in the middle of a request. */
    send_text(clients[0], GET("/a.txt"));
    fake_settle(clients[0]);
    send_text(clients[1], "GET /a");
    for (unsigned i = 0; i < 3; i++) {
        more[i] = ask(GET("/a.txt"));
        CHECK(more[i] != NULL && is_answered(more[i]),
              "one more is accepted and answered");
        CHECK(fake_closed(clients[2 + i]), "connection %u, the one that has "
              "been idle for longest, has given way", 3 + i);
    }
    for (unsigned i = 0; i < limit(); i++)
        CHECK(fake_is_open(clients[i]) == (i < 2 || i > 4),
              "connection %u %s", i + 1, i < 2 || i > 4 ? "stays" : "goes");
    CHECK(http_usage().connections == limit(), "all are in use");
}

TEST(test_a_newcomer_waits_while_nobody_is_idle_and_nobody_is_cut_off)
{
    struct fake_client *more[3];

    serve();
    for (unsigned i = 0; i < limit(); i++)
        clients[i] = ask(GET("/a.txt"));
    for (unsigned i = 0; i < 3; i++)
        more[i] = ask(GET("/a.txt"));
    CHECK(http_usage().waiting == 3, "three wait, here %u",
          http_usage().waiting);
    go_on(limit(), NULL);
    for (unsigned i = 0; i < 3; i++)
        CHECK(fake_is_open(more[i]) && !is_answered(more[i]),
              "whoever comes when all are busy waits, and is not refused");

    /* One goes by itself, which is one for the first who waits. */
    fake_end(clients[7]);
    fake_run();
    CHECK(is_answered(more[0]) && !is_answered(more[1]),
          "the first has a connection, the others have not");
    fake_reset(clients[8]);
    fake_run();
    CHECK(is_answered(more[1]) && !is_answered(more[2]), "then the second");
    CHECK(http_usage().waiting == 1, "the third waits");
    go_on(7, NULL);
}

TEST(test_a_client_that_never_rests_gives_its_place_up_in_turn)
{
    unsigned closed = 0;

    serve();
    for (unsigned i = 0; i < limit(); i++)
        clients[i] = ask(GET("/a.txt"));
    struct fake_client *a = ask(GET("/a.txt")), *b = ask(GET("/a.txt"));
    for (unsigned s = 0; s < HTTP_TURN_S; s++) {
        CHECK(!is_answered(a), "after %u s nobody has had his turn", s);
        go_on(limit(), NULL);
        fake_sleep(1);
    }
    go_on(limit(), &closed);
    fake_run();
    CHECK(closed == 2, "two wait, so two are asked to go; here %u", closed);
    CHECK(is_answered(a) && is_answered(b), "both are answered");
    for (unsigned s = 0; s < 5; s++) {
        go_on(limit(), NULL);
        fake_sleep(1);
    }
}

TEST(test_who_has_asked_has_a_turn_before_those_who_are_silent)
{
    serve();
    for (unsigned i = 0; i < limit(); i++)
        clients[i] = ask(GET("/a.txt"));
    struct fake_client *silent = fake_connect();
    struct fake_client *asks = ask(GET("/a.txt"));
    fake_end(clients[0]);
    fake_run();
    CHECK(is_answered(asks), "who has asked is answered");
    CHECK(http_usage().waiting == 1, "who is silent waits");
    send_text(silent, GET("/a.txt"));
    fake_end(clients[1]);
    fake_run();
    CHECK(is_answered(silent), "until he asks");
}

TEST(test_the_silent_and_the_slow_do_not_keep_others_out)
{
    serve();
    for (unsigned i = 0; i < limit() + limit() / 4; i++) {
        clients[i] = fake_connect();
        if (i % 2)
            send_text(clients[i], "GET /a");
    }
    for (unsigned i = 0; i < 50; i++) {
        struct fake_client *client = ask(GET("/a.txt"));
        for (unsigned s = 0; s < 4 * HTTP_TURN_S && !is_answered(client); s++)
            fake_sleep(1);
        CHECK(is_answered(client), "within a few seconds whoever asks is "
              "answered, and number %u is not", i + 1);
        fake_end(client);
        /* And each of them comes back. */
        for (unsigned n = 0; n < limit() + limit() / 4; n++)
            if (!fake_is_open(clients[n])) {
                clients[n] = fake_connect();
                if (n % 2)
                    send_text(clients[n], "GET /a");
            }
    }
}

TEST(test_who_waits_may_leave_and_leaves_nothing_behind)
{
    struct fake_client *patient = NULL;

    serve();
    for (unsigned i = 0; i < limit(); i++)
        clients[i] = ask(GET("/a.txt"));
    for (unsigned i = 0; i < 4; i++) {
        struct fake_client *client = fake_connect();
        if (i >= 2)
            send_text(client, GET("/a.txt"));
        if (i % 2)
            fake_reset(client);
        else
            fake_end(client);
        fake_run();
        CHECK(i == 2 || !fake_is_open(client), "client %u has left", i);
        if (i == 2)
            patient = client;
    }
    CHECK(http_usage().waiting == 1, "one has asked before it ended, and "
          "waits for its answer");
    for (unsigned i = 0; i < limit(); i++)
        fake_end(clients[i]);
    fake_settle(patient);
    CHECK(is_answered(patient) && fake_closed(patient), "and gets it");
    check_nothing_left();
}

TEST(test_what_follows_a_last_request_is_not_taken_for_a_newcomers)
{
    static char text[3 * HTTP_HEAD_MAX];

    serve();
    fake_manner.at_once = true;
    for (unsigned i = 0; i < limit(); i++)
        clients[i] = ask(GET("/a.txt"));
    struct fake_client *next = ask(GET("/index.html"));
    int head = snprintf(text, sizeof text, "GET /a.txt HTTP/1.1\r\nHost: a\r\n"
                        "Connection: close\r\n\r\n");
    memset(text + head, 'x', sizeof text - (size_t)head);
    fake_forget_received(clients[0]);
    fake_send(clients[0], text, sizeof text);
    fake_run();
    CHECK(only_answer(clients[0], false).status == 200 &&
              fake_closed(clients[0]), "the last request is answered");
    CHECK(only_answer(next, false).content_len == 21,
          "and so is who has the connection from then on");
    CHECK(fake_is_open(next), "as if nobody had had it before");
}

TEST(test_who_has_waited_for_a_minute_is_told_503)
{
    static char huge[3 * HTTP_SLOW_RATE * HTTP_IDLE_S];
    static struct fake_file files[] = {
        { "/a.txt", "a", 0, 0 }, { "/huge", huge, 0, 0 }, { NULL, NULL, 0, 0 },
    };

    memset(huge, 'h', sizeof huge - 1);
    serve();
    fake_files = files;
    fake_manner.room = 2 * HTTP_SLOW_RATE;
    for (unsigned i = 0; i < limit(); i++)
        clients[i] = ask(GET("/a.txt"));
    for (unsigned i = 0; i < limit(); i++)
        send_text(clients[i], GET("/huge"));
    fake_run();
    struct fake_client *asks = ask(GET("/a.txt")), *silent = fake_connect();
    for (unsigned s = 0; s < HTTP_IDLE_S; s++) {
        CHECK(fake_is_open(asks) && fake_is_open(silent), "they wait");
        for (unsigned i = 0; i < limit(); i++)
            fake_acknowledge(clients[i], 2 * HTTP_SLOW_RATE);
        fake_run();
        fake_sleep(1);
    }
    struct answer answer = only_answer(asks, false);
    CHECK(answer.status == 503 && fake_closed(asks), "who has asked is told");
    CHECK(fake_closed(silent), "who has not, is not");
    for (unsigned i = 0; i < limit(); i++)
        CHECK(fake_is_open(clients[i]), "who is being served stays");
}

TEST(test_who_is_slow_gives_way_when_nobody_is_idle)
{
    serve();
    fake_manner.room = 1000;
    for (unsigned i = 0; i < limit(); i++) {
        clients[i] = fake_connect();
        fake_send(clients[i], GET("/big"), i == 7 ? 9 : strlen(GET("/big")));
    }
    fake_run();
    /* All are busy, or may be: none has had time to show that it is not. But
     * the one whose request isn't whole is not worth an answer for long. */
    struct fake_client *more = ask(GET("/a.txt"));
    CHECK(!fake_aborted(clients[7]), "a head may come in two parts");
    fake_sleep(HTTP_TURN_S);
    CHECK(fake_aborted(clients[7]), "the slow writer has given way");
    CHECK(is_answered(more), "to one who asks");
    fake_settle(more);
    fake_sleep(HTTP_SLOW_S + 1);
    fake_acknowledge(clients[5], 30000);
    for (unsigned i = 0; i < 40; i++) {
        fake_acknowledge(clients[5], 1000);
        fake_run();
    }
    for (unsigned i = 0; i < limit() - 1; i++)
        CHECK(is_answered(ask(GET("/a.txt"))), "one more is served, number %u",
              i + 1);
    CHECK(!fake_aborted(clients[5]), "who takes what it is sent stays");
}

TEST(test_who_never_takes_the_last_answer_gives_way_too)
{
    static const char last[] =
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    serve();
    struct fake_client *first = fake_connect();
    send_text(first, last);
    CHECK(fake_closed(first), "with room to spare it is closed at once");
    struct fake_client *polite = NULL;
    for (unsigned i = 1; i < limit(); i++) {
        polite = fake_connect();
        CHECK(polite != NULL, "connection %u is accepted", i + 1);
        send_text(polite, last);
    }
    CHECK(fake_is_open(polite), "when all are taken it is closed later");
    fake_settle(polite);
    CHECK(fake_closed(polite), "when the client has taken all of it");
    fake_sleep(HTTP_SLOW_S + 1);
    for (unsigned i = 0; i < limit() / 5; i++)
        CHECK(only_answer(ask(GET("/a.txt")), false).status == 200,
              "others are served");
}

TEST(test_a_small_machine_has_fewer_connections_and_serves)
{
    fake_memory = 5 << 20;
    serve();
    CHECK(limit() >= 16 && limit() < 64, "a machine of 5 MiB has at least 16 "
          "connections, and fewer than 64; here %u", limit());
    for (unsigned i = 0; i < 3 * limit(); i++) {
        if (i % limit() == 0)
            fake_sleep(HTTP_TURN_S);
        only_answer(ask(GET("/a.txt")), false);
    }
    CHECK(http_usage().connections == limit(), "all are in use");
}
