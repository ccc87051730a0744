/* SPDX-License-Identifier: MIT */
/*
 * test_departure.c - short answers on their short way to the card: that they
 * look as lwIP would have them look, are sent again when they are lost, go to
 * where the neighbour is, and that nothing is left over.
 */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "frame_maker.h"
#include "stream_owner.h"
#include "unit.h"

enum { ANSWER = 1000, HEADERS = 54, ID = 18, TCP_FLAGS = 47, PSH = 8,
       ACK = 16 };

/* The last long frame, and who else takes it. */
static uint8_t frame[ETHERNET_FRAME_MAX];
static size_t frame_len;
static unsigned frames, questions;
static void (*to_the_peers)(const uint8_t *data, size_t len);

static void spy(const uint8_t *data, size_t len)
{
    if (get16(data + 12) == 0x0806 && get16(data + 20) == 1)
        questions++;
    if (len > 100) {
        memcpy(frame, data, len);
        frame_len = len;
        frames++;
    }
    to_the_peers(data, len);
}

/* Every request is answered from inside receive(), with bytes of its own. */
static uint8_t *answer;
static unsigned last_bytes;     /* close after this one */

static void answer_it(struct stream *s)
{
    free(answer);
    answer = send_all(s, ANSWER);
    if (last_bytes)
        stream_close(s);
}

static struct peer *start_answering(void)
{
    struct peer *p;

    card.netdev.features = NETDEV_CHECKSUM;
    p = start_connected();
    to_the_peers = card.frame;
    card.frame = spy;
    owner.in_receive = answer_it;
    return p;
}

static void ask(struct peer *p)
{
    peer_send(p, "?", 1);
}

static void check_answered(const struct peer *p, unsigned answers)
{
    CHECK(p->count == answers * ANSWER, "%u answers are there, in bytes %u, "
          "here %u", answers, answers * ANSWER, p->count);
    CHECK(memcmp(p->bytes + p->count - ANSWER, answer, ANSWER) == 0,
          "the last of them as it was sent");
}

/* ---- What it looks like -------------------------------------------------- */

TEST(test_an_answer_looks_like_one_that_lwip_has_sent)
{
    struct peer *p = start_answering();
    uint8_t first[HEADERS];
    unsigned id;

    card_sleep(600);            /* what is known is too old by then: */
    ask(p);                     /* the long way */
    card_run();
    memcpy(first, frame, HEADERS);
    CHECK(pool_out("pairs") == 0, "it was acknowledged");
    id = get16(frame + ID);
    ask(p);
    card_run();
    check_answered(p, 2);
    CHECK(frame_len == HEADERS + ANSWER && card.pieces == 2, "it is one frame "
          "of two pieces, here %zu bytes, %u pieces", frame_len, card.pieces);
    CHECK(memcmp(frame, first, ID) == 0 &&
          memcmp(frame + ID + 2, first + ID + 2, 4) == 0 &&
          memcmp(frame + 26, first + 26, 12) == 0, "the headers are the same "
          "but for what counts on");
    CHECK(get16(frame + ID) != id, "it has another number");
    CHECK(frame[TCP_FLAGS] == (PSH | ACK) && first[TCP_FLAGS] == (PSH | ACK),
          "it asks to be read at once, as the other did");
    CHECK(memcmp(frame + 48, first + 48, 2) == 0, "it offers the same window");
    finish(p);
}

TEST(test_a_connections_first_answer_takes_the_short_way_too)
{
    struct peer *p = start_answering();

    card.holds = true;
    ask(p);
    card_run();
    check_answered(p, 1);
    CHECK(pool_out("pairs") == 1, "its two pbufs are one piece of memory");
    card.holds = false;
    card_reclaim();
    finish(p);
    CHECK(pool_out("pairs") == 0, "which goes back");
}

TEST(test_an_answer_may_be_the_last)
{
    struct peer *p = start_answering();

    last_bytes = 1;
    ask(p);
    card_run();
    check_answered(p, 1);
    CHECK(frames == 1 && p->fin && p->fin_at == ANSWER, "the FIN is in the "
          "frame of the answer");
    peer_fin(p);
    check_all_gone();
}

TEST(test_answers_to_requests_that_come_together_are_all_there)
{
    struct peer *p = start_answering();

    for (unsigned i = 0; i < 40; i++)
        peer_send(p, "???", 3);
    COMES(p->count == 40 * ANSWER, "all are answered");
    finish(p);
}

/* ---- Bad weather --------------------------------------------------------- */

TEST(test_an_answer_that_is_lost_is_sent_again)
{
    struct peer *p = start_answering();

    ask(p);
    card_run();
    p->lose = 1;
    ask(p);
    card_run();
    CHECK(p->count == ANSWER, "the second answer is lost");
    card_sleep(5000);
    check_answered(p, 2);
    finish(p);
}

/* The peer can acknowledge what the card still has in its ring: the first copy
 * has come late, and this is the second. */
TEST(test_what_the_card_still_has_stays_as_it_is)
{
    struct peer *p = start_answering();
    uint8_t kept[HEADERS];
    const uint8_t *header;

    card.holds = true;
    ask(p);
    card_run();
    header = card.first;
    memcpy(kept, header, HEADERS);
    for (unsigned i = 2; i < 6; i++) {
        ask(p);
        card_run();
        check_answered(p, i);
    }
    CHECK(memcmp(header, kept, HEADERS) == 0, "the first frame's header is as "
          "it was");
    CHECK(released == 0 && pool_out("pairs") == 5, "nothing of the five is "
          "given back, here %u, and %u are out", released, pool_out("pairs"));
    card.holds = false;
    card_reclaim();
    card_run();
    CHECK(released == 5, "all are, once the card has let them go");
    finish(p);
}

TEST(test_a_full_card_delays_an_answer)
{
    struct peer *p = start_answering();

    ask(p);
    card_run();
    card.refuses = -28;         /* -ENOSPC */
    ask(p);
    card_run();
    CHECK(p->count == ANSWER, "there is no room for the second");
    card.refuses = 0;
    card.netdev.writable(&card.netdev);
    card_run();
    check_answered(p, 2);
    finish(p);
}

TEST(test_a_reset_before_the_acknowledgement_leaves_nothing)
{
    struct peer *p = start_answering();

    p->silent = true;
    card.holds = true;
    ask(p);
    card_run();
    owner.stream = NULL;
    peer_reset(p);
    card_run();
    CHECK(released == 0, "the card still has the answer");
    card.holds = false;
    card_reclaim();
    card_run();
    CHECK(released == 1, "now it is given back");
    card_check_nothing_is_out();
}

TEST(test_a_shut_window_is_waited_for)
{
    struct peer *p = start_answering();

    p->room = 0;
    ask(p);
    card_run();
    ask(p);
    card_run();
    CHECK(p->count <= ANSWER, "no more is sent than was allowed");
    p->room = 1 << 20;
    peer_acknowledge(p, p->count);
    COMES(p->count == 2 * ANSWER, "when the window opens the rest comes");
    finish(p);
}

TEST(test_empty_pools_delay_and_lose_nothing)
{
    struct peer *p = start_answering();
    const unsigned rounds = 200;
    const uint32_t first = p->sent;
    char asked[200];

    owner.in_receive = NULL;
    big_make(rounds * ANSWER);
    owner.in_writable = send_more_of_big;
    pools_fail(25);
    for (unsigned i = 0; i < rounds && big; i++) {
        ask(p);
        send_more_of_big(owner.stream);
        card_sleep(100);
    }
    pools_fail(0);
    /* What found no memory was lost, and our peer sends nothing twice. */
    memset(asked, '?', sizeof asked);
    peer_send_at(p, first, asked, p->sent - first);
    COMES(p->count == rounds * ANSWER, "all of it arrives");
    CHECK(memcmp(p->bytes, big_copy, rounds * ANSWER) == 0, "as it was sent");
    finish(p);
}

/* ---- The neighbour ------------------------------------------------------- */

TEST(test_a_neighbour_that_has_moved_is_found)
{
    static const uint8_t elsewhere[6] = { 2, 0, 0, 0, 0, 99 };
    struct peer *p = start_answering();
    struct made f;

    ask(p);
    card_run();
    make_arp(&f, 2, 0x0a000001);
    memcpy(f.bytes + 6, elsewhere, 6);
    memcpy(f.bytes + 22, elsewhere, 6);
    card_receive(f.bytes, f.len);
    card_sleep(600);
    ask(p);
    card_run();
    CHECK(memcmp(frame, elsewhere, 6) == 0, "the next tick's first answer "
          "goes to the new address");
    ask(p);
    card_run();
    CHECK(memcmp(frame, elsewhere, 6) == 0 && p->count == 3 * ANSWER, "and so "
          "does the second");
    finish(p);
}

TEST(test_a_neighbour_is_asked_for_before_he_is_forgotten)
{
    struct peer *p = start_answering();

    questions = 0;
    for (unsigned i = 1; i <= 4 * 400; i++) {   /* lwIP forgets after 300 s */
        ask(p);
        card_run();
        CHECK(p->count == i * ANSWER, "each answer comes at once, here not "
              "number %u", i);
        card_sleep(250);
    }
    CHECK(questions >= 1 && questions < 10, "he is asked for now and then, "
          "here %u times", questions);
    finish(p);
}
