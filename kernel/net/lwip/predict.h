/* SPDX-License-Identifier: MIT */
/*
 * predict.h - the segment that was to be expected next.
 *
 * lwIP is ready for anything that a segment may be, and looks at each for all
 * of it, from its options to the order in which it came. But a client that
 * asks, reads the answer and asks again sends one kind of segment nearly all of
 * the time, and it can be told beforehand how that will look: its sequence
 * number will be rcv_nxt, and it will acknowledge all that we have sent, or
 * nothing that is new. A few comparisons show that it does, and what lwIP would
 * then do to its pcb, in functions of hundreds of lines, is very little. It was
 * Van Jacobson's remark, who put "header prediction" into BSD's TCP in 1990.
 *
 *     rcv_nxt                              lastack           snd_nxt
 *        v                                    v                 v
 *        [ a question ]------>           -----[ the answer before ]
 *        ^ begins here                                          ^ acknowledges
 *                                                    up to here, or lastack
 */
#ifndef NET_LWIP_PREDICT_H
#define NET_LWIP_PREDICT_H

#include <stdbool.h>

struct pbuf;
struct tcp_pcb;

/*
 * `p` is a segment of this connection's as tcp_input() takes it, in one piece,
 * all of it as it was sent. If it is the one that was to be expected, does with
 * it and with the pcb what tcp_input() would, and calls the same callbacks: `p`
 * is theirs then, or has been freed, and the pcb may be gone. If not, returns
 * false and has touched neither: it is for tcp_input().
 */
bool predict_input(struct tcp_pcb *pcb, struct pbuf *p);

#endif
