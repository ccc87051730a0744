/* SPDX-License-Identifier: MIT */
#include "two_ways.h"

#include <string.h>

#include "fake_card.h"
#include "frame_maker.h"
#include "tcp_peer.h"
#include "unit.h"

#include "lwip/priv/tcp_priv.h"

enum { PORT = 80, SCALE = 3, WINDOW = 60000 };

struct side sides[2];
static const struct stream_events *owner;
static uint16_t next_port = 20000;

/* The one whose SYN has come is the one that has no stream yet. */
static int take(struct stream *s)
{
    struct side *side = sides[0].stream ? &sides[1] : &sides[0];

    side->stream = s;
    stream_attach(s, owner, side);
    return 0;
}

/* ---- Their peer ---------------------------------------------------------- */

static void on_frame(const uint8_t *data, size_t len)
{
    const uint8_t *ip = data + MAKER_ETH, *tcp = ip + MAKER_IP;
    struct side *side = sides;

    if (get16(data + 12) != 0x0800)
        return;
    while (side < &sides[2] && side->port != get16(tcp + 2))
        side++;
    if (side == &sides[2])
        return;                 /* of a pair before */
    if (tcp[13] & SYN)
        side->theirs = get32(tcp + 4) + 1;
    side->segments++;
    side->said = mix(side->said, get32(tcp + 4) - side->theirs);
    if (tcp[13] & ACK)
        side->said = mix(side->said, get32(tcp + 8) - side->ours);
    for (size_t i = 12; i < 16; i++)
        side->said = mix(side->said, tcp[i]);
    for (size_t i = MAKER_TCP; i < get16(ip + 2) - (size_t)MAKER_IP; i++)
        side->said = mix(side->said, tcp[i]);
}

struct tcp_pcb *pcb_of(const struct side *side)
{
    struct tcp_pcb *lists[] = { tcp_active_pcbs, tcp_tw_pcbs };

    for (unsigned i = 0; i < 2; i++)
        for (struct tcp_pcb *pcb = lists[i]; pcb; pcb = pcb->next)
            if (pcb->remote_port == side->port)
                return pcb;
    return NULL;
}

void tell_side(struct side *side, const struct segment *segment)
{
    static const uint8_t options[] = { 2, 4, 5, 180, 1, 3, 3, SCALE };
    const size_t extra = segment->flags & SYN ? sizeof options : 0;
    struct made f;
    uint8_t *data = make_tcp(&f, side->port, PORT, side->ours + segment->seq,
                             side->theirs + segment->ack,
                             segment->flags | side->mark, segment->window,
                             extra, segment->len);

    memcpy(data, options, extra);
    for (unsigned i = 0; i < segment->len; i++)
        data[extra + i] = (uint8_t)(segment->seq + i);
    mend(&f);
    card_receive(f.bytes, f.len);
}

void pass_time(unsigned ms)
{
    struct made f;

    make_arp(&f, 1, 0x0a000001);
    card_receive(f.bytes, f.len);
    card_sleep(ms);
}

/* The long way puts a connection in front of all, and the second took it. */
bool tell_both(const struct segment *segment)
{
    bool predicted;

    tell_side(&sides[0], segment);
    predicted = tcp_active_pcbs && tcp_active_pcbs == pcb_of(&sides[1]);
    tell_side(&sides[1], segment);
    return predicted;
}

static void connect_both(void)
{
    const struct segment syn = { .seq = (uint32_t)-1, .flags = SYN,
                                 .window = WINDOW };
    const struct segment ack = { .flags = ACK, .window = WINDOW };
    uint64_t choices = unit_random();

    for (unsigned i = 0; i < 2; i++)
        sides[i] = (struct side){ .port = next_port++,
                                  .mark = i == 1 ? ECE : 0,
                                  .ours = (uint32_t)unit_random(),
                                  .choices = choices };
    for (unsigned i = 0; i < 2; i++) {
        tell_side(&sides[i], &syn);
        card_run();
        tell_side(&sides[i], &ack);
        card_run();
        CHECK(sides[i].stream, "they are connected");
    }
}

void two_ways_again(void)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct tcp_pcb *pcb = pcb_of(&sides[i]);
        struct segment reset = { .flags = ACK | RST };

        if (!pcb)
            continue;
        reset.seq = pcb->rcv_nxt - sides[i].ours;
        tell_side(&sides[i], &reset);
    }
    pass_time(10);
    connect_both();
}

void two_ways_start(uint32_t features, const struct stream_events *events)
{
    owner = events;
    card.netdev.features = features;
    card_up("10.0.0.2/24", "10.0.0.1", 64);
    peers_start();
    card.frame = on_frame;
    CHECK(stream_listen(PORT, 1000, take) == 0, "it listens");
    connect_both();
}

struct segment next_of_both(unsigned len)
{
    const struct tcp_pcb *pcb = pcb_of(&sides[0]);

    return (struct segment){ .seq = pcb->rcv_nxt - sides[0].ours,
                             .ack = pcb->snd_nxt - sides[0].theirs,
                             .flags = ACK | PSH, .window = WINDOW, .len = len };
}

/* ---- All that lwIP knows of the two is the same -------------------------- */

static uint32_t queue_in_a_number(const struct tcp_seg *seg, uint32_t first,
                                  bool network_order)
{
    uint32_t number = 0;

    for (; seg; seg = seg->next) {
        uint32_t seqno = seg->tcphdr->seqno;

        number = mix(number, (network_order ? lwip_ntohl(seqno) : seqno) -
                                 first);
        number = mix(number, seg->len);
        number = mix(number, seg->p ? pbuf_clen(seg->p) : 0);
    }
    return number;
}

void compare_both(void)
{
    const struct side *a = &sides[0], *b = &sides[1];
    const struct tcp_pcb *p = pcb_of(a), *q = pcb_of(b);

#define SAME(what, x, y) \
    CHECK((x) == (y), "%s is the same by both ways, here %lld and %lld",       \
          what, (long long)(x), (long long)(y))
#define FIELD(name) SAME(#name, p->name, q->name)
#define FROM(name, first) \
    SAME(#name, (int32_t)(p->name - a->first), (int32_t)(q->name - b->first))
#define QUEUE(name, first, order)                                              \
    SAME("what is " #name, queue_in_a_number(p->name, a->first, order),        \
         queue_in_a_number(q->name, b->first, order))

    SAME("what was heard", a->heard, b->heard);
    SAME("the number of segments sent", a->segments, b->segments);
    SAME("what was sent", a->said, b->said);
    SAME("the stream's end", a->errors, b->errors);
    SAME("the stream's being there", !a->stream, !b->stream);
    SAME("what is left to send", a->left, b->left);
    SAME("the pcb's being there", !p, !q);
    if (!p)
        return;
    FIELD(state), FIELD(flags), FIELD(tmr), FIELD(polltmr), FIELD(rtime);
    FIELD(rcv_wnd), FIELD(rcv_ann_wnd), FIELD(mss), FIELD(rttest);
    FIELD(sa), FIELD(sv), FIELD(rto), FIELD(nrtx), FIELD(dupacks);
    FIELD(cwnd), FIELD(ssthresh), FIELD(bytes_acked);
    FIELD(snd_wnd), FIELD(snd_wnd_max), FIELD(snd_buf), FIELD(snd_queuelen);
    FIELD(persist_cnt), FIELD(persist_backoff), FIELD(persist_probe);
    FIELD(keep_cnt_sent);
    FROM(rcv_nxt, ours), FROM(rcv_ann_right_edge, ours), FROM(snd_wl1, ours);
    FROM(lastack, theirs), FROM(snd_nxt, theirs), FROM(snd_lbb, theirs);
    FROM(snd_wl2, theirs);
    if (p->rttest)
        FROM(rtseq, theirs);
    if (p->flags & TF_RTO)
        FROM(rto_end, theirs);
    QUEUE(unsent, theirs, true);
    QUEUE(unacked, theirs, true);
    QUEUE(ooseq, ours, false);
}

