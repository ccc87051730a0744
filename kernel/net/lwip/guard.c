/* SPDX-License-Identifier: MIT */
/*
 * guard.c - keeps from lwIP what it does not stand. It asks about each segment
 * before it looks into it (and has put the header's numbers into our byte
 * order by then), and passes over what is refused here as if it had been lost.
 * What it would not understand is put into words that it does.
 */
#include "net/lwip/connections.h"
#include "net/lwip/cut.h"
#include "net/lwip/hooks.h"
#include "net/lwip/lists.h"
#include "net/lwip/pools.h"
#include "net/lwip/streams.h"

#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"

/* [RFC 9293 §3.1]: kind, length of the whole, value; the first two are a byte
 * each, and of these two kinds the only one. */
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTIONS_MAX = 40 };

/* Each option is there to its end: lwIP reads an option's length, and more,
 * without asking, and would read beyond the segment. And the largest segment
 * is named in a SYN and nowhere else [RFC 9293 §3.7.1]: to lwIP it may change
 * while segments of the old size are waiting, which then meets an assertion. */
static bool are_sound(const uint8_t *options, unsigned len, bool syn)
{
    unsigned i = 0;

    while (i < len && options[i] != OPTION_END) {
        if (options[i] == OPTION_NOP) {
            i++;
            continue;
        }
        if (len - i < 2 || options[i + 1] < 2 || options[i + 1] > len - i ||
            (options[i] == OPTION_MSS && !syn))
            return false;
        i += options[i + 1];
    }
    return true;
}

/* While the peer's window is too small for what waits, a timer has lwIP look
 * now and then whether it still is. If the peer acknowledges all there is and
 * leaves the window shut, the timer goes on with nothing left to send. If it
 * opens the window beyond 16 bits, and nothing can be sent at once all the
 * same, the timer has the segment cut to what the lower 16 bits say, perhaps
 * to nothing. Both meet an assertion. So the timer is stopped before; should
 * it be needed after all, the next tcp_output() starts it. */
static void stop_probing(struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    const struct tcp_seg *last = pcb->unsent;

    if (pcb->persist_backoff == 0)
        return;
    while (last && last->next)
        last = last->next;
    if (!last || SND_WND_SCALE(pcb, header->wnd) > 0xffff ||
        TCP_SEQ_LEQ(lwip_ntohl(last->tcphdr->seqno) + TCP_TCPLEN(last),
                    header->ackno))
        pcb->persist_backoff = 0;
}

/* What comes early is kept as it came, and lwIP asserts that there is room for
 * all of it in our window when its turn has come. Only who does not heed the
 * window sends what reaches beyond it. (What comes in its turn lwIP cuts.) */
static bool reaches_beyond_window(const struct tcp_pcb *pcb,
                                  const struct tcp_hdr *header,
                                  const struct pbuf *p)
{
    uint32_t early = header->seqno - pcb->rcv_nxt;
    uint32_t len = p->tot_len + (TCPH_FLAGS(header) & TCP_FIN ? 1u : 0u);

    return (int32_t)early > 0 && early + len > pcb->rcv_wnd;
}

/* Who sends SYNs and nothing after them must not keep others out. Beyond a
 * number of connections of which only the SYN has come the one that has waited
 * longest gives way: whoever means it has answered by then, or will come
 * again. [RFC 4987 §3.4] */
static void limit_half_open(void)
{
    struct tcp_pcb *oldest = NULL;
    uint32_t longest = 0;
    unsigned count = 0;

    if (connections_awake() < pool_limits().half_open)
        return;
    for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next) {
        if (p->state != SYN_RCVD)
            continue;
        count++;
        if (tcp_ticks - p->tmr >= longest) {    /* new ones come first */
            longest = tcp_ticks - p->tmr;
            oldest = p;
        }
    }
    if (oldest && count >= pool_limits().half_open)
        tcp_abandon(oldest, 0);
}

/* What would be one connection too many is passed over, and not refused: its
 * sender comes again, and by then somebody may have gone. Until it is a
 * stream, the listener is its pcb's argument. What belongs to a connection
 * that has given way is refused, room or no room: its sender may believe it
 * established, and have nothing to say that he could say again. */
static err_t guard_listener(struct tcp_pcb *pcb, unsigned flags)
{
    if ((flags & TCP_RST) ||
        (pcb->state == LISTEN && (flags & (TCP_SYN | TCP_ACK)) != TCP_SYN))
        return ERR_OK;
    if (!listener_has_room(pcb->callback_arg))
        return ERR_MEM;
    if (pcb->state == LISTEN) {
        limit_half_open();
        connections_expect(pcb);
    }
    return ERR_OK;
}

/* Has lwIP look at the segment `p` as if it had just come. It has hidden the
 * header, and turned its numbers round; it touches neither any more when it is
 * told to pass over the segment. */
static void look_again(struct pbuf *p, struct tcp_hdr *header, uint16_t options)
{
    header->src = lwip_htons(header->src);
    header->dest = lwip_htons(header->dest);
    header->seqno = lwip_htonl(header->seqno);
    header->ackno = lwip_htonl(header->ackno);
    header->wnd = lwip_htons(header->wnd);
    pbuf_add_header_force(p, sizeof *header + options);
    pbuf_ref(p);                /* each of the two frees it */
    tcp_input(p, ip_current_input_netif());
}

/* A connection that waits to be forgotten (TIME-WAIT) makes way for a new one
 * between the same ports if the peer's numbers begin beyond all of the old
 * one's; ours do as well, so that nothing of the old can be taken for the
 * new. An old SYN that comes once more is behind them, and gets lwIP's answer:
 * that all is acknowledged. [RFC 9293 §3.6.1, RFC 1122 §4.2.2.13] */
static err_t guard_time_wait(struct tcp_pcb *pcb, struct tcp_hdr *header,
                             uint16_t options, struct pbuf *p)
{
    const uint32_t used = pcb->snd_nxt;

    if ((TCPH_FLAGS(header) & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN ||
        !TCP_SEQ_GT(header->seqno, pcb->rcv_nxt))
        return ERR_OK;
    tcp_abandon(pcb, 0);
    sequence_used = &used;
    look_again(p, header, options);
    sequence_used = NULL;
    return ERR_ALREADY;
}

err_t guard_segment(struct tcp_pcb *pcb, struct tcp_hdr *header,
                    uint16_t options, uint16_t first, struct pbuf *p)
{
    lists_show();
    /* What comes lies in one piece (port_receive()). */
    if (options > OPTIONS_MAX || first != options ||
        !are_sound((const uint8_t *)(header + 1), options,
                   TCPH_FLAGS(header) & TCP_SYN))
        return ERR_VAL;

    if (pcb->state == LISTEN || pcb->state == SYN_RCVD)
        return guard_listener(pcb, TCPH_FLAGS(header));
    if (pcb->state == TIME_WAIT)
        return guard_time_wait(pcb, header, options, p);
    if (p->tot_len > 0 && reaches_beyond_window(pcb, header, p))
        return ERR_VAL;
    stop_probing(pcb, header);
    if (TCPH_FLAGS(header) & TCP_ACK)
        cut_before_ack(pcb, header->ackno);
    return ERR_OK;
}
