/* SPDX-License-Identifier: MIT */
/*
 * guard.c - keeps from lwIP what it does not stand. It asks about each segment
 * before it looks into it (and has put the header's numbers into our byte
 * order by then), and passes over what is refused here as if it had been lost.
 */
#include "lib/string.h"
#include "net/lwip/hooks.h"
#include "net/lwip/streams.h"

#include "lwip/priv/tcp_priv.h"

/* [RFC 9293 §3.1]: kind, length of the whole, value; the first two are a byte
 * each, and of these two kinds the only one. */
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTIONS_MAX = 40 };

/* The largest segment is named in a SYN and nowhere else [RFC 9293 §3.7.1]. To
 * lwIP it may change while segments of the old size are waiting, which then
 * meets an assertion. */
static bool name_mss(const uint8_t *options, unsigned len)
{
    unsigned i = 0;

    while (i < len && options[i] != OPTION_END) {
        if (options[i] == OPTION_MSS)
            return true;
        if (options[i] == OPTION_NOP)
            i++;
        else if (i + 1 < len && options[i + 1] >= 2)
            i += options[i + 1];
        else
            return false;
    }
    return false;
}

/* While the peer's window is shut, a timer has lwIP look now and then whether
 * it still is. If the peer acknowledges all there is and leaves the window
 * shut, the timer goes on with nothing left to send, which then meets an
 * assertion. So it is stopped before; should it be needed after all, the next
 * tcp_output() starts it. */
static void stop_probing(struct tcp_pcb *pcb, uint32_t acked)
{
    const struct tcp_seg *last = pcb->unsent;

    if (pcb->persist_backoff == 0)
        return;
    while (last && last->next)
        last = last->next;
    if (!last || TCP_SEQ_LEQ(lwip_ntohl(last->tcphdr->seqno) +
                             TCP_TCPLEN(last), acked))
        pcb->persist_backoff = 0;
}

/* A SYN beyond the limit is passed over, and not refused: its sender comes
 * again, and by then somebody may have gone. */
err_t guard_segment(struct tcp_pcb *pcb, const struct tcp_hdr *header,
                    uint16_t options, uint16_t first, const uint8_t *second)
{
    uint8_t all[OPTIONS_MAX];

    if (pcb->state == LISTEN)
        return listener_has_room(pcb) ? ERR_OK : ERR_MEM;
    if (pcb->state != TIME_WAIT)
        stop_probing(pcb, header->ackno);
    if (options == 0 || options > OPTIONS_MAX || TCPH_FLAGS(header) & TCP_SYN)
        return ERR_OK;
    memcpy(all, header + 1, first);
    if (options > first)
        memcpy(all + first, second, options - first);
    return name_mss(all, options) ? ERR_VAL : ERR_OK;
}
