/* SPDX-License-Identifier: MIT */
/*
 * cut.c - makes segments larger than the wire's, and makes them small again
 * where it matters. See the header for why.
 *
 * Above: lab 11's stream_send(). Below: lwIP, whose queues are changed here
 * between its calls, in no other way than it would itself; and the port, which
 * tells the card how to cut (port_ask_offload()).
 */
#include "net/lwip/cut.h"

#include "lib/string.h"
#include "net/lwip/interface.h"
#include "net/lwip/streams.h"
#include "without/without.h"

#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"

_Static_assert(!LWIP_TCP_TIMESTAMPS, "a segment has no options");

enum {
    /* A frame's length, and a packet's, are numbers of 16 bits. */
    PAYLOAD_MAX = UINT16_MAX - ETHERNET_HEADER_SIZE - IP_HLEN - TCP_HLEN,
    DUPLICATES = 3,             /* after which lwIP sends again */
};

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The number of its first byte. */
static uint32_t begin(const struct tcp_seg *seg)
{
    return lwip_ntohl(seg->tcphdr->seqno);
}

/* ---- Large --------------------------------------------------------------- */

/* A copy of a frame of 64 KiB has no place. */
static bool card_cuts(const struct stream *s)
{
    const unsigned both = NETDEV_CHECKSUM | NETDEV_TSO4;

    return (interface_card(s->interface)->features & both) == both &&
           !without(WITHOUT_TRANSMIT);
}

/* Of what may be under way a large segment is at most half, so that there is
 * always another behind it. It does not grow beyond the pieces that a card
 * takes: what has more is copied into one (port_link_output()), for which it
 * must be small. lwIP asserts that the last that waits is no larger than those
 * that it is to make. */
static uint16_t large_size(const struct tcp_pcb *pcb)
{
    const struct tcp_seg *last = pcb->unsent;
    uint32_t size = lower(lower(pcb->cwnd, pcb->snd_wnd) / 2, PAYLOAD_MAX);

    while (last && last->next)
        last = last->next;
    if (size < pcb->mss || (last && last->len >= pcb->mss &&
                            pbuf_clen(last->p) >= NETDEV_PIECES_MAX))
        size = pcb->mss;
    size -= size % pcb->mss;
    return (uint16_t)(last && last->len > size ? last->len : size);
}

err_t cut_write(struct stream *s, const void *data, u16_t len, u8_t flags)
{
    struct tcp_pcb *pcb = s->pcb;
    const tcpwnd_size_t window = pcb->snd_wnd_max;
    const u16_t mss = pcb->mss;
    err_t err;

    if (!card_cuts(s))
        return tcp_write(pcb, data, len, flags);

    pcb->mss = large_size(pcb);
    if (pcb->snd_wnd_max < 2u * pcb->mss)   /* half of it is a limit as well */
        pcb->snd_wnd_max = 2u * pcb->mss;
    err = tcp_write(pcb, data, len, flags);
    pcb->mss = mss;
    pcb->snd_wnd_max = window;
    return err;
}

/* ---- Small again --------------------------------------------------------- */

/* A pbuf for what is behind the first `at` bytes of `p`, which is not copied:
 * unless it was when it was written, and goes when `p` goes. */
static struct pbuf *part_behind(const struct pbuf *p, uint16_t at)
{
    const bool borrowed = pbuf_match_type(p, PBUF_ROM);
    const uint16_t len = (uint16_t)(p->len - at);
    struct pbuf *part = pbuf_alloc(PBUF_RAW, len,
                                   borrowed ? PBUF_ROM : PBUF_RAM);

    if (part && borrowed)
        part->payload = (uint8_t *)p->payload + at;
    else if (part)
        memcpy(part->payload, (uint8_t *)p->payload + at, len);
    return part;
}

/* Makes two of a chain: `p` keeps its first `at` bytes, more than 0 and not
 * all, and *behind is what is behind them. Returns how many pbufs more there
 * are than before; negative when there is no memory. */
static int split_chain(struct pbuf *p, uint16_t at, struct pbuf **behind)
{
    struct pbuf *chain = p, *cut = NULL;
    uint16_t left = (uint16_t)(p->tot_len - at);

    for (; at > p->len; p = p->next)
        at = (uint16_t)(at - p->len);
    *behind = p->next;
    if (at < p->len) {
        cut = part_behind(p, at);
        if (!cut)
            return -1;
        cut->tot_len = left;
        cut->next = p->next;
        p->len = at;
        *behind = cut;
    }
    p->next = NULL;
    for (; chain; chain = chain->next)
        chain->tot_len = (u16_t)(chain->tot_len - left);
    return cut ? 1 : 0;
}

/* Makes two segments of one: `seg` keeps its first `len` bytes, and what is
 * behind comes next in its queue. What a card may still hold of it stays as it
 * is. False when there is no memory. */
static bool split(struct tcp_pcb *pcb, struct tcp_seg *seg, uint16_t len)
{
    struct pbuf *header = pbuf_alloc(PBUF_TRANSPORT, 0, PBUF_RAM), *data;
    struct tcp_seg *rest = memp_malloc(MEMP_TCP_SEG);
    uint16_t before = (uint16_t)(seg->p->tot_len - seg->len);
    int more = -1;

    if (header && rest)
        more = split_chain(seg->p, (uint16_t)(before + len), &data);
    if (more < 0) {
        if (header)
            pbuf_free(header);
        memp_free(MEMP_TCP_SEG, rest);
        return false;
    }
    pbuf_cat(header, data);
    pbuf_add_header(header, TCP_HLEN);
    rest->next = seg->next;
    rest->p = header;
    rest->len = (u16_t)(seg->len - len);
    rest->flags = seg->flags;
    rest->tcphdr = header->payload;
    *rest->tcphdr = *seg->tcphdr;
    rest->tcphdr->seqno = lwip_htonl(begin(seg) + len);
    TCPH_UNSET_FLAG(seg->tcphdr, TCP_FIN | TCP_PSH);
    seg->len = len;
    seg->next = rest;
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen + 1 + more);
    return true;
}

static void split_at(struct tcp_pcb *pcb, struct tcp_seg *seg, uint32_t ackno)
{
    while (seg && TCP_SEQ_LEQ(begin(seg) + seg->len, ackno))
        seg = seg->next;
    if (seg && seg->len > pcb->mss && TCP_SEQ_LT(begin(seg), ackno))
        split(pcb, seg, (uint16_t)(ackno - begin(seg)));
}

void cut_before_ack(struct tcp_pcb *pcb, uint32_t ackno)
{
    struct tcp_seg *first = pcb->unacked;

    if (TCP_SEQ_BETWEEN(ackno, pcb->lastack + 1, pcb->snd_nxt)) {
        split_at(pcb, first, ackno);
        split_at(pcb, pcb->unsent, ackno);  /* after a time-out */
    } else if (first && first->len > pcb->mss && ackno == pcb->lastack &&
               pcb->dupacks + 1 >= DUPLICATES && !(pcb->flags & TF_INFR)) {
        split(pcb, first, pcb->mss);
    }
    /* lwIP calls nobody when only a window has opened. Its timer must not be
     * first (cut_on_tick()). */
    if (pcb->unsent && pcb->unsent->len > pcb->mss && pcb->callback_arg) {
        pcb->persist_cnt = 0;
        stream_see_to(pcb->callback_arg);
    }
}

/* Splits what waits first if it is more than may go now. While something is
 * under way, whose acknowledgement will make room, only if a good part of the
 * window is free: small parts for ever would be the price of haste. True when
 * there is something to send now. */
static bool cut_to_fit(struct tcp_pcb *pcb)
{
    struct tcp_seg *first = pcb->unsent;
    uint32_t window = lower(pcb->snd_wnd, pcb->cwnd);
    int32_t room;

    if (!first || first->len <= pcb->mss)
        return false;
    room = (int32_t)(pcb->lastack + window - begin(first));
    if (room >= first->len)
        return false;
    room -= room % pcb->mss;
    if (room <= 0 || (pcb->unacked && (uint32_t)room < window / 4))
        return false;
    return split(pcb, first, (uint16_t)room);
}

void cut_output(struct tcp_pcb *pcb)
{
    tcp_output(pcb);
    if (cut_to_fit(pcb))
        tcp_output(pcb);
}

/* A peer whose window is smaller than what waits, and stays so, gets what fits
 * [RFC 9293 §3.8.6.2.1]. lwIP would do so by its timer, three ticks later; but
 * copies all the rest, leaves a FIN on both parts, and asserts that the window
 * is no larger than a segment of the wire's. So it must not come to that: if
 * there is no memory its timer begins anew, and so do we with the next tick. */
void cut_on_tick(struct tcp_pcb *pcb)
{
    struct tcp_seg *first = pcb->unsent;

    if (pcb->persist_backoff == 0 || pcb->snd_wnd == 0)
        cut_to_fit(pcb);
    else if (first && first->len > pcb->snd_wnd &&
             !split(pcb, first, (uint16_t)pcb->snd_wnd))
        pcb->persist_cnt = 0;
}
