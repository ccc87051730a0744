/* SPDX-License-Identifier: MIT */
/*
 * departure.c - segments that leave as the one before them did.
 *
 * Above: streams, whose answers are written and sent here when they are short
 * (the header has the picture). Below: lab 10's port_output(), by which the
 * frame goes to the card like any other. lwIP's queues are changed as it would
 * itself: of what has gone this way it sees to the acknowledgement, to sending
 * it again, to its end.
 */
#include "net/lwip/departure.h"

#include "lib/list.h"
#include "lib/string.h"
#include "net/lwip/checksum.h"
#include "net/lwip/connections.h"
#include "net/lwip/cut.h"
#include "net/lwip/interface.h"
#include "net/lwip/pools.h"
#include "net/lwip/port.h"
#include "net/lwip/segment.h"
#include "net/lwip/streams.h"

#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"

enum {
    HEADER_ROOM = 72,           /* for Ethernet, IP and TCP, so that IP's header
                                   is aligned */
    FIRST_SEGMENTS = 10,        /* that may be sent at first, and */
    FIRST_BYTES = 14600,        /* so many bytes [RFC 6928 §2] */
};

/* ---- Two pbufs in one piece ---------------------------------------------- */

/* lwIP or the card may have done with one of the two sooner than with the
 * other: the pair goes back with the second. */
struct pair {
    struct pbuf_custom header;
    uint8_t room[HEADER_ROOM];  /* behind its pbuf, as lwIP has it */
    struct pbuf_custom data;
    unsigned left;              /* of these two */
};

static struct pool pairs;

int departures_make(void)
{
    return pool_make(&pairs, "pairs", sizeof(struct pair),
                     pool_limits().connections);
}

static void free_one(struct pair *pair)
{
    if (--pair->left == 0)
        pool_give(&pairs, pair);
}

static void free_header(struct pbuf *p)
{
    free_one(container_of(p, struct pair, header.pbuf));
}

static void free_data(struct pbuf *p)
{
    free_one(container_of(p, struct pair, data.pbuf));
}

/* What pbuf_alloc() sets. */
static void make_pbuf(struct pbuf *p, struct pbuf *next, const void *payload,
                      size_t len, pbuf_type type)
{
    p->next = next;
    p->payload = (void *)(uintptr_t)payload;
    p->len = (u16_t)len;
    p->tot_len = (u16_t)(next ? len + next->len : len);
    p->type_internal = (u8_t)type;
    p->flags = PBUF_FLAG_IS_CUSTOM;
    p->ref = 1;
    p->if_idx = NETIF_NO_INDEX;
}

static struct tcp_hdr *make_pair(struct pair *pair, const void *data,
                                 uint16_t len)
{
    struct tcp_hdr *tcp = (void *)(pair->room + HEADER_ROOM - TCP_HLEN);

    make_pbuf(&pair->data.pbuf, NULL, data, len, PBUF_ROM);
    make_pbuf(&pair->header.pbuf, &pair->data.pbuf, tcp, TCP_HLEN, PBUF_RAM);
    pair->data.custom_free_function = free_data;
    pair->header.custom_free_function = free_header;
    pair->left = 2;
    return tcp;
}

void departure_free(struct tcp_seg *seg)
{
    struct pair *pair = container_of(seg->p, struct pair, header.pbuf);

    /* Most are as they were made, and nobody else has them. */
    if ((seg->p->flags & PBUF_FLAG_IS_CUSTOM) &&
        pair->header.custom_free_function == free_header &&
        seg->p->next == &pair->data.pbuf && !pair->data.pbuf.next &&
        seg->p->ref == 1 && pair->data.pbuf.ref == 1)
        pool_give(&pairs, pair);
    else
        pbuf_free(seg->p);
    memp_free(MEMP_TCP_SEG, seg);
}

/* ---- Writing ------------------------------------------------------------- */

/* NULL when there is no memory. */
static struct tcp_seg *make_segment(const struct tcp_pcb *pcb, const void *data,
                                    uint16_t len, bool more)
{
    struct tcp_seg *seg = memp_malloc(MEMP_TCP_SEG);
    struct pair *pair = seg ? pool_take(&pairs) : NULL;
    struct tcp_hdr *tcp;

    if (!pair) {
        memp_free(MEMP_TCP_SEG, seg);
        return NULL;
    }
    tcp = make_pair(pair, data, len);
    tcp->src = lwip_htons(pcb->local_port);
    tcp->dest = lwip_htons(pcb->remote_port);
    tcp->seqno = lwip_htonl(pcb->snd_lbb);
    TCPH_HDRLEN_FLAGS_SET(tcp, TCP_HLEN / 4, more ? 0 : TCP_PSH);
    tcp->urgp = 0;
    *seg = (struct tcp_seg){ .p = &pair->header.pbuf, .len = len,
                             .tcphdr = tcp };
    return seg;
}

static bool write_segment(struct tcp_pcb *pcb, const void *data, uint16_t len,
                          bool more)
{
    struct tcp_seg *seg = make_segment(pcb, data, len, more);

    if (!seg)
        return false;
    pcb->unsent = seg;
    pcb->snd_lbb += len;
    pcb->snd_buf -= len;
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen + 2);
    return true;
}

/* Before the first byte: lwIP begins with 3 segments, by an older rule. If our
 * SYN was lost, for which it has lowered ssthresh, it stays at that. */
static void widen_first_window(struct tcp_pcb *pcb)
{
    uint32_t most = LWIP_MIN(FIRST_SEGMENTS * pcb->mss, FIRST_BYTES);

    if (pcb->cwnd < most && pcb->ssthresh >= TCP_SND_BUF)
        pcb->cwnd = most;
}

err_t stream_write(struct stream *s, const void *data, u16_t len, u8_t flags)
{
    struct tcp_pcb *pcb = s->pcb;

    flags &= TCP_WRITE_FLAG_MORE;
    if (s->accepted == 0)
        widen_first_window(pcb);
    if (!pcb->unsent && len <= pcb->mss && len <= pcb->snd_buf &&
        pcb->snd_queuelen + 2 <= TCP_SND_QUEUELEN &&
        write_segment(pcb, data, len, flags != 0))
        return ERR_OK;
    return cut_write(s, data, len, flags);
}

/* ---- Sending ------------------------------------------------------------- */

/* Is `seg` the only one, to be sent now? Whom the card still has must stay as
 * it is. */
static bool may_go(const struct tcp_pcb *pcb, const struct tcp_seg *seg)
{
    const struct pbuf *p = seg->p;

    return !seg->next && !pcb->unacked && seg->len <= pcb->mss &&
           seg->len <= pcb->snd_wnd && seg->len <= pcb->cwnd &&
           seg->flags == 0 && p->ref == 1 && p->next && !p->next->next;
}

static void complete_header(struct tcp_pcb *pcb, struct tcp_hdr *tcp)
{
    tcp->ackno = lwip_htonl(pcb->rcv_nxt);
    tcp->wnd = lwip_htons(TCPWND_MIN16(RCV_WND_SCALE(pcb, pcb->rcv_ann_wnd)));
    TCPH_SET_FLAG(tcp, TCP_ACK);
    pcb->rcv_ann_right_edge = pcb->rcv_nxt + pcb->rcv_ann_wnd;
}

/* Puts before the TCP header what stood before the last one. IP's packets have
 * numbers, for routers may cut them; lwIP counts its own from 0. */
static void put_before(const struct departure *departure, struct tcp_seg *seg)
{
    static uint16_t number = 0x8000;
    struct pbuf *p = seg->p;
    uint8_t *frame = (uint8_t *)seg->tcphdr - sizeof departure->before;
    struct ip_hdr *ip = (void *)(frame + SIZEOF_ETH_HDR);
    uint16_t more = (uint16_t)((uint8_t *)p->payload - frame);
    uint32_t sum;

    p->payload = frame;
    p->len = (u16_t)(p->len + more);
    p->tot_len = (u16_t)(p->tot_len + more);
    __builtin_memcpy(frame, departure->before, sizeof departure->before);
    IPH_LEN_SET(ip, lwip_htons((u16_t)(p->tot_len - SIZEOF_ETH_HDR)));
    IPH_ID_SET(ip, lwip_htons(++number));
    sum = departure->sum + IPH_LEN(ip) + IPH_ID(ip);
    sum = (sum & 0xffff) + (sum >> 16);
    IPH_CHKSUM_SET(ip, (u16_t)~(sum + (sum >> 16)));
}

/* Its acknowledgement is awaited from now on. */
static void note_sent(struct tcp_pcb *pcb, struct tcp_seg *seg)
{
    uint32_t first = lwip_ntohl(seg->tcphdr->seqno);
    uint32_t next = first + TCP_TCPLEN(seg);

    pcb->unsent = NULL;
    pcb->unacked = seg;
    pcb->persist_backoff = 0;
    tcp_clear_flags(pcb, TF_ACK_DELAY | TF_ACK_NOW | TF_NAGLEMEMERR);
    if (TCP_SEQ_LT(pcb->snd_nxt, next))
        pcb->snd_nxt = next;
    if (pcb->rtime < 0)
        pcb->rtime = 0;
    if (pcb->rttest == 0) {
        pcb->rttest = tcp_ticks;
        pcb->rtseq = first;
    }
}

bool departure_send(struct stream *s)
{
    struct tcp_pcb *pcb = s->pcb;
    struct tcp_seg *seg = pcb->unsent;

    if (s->departure->tick != tcp_ticks || !may_go(pcb, seg))
        return false;
    complete_header(pcb, seg->tcphdr);
    put_before(s->departure, seg);
    transmit_over(&s->interface->transmits);
    if (port_output(&s->interface->netif, seg->p) != ERR_OK)
        return false;
    note_sent(pcb, seg);
    return true;
}

/* ---- Learning ------------------------------------------------------------ */

void departure_init(struct departure *departure)
{
    departure->tick = tcp_ticks - 1;
}

void departure_learn(const struct netif *netif, const struct pbuf *p)
{
    const struct netdev *card = netif->state;
    struct departure *departure;
    struct ip_hdr *ip;

    /* While lwIP sends for a connection it shows its hints, but ARP's question
     * for the neighbour may go first. A card that does not complete TCP's sum
     * needs lwIP to make it. */
    if (!netif->hints || !(card->features & NETDEV_CHECKSUM) ||
        p->len < sizeof departure->before + TCP_HLEN ||
        !segment_is_there(p->payload))
        return;
    departure = connections_departure(
        container_of(netif->hints, struct tcp_pcb, netif_hints));
    if (!departure)
        return;
    memcpy(departure->before, p->payload, sizeof departure->before);
    ip = (void *)(departure->before + SIZEOF_ETH_HDR);
    IPH_LEN_SET(ip, 0);
    IPH_ID_SET(ip, 0);
    IPH_CHKSUM_SET(ip, 0);
    departure->sum = checksum_add(ip, IP_HLEN);
    departure->tick = tcp_ticks;
}
