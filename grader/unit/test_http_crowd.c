/* SPDX-License-Identifier: MIT */
/*
 * test_http_crowd.c - the server when it has as many clients as it can have,
 * and when more of them ask than it has connections: who waits, for how long,
 * and who gives way.
 */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "unit.h"

static struct fake_client *clients[FAKE_STREAMS];

static void send_text(struct fake_client *client, const char *text)
{
    fake_send(client, text, strlen(text));
}

static bool is_answered(const struct fake_client *client)
{
    return fake_received(client, NULL)[0] == 'H';
}

/* So many who have had an answer each, a second between one and the next at
 * first. */
static void fill(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        clients[i] = ask(GET("/a.txt"));
        if (i < 10)
            fake_sleep(1);
    }
}

/* Clients beyond which the server makes room for more. */
static unsigned most(void)
{
    return http_usage().limit / 8 * 7;
}

/* Connections that are taken by clients who have begun to ask for "/big" and
 * take nothing of it. */
static unsigned hog(void)
{
    unsigned count = http_usage().working_limit;

    fake_manner.room = 1000;
    for (unsigned i = 0; i < count; i++) {
        clients[i] = fake_connect();
        send_text(clients[i], GET("/big"));
    }
    fake_run();
    CHECK(http_usage().working == count, "all connections are taken");
    return count;
}

/* Asks once more, as one does who has seen his answer. Was it the last? */
static bool goes_on(struct fake_client *client)
{
    fake_forget_received(client);
    send_text(client, GET("/a.txt"));
    fake_settle(client);
    struct answer answer = only_answer(client, false);
    bool last = strstr(answer.head, "\r\nConnection: close\r\n") != NULL;
    CHECK(answer.status == 200, "whoever asks is answered");
    CHECK(last == fake_closed(client), "what is closed behind an answer, and "
          "only that, was said to be closed");
    return last;
}

/* ---- As many as there are streams ---- */

TEST(test_there_are_as_many_clients_as_streams_and_all_come_back)
{
    serve();
    for (unsigned round = 0; round < 3; round++) {
        fill(FAKE_STREAMS - FAKE_STREAMS / 8);
        CHECK(http_usage().connections == FAKE_STREAMS - FAKE_STREAMS / 8,
              "all are there, here %u", http_usage().connections);
        CHECK(http_usage().working == 0, "who waits for nothing costs no "
              "connection, here %u", http_usage().working);
        for (unsigned i = 0; i < FAKE_STREAMS - FAKE_STREAMS / 8; i++) {
            if (i % 2)
                fake_end(clients[i]);
            else
                fake_reset(clients[i]);
        }
        fake_run();
        check_nothing_left();
    }
}

TEST(test_a_connection_is_free_again_once_its_answer_is_acknowledged)
{
    serve();
    struct fake_client *client = fake_connect();
    CHECK(http_usage().working == 0, "a newcomer has none yet");
    send_text(client, "GET /a");
    CHECK(http_usage().working == 1, "the first byte of a head needs one");
    send_text(client, ".txt HTTP/1.1\r\nHost: a\r\n\r\nGET ");
    fake_settle(client);
    CHECK(is_answered(client) && http_usage().working == 1,
          "as does the next head's");
    send_text(client, "/a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    fake_run();
    CHECK(http_usage().working == 1, "while an answer is on its way, too");
    fake_settle(client);
    CHECK(http_usage().working == 0, "and then not");
    CHECK(!goes_on(client), "but the client can go on");
}

TEST(test_the_oldest_idle_connection_gives_way_when_nearly_all_are_taken)
{
    struct fake_client *more[3];

    serve();
    fill(most());
    fake_sleep(HTTP_TURN_S);
    /* The oldest of all has just asked again, so it is the youngest now; the
     * second is in the middle of a request. */
    goes_on(clients[0]);
    send_text(clients[1], "GET /a");
    for (unsigned i = 0; i < 3; i++) {
        more[i] = ask(GET("/a.txt"));
        CHECK(is_answered(more[i]), "one more is answered");
        CHECK(fake_closed(clients[2 + i]), "connection %u, the one that has "
              "been idle for longest, has given way", 3 + i);
    }
    for (unsigned i = 0; i < most(); i++)
        CHECK(fake_is_open(clients[i]) == (i < 2 || i > 4),
              "connection %u %s", i + 1, i < 2 || i > 4 ? "stays" : "goes");
}

TEST(test_who_is_as_busy_as_can_be_is_not_cut_off_between_two_requests)
{
    serve();
    for (unsigned i = 0; i < FAKE_STREAMS; i++)
        clients[i] = ask(GET("/a.txt"));
    for (unsigned i = 0; i < FAKE_STREAMS; i++)
        CHECK(!goes_on(clients[i]), "nobody is sent away");
    CHECK(http_usage().connections == FAKE_STREAMS, "all are there");
}

TEST(test_those_who_never_rest_take_turns_with_those_who_wait_outside)
{
    unsigned gone[3] = { 0 };

    serve();
    for (unsigned i = 0; i < FAKE_STREAMS; i++)
        clients[i] = ask(GET("/a.txt"));
    for (unsigned s = 0; s < 3; s++) {
        fake_sleep(1);
        for (unsigned i = 0; i < FAKE_STREAMS; i++)
            if (fake_is_open(clients[i]))
                gone[s] += goes_on(clients[i]);
    }
    CHECK(gone[0] == FAKE_STREAMS - most(), "in a second as many are asked to "
          "go as there are too many, here %u", gone[0]);
    CHECK(gone[1] == 0 && gone[2] == 0, "and no more");
}

TEST(test_the_silent_do_not_keep_anybody_out)
{
    serve();
    for (unsigned i = 0; i < FAKE_STREAMS; i++)
        clients[i] = fake_connect();
    fake_sleep(HTTP_TURN_S);
    for (unsigned round = 0; round < 20; round++) {
        unsigned room = FAKE_STREAMS - stream_usage().open;
        CHECK(room >= FAKE_STREAMS / 8, "there is room again, here %u", room);
        CHECK(is_answered(ask(GET("/a.txt"))), "whoever asks is answered");
        /* And those who were sent away come back. */
        for (unsigned i = 1; i < room; i++)
            fake_connect();
        fake_sleep(HTTP_TURN_S);
    }
}

TEST(test_when_the_closing_have_all_streams_the_idle_go_at_once)
{
    serve();
    for (unsigned i = 0; i < FAKE_STREAMS; i++)
        clients[i] = fake_connect();
    fake_sleep(HTTP_TURN_S + 1);
    unsigned aborted = 0;
    for (unsigned i = 0; i < FAKE_STREAMS; i++)
        aborted += fake_aborted(clients[i]);
    CHECK(aborted == 1, "one is reset, as there is no stream left; the others "
          "are told to go; here %u", aborted);
}

/* ---- More than are connections ---- */

TEST(test_who_asks_while_all_connections_are_taken_waits_and_is_served_in_turn)
{
    struct fake_client *more[3];

    serve();
    hog();
    for (unsigned i = 0; i < 3; i++)
        more[i] = ask(GET("/a.txt"));
    CHECK(http_usage().asking == 3, "three ask, here %u",
          http_usage().asking);
    for (unsigned i = 0; i < 3; i++)
        CHECK(fake_is_open(more[i]) && !is_answered(more[i]) &&
                  fake_not_taken(more[i]) == strlen(GET("/a.txt")),
              "whoever comes when all are busy waits, and is not refused");
    fake_settle(clients[7]);
    fake_run();
    CHECK(is_answered(more[0]), "when one is done, the first is served");
    CHECK(!is_answered(more[1]) && !is_answered(more[2]), "and nobody else");
    fake_settle(more[0]);
    CHECK(is_answered(more[1]), "then the second");
    fake_reset(more[1]);
    fake_run();
    CHECK(is_answered(more[2]), "and the third");
    CHECK(http_usage().asking == 0, "nobody waits any more");
}

TEST(test_whose_answer_is_not_acknowledged_goes_on_when_others_have_had_theirs)
{
    static const char *const request = GET("/a.txt");

    serve();
    unsigned count = http_usage().working_limit;
    for (unsigned i = 0; i < count; i++) {
        clients[i] = fake_connect();
        send_text(clients[i], request);
    }
    struct fake_client *more = fake_connect();
    send_text(more, request);
    CHECK(http_usage().asking == 1, "all answers are on their way still");
    for (unsigned i = 0; i < count; i++) {
        fake_forget_received(clients[i]);
        send_text(clients[i], request);
    }
    fake_run();
    CHECK(!is_answered(clients[0]), "the next request waits");
    fake_acknowledge(clients[0], SIZE_MAX);
    fake_run();
    CHECK(is_answered(more) && !is_answered(clients[0]),
          "who has asked longer is served before");
    for (unsigned i = 1; i < count; i++)
        fake_acknowledge(clients[i], SIZE_MAX);
    fake_acknowledge(more, SIZE_MAX);
    fake_run();
    for (unsigned i = 0; i < count; i++)
        CHECK(is_answered(clients[i]) && fake_is_open(clients[i]),
              "and then all, number %u too", i + 1);
}

TEST(test_who_waits_may_leave_and_leaves_nothing_behind)
{
    serve();
    unsigned count = hog();
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
            clients[count] = client;
    }
    CHECK(http_usage().asking == 1, "one has asked before it ended");
    for (unsigned i = 0; i < count; i++)
        fake_reset(clients[i]);
    fake_settle(clients[count]);
    CHECK(is_answered(clients[count]) && fake_closed(clients[count]),
          "and gets its answer");
    check_nothing_left();
}

TEST(test_what_follows_a_last_request_is_not_taken_for_anothers)
{
    static char text[3 * HTTP_HEAD_MAX];

    serve();
    hog();
    struct fake_client *next = ask(GET("/index.html"));
    fake_reset(clients[0]);
    fake_manner.room = 1 << 20;
    fake_settle(next);
    fake_reset(next);
    clients[0] = fake_connect();
    send_text(clients[0], "G");
    next = ask(GET("/index.html"));
    CHECK(!is_answered(next), "the connection is taken");
    fake_manner.at_once = true;
    int head = snprintf(text, sizeof text, "ET /a.txt HTTP/1.1\r\nHost: a\r\n"
                        "Connection: close\r\n\r\n");
    memset(text + head, 'x', sizeof text - (size_t)head);
    fake_send(clients[0], text, sizeof text);
    fake_run();
    CHECK(only_answer(clients[0], false).status == 200 &&
              fake_closed(clients[0]), "the last request is answered");
    CHECK(only_answer(next, false).content_len == 21,
          "and so is who has the connection from then on");
    CHECK(fake_is_open(next), "as if nobody had had it before");
}

/* ---- Who gives way to those who ask ---- */

TEST(test_who_is_slow_gives_way_to_those_who_ask)
{
    serve();
    unsigned count = hog();
    fake_reset(clients[7]);
    clients[7] = fake_connect();
    send_text(clients[7], "GET /a");
    fake_sleep(HTTP_TURN_S + 1);
    CHECK(fake_is_open(clients[7]), "while nobody asks, he may be slow");
    struct fake_client *more = ask(GET("/a.txt"));
    CHECK(!fake_aborted(clients[7]), "and once a second it is looked at who "
          "must give way");
    fake_sleep(1);
    CHECK(fake_aborted(clients[7]), "the slow writer has given way");
    CHECK(is_answered(more), "to one who asks");

    fake_manner.room = 1000;
    fake_acknowledge(clients[5], 30000);
    for (unsigned i = 0; i < 20; i++) {
        fake_acknowledge(clients[5], 1000);
        fake_run();
    }
    fake_settle(more);
    send_text(more, GET("/big"));
    struct fake_client *asks[count];
    for (unsigned i = 0; i < count - 1; i++)
        asks[i] = ask(GET("/a.txt"));
    fake_sleep(HTTP_SLOW_S);
    for (unsigned i = 0; i < count - 2; i++)
        CHECK(is_answered(asks[i]), "one more is served, number %u", i + 1);
    CHECK(!fake_aborted(clients[5]), "who takes what it is sent stays");
    CHECK(fake_aborted(clients[6]), "who takes nothing does not");
}

TEST(test_who_never_acknowledges_gives_way_to_those_who_ask)
{
    static const char *const requests[] = {
        GET("/a.txt"), "GET /a.txt HTTP/1.1\r\nHost: a\r\n"
                       "Connection: close\r\n\r\n"
    };

    serve();
    struct fake_client *first = fake_connect();
    send_text(first, requests[1]);
    CHECK(fake_closed(first), "with room to spare it is closed at once");
    fake_settle(first);
    unsigned count = http_usage().working_limit;
    for (unsigned i = 0; i < count; i++) {
        clients[i] = fake_connect();
        send_text(clients[i], requests[i % 2]);
    }
    CHECK(fake_is_open(clients[count / 2 * 2 - 1]), "when nearly all are taken "
          "it is closed later");
    fake_sleep(HTTP_SLOW_S + 1);
    for (unsigned i = 0; i < 10; i++) {
        struct fake_client *client = ask(GET("/a.txt"));
        fake_sleep(1);
        CHECK(is_answered(client), "others are served, number %u too", i + 1);
    }
}

TEST(test_who_has_asked_in_vain_for_a_minute_is_told_503)
{
    static char huge[3 * HTTP_SLOW_RATE * HTTP_IDLE_S];
    static struct fake_file files[] = {
        { "/a.txt", "a", 0, 0 }, { "/big", huge, 0, 0 }, { NULL, NULL, 0, 0 },
    };

    memset(huge, 'h', sizeof huge - 1);
    fake_memory = 5 << 20;
    serve();
    fake_files = files;
    fake_manner.room = 2 * HTTP_SLOW_RATE;
    unsigned count = http_usage().working_limit;
    for (unsigned i = 0; i < count; i++) {
        clients[i] = fake_connect();
        send_text(clients[i], GET("/big"));
    }
    fake_run();
    struct fake_client *asks = ask(GET("/a.txt")), *silent = fake_connect();
    for (unsigned s = 0; s <= HTTP_IDLE_S; s++) {
        CHECK(s == HTTP_IDLE_S ||
              (fake_is_open(asks) && fake_is_open(silent)), "they wait");
        for (unsigned i = 0; i < count; i++)
            fake_acknowledge(clients[i], 2 * HTTP_SLOW_RATE);
        fake_run();
        fake_sleep(1);
    }
    struct answer answer = only_answer(asks, false);
    CHECK(answer.status == 503 && fake_closed(asks), "who has asked is told");
    CHECK(fake_closed(silent), "who has not, is not");
    for (unsigned i = 0; i < count; i++)
        CHECK(fake_is_open(clients[i]), "who is being served stays");
}

TEST(test_a_small_machine_has_fewer_connections_and_serves)
{
    fake_memory = 5 << 20;
    serve();
    unsigned limit = http_usage().working_limit;
    CHECK(limit >= 16 && limit < 64, "a machine of 5 MiB has at least 16 "
          "connections, and fewer than 64; here %u", limit);
    for (unsigned i = 0; i < FAKE_STREAMS / 2; i++)
        clients[i] = ask(GET("/a.txt"));
    for (unsigned i = 0; i < FAKE_STREAMS / 2; i++)
        CHECK(!goes_on(clients[i]), "and as many clients as others");
}
