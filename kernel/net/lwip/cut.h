/* SPDX-License-Identifier: MIT */
/*
 * cut.h - segments larger than the wire's, which the card cuts.
 *
 * What a segment costs us is the same for a few bytes and for 64 KiB. So where
 * a card cuts (NETDEV_TSO4), lwIP is made to build large ones:
 *
 *     pcb->unsent    [ 40 x 1460 bytes, one header ]       costs us one segment
 *                                  |
 *     card           [1460][1460][1460] ... [1460]         on the wire, 40
 *
 * The wire's size stays in pcb->mss, in which lwIP counts what it may send at
 * a time; it is larger only while tcp_write() cuts (stream_write()). All other
 * code of lwIP's takes a segment for a thing that is sent, lost and
 * acknowledged as a whole. Of a large one this is not true, and it is made
 * true here, by splitting it in time:
 *   - an acknowledgement that ends inside is met by a boundary there, so that
 *     what has arrived is forgotten, and never sent again;
 *   - what is sent again after duplicate acknowledgements is one of the wire's
 *     segments, not all of the large one;
 *   - what is larger than may be sent at a time is sent in parts: else lwIP
 *     would wait for ever, as after a time-out, when only one of the wire's
 *     segments may go.
 * Where there is no memory for that, it waits for the next tick.
 */
#ifndef NET_LWIP_CUT_H
#define NET_LWIP_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/err.h"

struct pbuf;
struct stream;
struct tcp_pcb;

/* tcp_write(), in segments that are as large as they may be; see
 * stream_write(). */
err_t cut_write(struct stream *s, const void *data, uint16_t len,
                uint8_t flags);

/* A segment has come that acknowledges what is before `ackno`: before lwIP
 * looks at it. */
void cut_before_ack(struct tcp_pcb *pcb, uint32_t ackno);

/* tcp_output(), and what waits first may go in parts. */
void cut_output(struct tcp_pcb *pcb);

/* Every half second, after lwIP's own timers and before its tcp_output(). */
void cut_on_tick(struct tcp_pcb *pcb);

#endif
