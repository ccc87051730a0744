/* SPDX-License-Identifier: MIT */
/*
 * predict.c - takes the segment that was to be expected next, in the place of
 * lwIP's tcp_input(), tcp_process() and tcp_receive().
 *
 * What is_expected() lets through decides what the rest need not ask: nothing
 * is out of order, lost, refused or waiting, neither end has said that it will
 * end, and an acknowledgement is for all that is under way. What is left to do
 * is done in lwIP's order, and leaves the pcb as lwIP would:
 * grader/unit/test_predict.c has both do the same and compares.
 */
#include "net/lwip/predict.h"

#include "net/lwip/departure.h"

#include "lwip/priv/tcp_priv.h"

/* With any of these it is not the usual thing that comes next. */
#define UNUSUAL (TF_INFR | TF_RTO | TF_RXCLOSED)

/* What tcp_output() does though there is nothing to send. */
#define SEEN_TO_BY_OUTPUT (TF_ACK_NOW | TF_NAGLEMEMERR)

/* In the header's fourth word, before the window: no options, ACK, and
 * perhaps PSH. What else may be set there lwIP shall look at. */
#define SHAPE_MASK PP_HTONS(0xffff & ~TCP_PSH)
#define SHAPE PP_HTONS(TCP_HLEN / 4 << 12 | TCP_ACK)

/* Asked in few questions, as each is a branch. */
static inline bool is_at_rest(const struct tcp_pcb *pcb)
{
    return ((pcb->state ^ ESTABLISHED) | (pcb->flags & UNUSUAL) |
            pcb->dupacks | pcb->persist_backoff) == 0 &&
           ((uintptr_t)pcb->unsent | (uintptr_t)pcb->ooseq |
            (uintptr_t)pcb->refused_data) == 0;
}

/* An empty one that acknowledges nothing new is a duplicate, or opens the
 * window: not to be expected. */
static inline bool is_expected(const struct tcp_pcb *pcb,
                               const struct tcp_hdr *header, uint32_t len)
{
    uint32_t ackno = lwip_ntohl(header->ackno);

    return is_at_rest(pcb) &&
           (header->_hdrlen_rsvd_flags & SHAPE_MASK) == SHAPE &&
           lwip_ntohl(header->seqno) == pcb->rcv_nxt && len < pcb->rcv_wnd &&
           (ackno == pcb->lastack ? len > 0 : ackno == pcb->snd_nxt);
}

/* A segment that is old may not take the window back. [RFC 9293 §3.10.7.4] */
static inline void update_window(struct tcp_pcb *pcb,
                                 const struct tcp_hdr *header)
{
    uint32_t seqno = pcb->rcv_nxt, ackno = lwip_ntohl(header->ackno);
    tcpwnd_size_t window = SND_WND_SCALE(pcb, lwip_ntohs(header->wnd));

    if (!(TCP_SEQ_LT(pcb->snd_wl1, seqno) ||
          (pcb->snd_wl1 == seqno && TCP_SEQ_LT(pcb->snd_wl2, ackno)) ||
          (pcb->snd_wl2 == ackno && window > pcb->snd_wnd)))
        return;
    pcb->snd_wnd = window;
    if (pcb->snd_wnd_max < window)
        pcb->snd_wnd_max = window;
    pcb->snd_wl1 = seqno;
    pcb->snd_wl2 = ackno;
}

/* Slow start, then congestion avoidance, by bytes. [RFC 3465 §2.1, §2.2] */
static inline void widen(struct tcp_pcb *pcb, tcpwnd_size_t acked)
{
    if (pcb->cwnd < pcb->ssthresh) {
        TCP_WND_INC(pcb->cwnd, LWIP_MIN(acked, (tcpwnd_size_t)2 * pcb->mss));
        return;
    }
    TCP_WND_INC(pcb->bytes_acked, acked);
    if (pcb->bytes_acked >= pcb->cwnd) {
        pcb->bytes_acked -= pcb->cwnd;
        TCP_WND_INC(pcb->cwnd, pcb->mss);
    }
}

/* Everything under way has arrived. Returns how many bytes that was. */
static inline tcpwnd_size_t take_acknowledgement(struct tcp_pcb *pcb)
{
    tcpwnd_size_t bytes = 0;

    widen(pcb, pcb->snd_nxt - pcb->lastack);
    pcb->lastack = pcb->snd_nxt;
    pcb->nrtx = 0;
    pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
    while (pcb->unacked) {
        struct tcp_seg *seg = pcb->unacked;

        pcb->unacked = seg->next;
        bytes += seg->len;
        departure_free(seg);
    }
    pcb->snd_queuelen = 0;
    pcb->snd_buf += bytes;
    pcb->rtime = -1;
    pcb->polltmr = 0;
    return bytes;
}

/* The bytes that were timed have arrived. In ticks, `sa` is eight times their
 * mean time and `sv` four times its deviation, each moved a part of the way to
 * the new one. [RFC 6298 §2] */
static inline void measure(struct tcp_pcb *pcb)
{
    s16_t away = (s16_t)(tcp_ticks - pcb->rttest) - (pcb->sa >> 3);

    pcb->sa = (s16_t)(pcb->sa + away);
    away = (s16_t)((away < 0 ? -away : away) - (pcb->sv >> 2));
    pcb->sv = (s16_t)(pcb->sv + away);
    pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
    pcb->rttest = 0;
}

/* Every second segment is acknowledged at once, if no answer has done so by
 * then. [RFC 9293 §3.8.6.3] */
static inline void take_bytes(struct tcp_pcb *pcb, uint32_t len)
{
    pcb->rcv_nxt += len;
    pcb->rcv_wnd -= len;
    tcp_update_rcv_ann_wnd(pcb);
    tcp_ack(pcb);
}

/* tcp_close() resets a connection that has bytes left to read, and leaves it to
 * tcp_input() to free the pcb, which is in no list any more. True if it did. */
static inline bool free_closed(struct tcp_pcb *pcb)
{
    const struct tcp_pcb *active = tcp_active_pcbs;

    if (!(pcb->flags & TF_RXCLOSED))
        return false;
    while (active && active != pcb)
        active = active->next;
    if (active)
        return false;
    tcp_pcb_remove(&tcp_active_pcbs, pcb);
    tcp_free(pcb);
    return true;
}

/* Tells its owner. False when the pcb is gone; `p` is no longer ours. */
static inline bool tell(struct tcp_pcb *pcb, tcpwnd_size_t acked,
                        struct pbuf *p)
{
    err_t err;

    for (tcpwnd_size_t part; acked > 0; acked -= part) {
        part = LWIP_MIN(acked, 0xffff);
        TCP_EVENT_SENT(pcb, (u16_t)part, err);
        if (err == ERR_ABRT) {
            pbuf_free(p);
            return false;
        }
    }
    if (free_closed(pcb)) {
        pbuf_free(p);
        return false;
    }
    if (p->len == 0) {
        pbuf_free(p);
        return true;
    }
    if (pcb->flags & TF_RXCLOSED) {     /* nobody is left to read it */
        pbuf_free(p);
        tcp_abort(pcb);
        return false;
    }
    TCP_EVENT_RECV(pcb, p, ERR_OK, err);
    if (err != ERR_OK && err != ERR_ABRT)
        pcb->refused_data = p;
    return err != ERR_ABRT;
}

bool predict_input(struct tcp_pcb *pcb, struct pbuf *p)
{
    const struct tcp_hdr *header = p->payload;
    const uint32_t ackno = lwip_ntohl(header->ackno);
    const u16_t len = (u16_t)(p->len - TCP_HLEN);
    tcpwnd_size_t acked = 0;
    bool lives;

    if (!is_expected(pcb, header, len))
        return false;
    p->payload = (uint8_t *)p->payload + TCP_HLEN;
    p->len = p->tot_len = len;
    if (TCPH_FLAGS(header) & TCP_PSH)
        p->flags |= PBUF_FLAG_PUSH;
    pcb->tmr = tcp_ticks;
    pcb->keep_cnt_sent = 0;
    pcb->persist_probe = 0;
    update_window(pcb, header);
    if (ackno != pcb->lastack)
        acked = take_acknowledgement(pcb);
    if (pcb->rttest && TCP_SEQ_LT(pcb->rtseq, ackno))
        measure(pcb);
    if (len > 0)
        take_bytes(pcb, len);

    tcp_input_pcb = pcb;        /* what is sent meanwhile waits for the end */
    lives = tell(pcb, acked, p);
    tcp_input_pcb = NULL;
    if (lives && !free_closed(pcb) &&
        (pcb->unsent || pcb->flags & SEEN_TO_BY_OUTPUT))
        tcp_output(pcb);
    return true;
}
