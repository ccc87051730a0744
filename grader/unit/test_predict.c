/* SPDX-License-Identifier: MIT */
/*
 * test_predict.c - that it makes no difference whether a segment was expected
 * (net/lwip/predict.c): for conversations, for all that networks and clients
 * make of them, and for what an owner may do while he is told. With the two
 * connections of two_ways.h.
 */
#include <string.h>

#include "fake_card.h"
#include "net/lwip/streams.h"
#include "two_ways.h"
#include "unit.h"

#include "lwip/priv/tcp_priv.h"

enum { STEPS = 4000, CONTENT = 200000 };

static uint8_t content[CONTENT];

/* ---- Their owner, who does the same twice -------------------------------- */

static unsigned choose(struct side *side, unsigned limit)
{
    side->choices = side->choices * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(side->choices >> 33) % limit;
}

static void send_on(struct side *side)
{
    long taken;

    if (side->left == 0)
        return;
    taken = stream_send(side->stream, content, side->left, choose(side, 4) == 0,
                        NULL, NULL);
    if (taken > 0)
        side->left -= (size_t)taken;
}

static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    static const unsigned most[] = { 1, 200, 1400, 1400, 3000, 3000,
                                     3000, CONTENT };
    struct side *side = stream_context(s);
    unsigned what = choose(side, 400);

    if (what < 2) {
        side->stream = NULL;
        what == 0 ? stream_close(s) : stream_abort(s);
        return 0;
    }
    if (what < 12) {
        stream_resume(s);
        len = choose(side, (unsigned)len + 1);
    }
    for (size_t i = 0; i < len; i++)
        side->heard = mix(side->heard, data[i]);
    if (what < 340)
        side->left = choose(side, most[choose(side, 8)]);
    send_on(side);
    return len;
}

static void on_end(struct stream *s)
{
    struct side *side = stream_context(s);

    side->stream = NULL;
    stream_close(s);
}

static void on_error(struct stream *s, int error)
{
    struct side *side = stream_context(s);

    side->stream = NULL;
    side->errors = mix(side->errors, (uint32_t)error);
}

static void on_writable(struct stream *s)
{
    send_on(stream_context(s));
}

static const struct stream_events events = {
    on_receive, on_end, on_writable, on_error,
};

/* ---- Anything that comes ------------------------------------------------- */

/* Somewhere near the number that it should be. */
static void disturb(struct segment *s, uint32_t acked)
{
    switch (unit_random_below(24)) {
    case 0:                     /* lost, late or twice */
        s->seq += unit_random_below(4000);
        break;
    case 1:
        s->seq -= unit_random_below(600);
        break;
    case 2:
    case 3:
        s->ack = acked;
        break;
    case 4:
        s->ack = acked + unit_random_below(s->ack - acked + 1);
        break;
    case 5:
        s->ack += unit_random_below(200) - 100;
    }
    switch (unit_random_below(900)) {
    case 0:
        s->flags |= FIN;
        break;
    case 1:
        s->flags |= RST;
        break;
    case 2:
        s->flags |= URG;
    }
}

static struct segment any_segment(void)
{
    static unsigned window = 60000;
    const struct tcp_pcb *pcb = pcb_of(&sides[0]);
    struct segment s = next_of_both(0);

    if (unit_random_below(40) == 0)
        window = unit_random_below(3) * unit_random_below(30000);
    s.window = window;
    if (unit_random_below(4))
        s.len = 1 + unit_random_below(unit_random_below(8) ? 300 : 1460);
    if (unit_random_below(2))
        s.flags = ACK;
    disturb(&s, pcb->lastack - sides[0].theirs);
    return s;
}

/* As if their owner had taken nothing of much that has come. */
static void narrow_both(void)
{
    tcpwnd_size_t window = unit_random_below(2000);

    for (unsigned i = 0; i < 2; i++)
        pcb_of(&sides[i])->rcv_wnd = window;
}

static void both_ways(uint32_t features)
{
    unsigned predicted = 0;

    two_ways_start(features, &events);
    for (size_t i = 0; i < CONTENT; i++)
        content[i] = (uint8_t)(i * 2654435769u >> 24);
    for (unsigned step = 0; step < STEPS; step++) {
        struct tcp_pcb *pcb = pcb_of(&sides[0]);
        struct segment s;

        if (!pcb || pcb->state == TIME_WAIT || !sides[0].stream) {
            two_ways_again();
            continue;
        }
        if (unit_random_below(300) == 0 && !pcb->ooseq)
            narrow_both();
        s = any_segment();
        predicted += tell_both(&s);
        if (unit_random_below(3))
            card_run();
        if (unit_random_below(20) == 0)
            pass_time(unit_random_below(2000));
        compare_both();
    }
    CHECK(predicted > STEPS / 20, "the short way is taken often, here %u times "
          "of %d", predicted, STEPS);
}

TEST(test_both_ways_come_to_the_same)
{
    both_ways(0);
}

TEST(test_both_ways_come_to_the_same_with_a_card_that_sums)
{
    both_ways(NETDEV_CHECKSUM);
}

TEST(test_both_ways_come_to_the_same_with_a_card_that_cuts)
{
    both_ways(NETDEV_CHECKSUM | NETDEV_TSO4);
}

/* ---- What is to be expected ---------------------------------------------- */

static size_t answer(struct stream *s, const uint8_t *data, size_t len)
{
    (void)data;
    CHECK(stream_send(s, content, 1200, false, NULL, NULL) == 1200, "there is "
          "room for an answer");
    return len;
}

TEST(test_a_conversation_takes_the_short_way)
{
    static const struct stream_events answers = { answer, on_end, NULL,
                                                  on_error };

    two_ways_start(0, &answers);
    for (unsigned i = 0; i < 100; i++) {
        struct segment s = next_of_both(1 + i);

        CHECK(tell_both(&s), "question %u is expected", i);
        card_run();
        compare_both();
        pass_time(40);
    }
}

/* ---- What its owner may do ----------------------------------------------- */

/* lwIP's callbacks themselves: a stream would not do some of it. */
static struct {
    const char *what;
    err_t (*in_sent)(struct tcp_pcb *pcb);
    err_t (*in_receive)(struct tcp_pcb *pcb, struct pbuf *p);
    unsigned kept;              /* of the card's buffers */
} act;

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct side *side = arg;

    side->heard = mix(side->heard, len);
    return act.in_sent ? act.in_sent(pcb) : ERR_OK;
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct side *side = arg;

    side->heard = mix(side->heard, p ? p->tot_len : 7);
    if (p && act.in_receive)
        return act.in_receive(pcb, p);
    if (p)
        pbuf_free(p);
    return err;
}

static void failed(void *arg, err_t err)
{
    struct side *side = arg;

    side->errors = mix(side->errors, (uint32_t)err);
}

static err_t abort_pcb(struct tcp_pcb *pcb)
{
    tcp_abort(pcb);
    return ERR_ABRT;
}

static err_t close_pcb(struct tcp_pcb *pcb)
{
    return tcp_close(pcb);
}

static err_t shut_pcb(struct tcp_pcb *pcb)
{
    return tcp_shutdown(pcb, 1, 0);
}

static err_t end_pcb(struct tcp_pcb *pcb)
{
    return tcp_shutdown(pcb, 0, 1);
}

static err_t abort_then(struct tcp_pcb *pcb, struct pbuf *p)
{
    pbuf_free(p);
    return abort_pcb(pcb);
}

static err_t close_then(struct tcp_pcb *pcb, struct pbuf *p)
{
    pbuf_free(p);
    return tcp_close(pcb);
}

static err_t refuse(struct tcp_pcb *pcb, struct pbuf *p)
{
    (void)pcb;
    (void)p;
    return ERR_MEM;
}

static err_t take_and_close(struct tcp_pcb *pcb, struct pbuf *p)
{
    tcp_recved(pcb, p->tot_len);
    return close_then(pcb, p);
}

/* Bytes come, and all that is under way is acknowledged. */
static void try_act(void)
{
    struct segment s = next_of_both(50);
    unsigned before = card.lent;

    tell_both(&s);
    CHECK(card.lent - before == 2 * act.kept, "%s: of the card's buffers %u "
          "are kept, here %u", act.what, 2 * act.kept, card.lent - before);
    compare_both();
    pass_time(1000);
    compare_both();
}

static void prepare_act(void)
{
    two_ways_again();
    for (unsigned i = 0; i < 2; i++) {
        struct tcp_pcb *pcb = pcb_of(&sides[i]);

        tcp_arg(pcb, &sides[i]);
        tcp_sent(pcb, sent);
        tcp_recv(pcb, received);
        tcp_err(pcb, failed);
        tcp_poll(pcb, NULL, 0);
        tcp_write(pcb, content, 100, 0);
        tcp_output(pcb);
    }
}

TEST(test_its_owner_may_do_what_he_likes)
{
    static const struct {
        const char *what;
        err_t (*in_sent)(struct tcp_pcb *pcb);
        err_t (*in_receive)(struct tcp_pcb *pcb, struct pbuf *p);
        unsigned kept;
    } acts[] = {
        { "nothing", NULL, NULL, 0 },
        { "abort in sent", abort_pcb, NULL, 0 },
        { "close in sent, which resets", close_pcb, NULL, 0 },
        { "stop receiving in sent", shut_pcb, NULL, 0 },
        { "end in sent", end_pcb, NULL, 0 },
        { "abort in receive", NULL, abort_then, 0 },
        { "close in receive, which resets", NULL, close_then, 0 },
        { "take all and close", NULL, take_and_close, 0 },
        { "refuse", NULL, refuse, 1 },
    };

    two_ways_start(0, &events);
    for (unsigned i = 0; i < sizeof acts / sizeof *acts; i++) {
        act.what = acts[i].what;
        act.in_sent = acts[i].in_sent;
        act.in_receive = acts[i].in_receive;
        act.kept = acts[i].kept;
        prepare_act();
        try_act();
        act.kept = 0;           /* one more, if it is not the end */
        if (pcb_of(&sides[0]))
            try_act();
    }
}
