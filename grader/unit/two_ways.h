/* SPDX-License-Identifier: MIT */
/*
 * two_ways.h - two connections that are told the same, segment for segment.
 *
 * One takes the short way (net/lwip/predict.h) wherever it can. The other
 * never does: a flag in its headers (ECE) means nothing to lwIP, but is not to
 * be expected. So whatever lwIP knows of the two has to be the same, and what
 * they have sent, and what their owners have heard.
 */
#ifndef UNIT_TWO_WAYS_H
#define UNIT_TWO_WAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/stream.h"

struct tcp_pcb;

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64 };

/* One of the two, as its owner and its peer see it. */
struct side {
    uint16_t port;
    unsigned mark;              /* ECE, if it is to go the long way */
    uint32_t ours, theirs;      /* the two first sequence numbers */
    struct stream *stream;      /* until it is gone, or closed */
    uint64_t choices;           /* of its owner's, the same for both */
    size_t left;                /* that its owner has still to send */
    uint32_t heard, said;       /* all bytes, all segments, in a number */
    unsigned errors, segments;
};
extern struct side sides[2];

/* A segment, as numbers that mean the same for both: from the first ones on. */
struct segment {
    uint32_t seq, ack;
    unsigned flags, window, len;
};

/* Brings up a card with these features, and a listener whose streams' owner
 * has these events, with the side for a context; then connects both. */
void two_ways_start(uint32_t features, const struct stream_events *events);

/* A new pair in place of the old, which is reset if it is still there. */
void two_ways_again(void);

/* Both are told. True when the first needed no long way. */
bool tell_both(const struct segment *segment);
void tell_side(struct side *side, const struct segment *segment);

/* lwIP's of that side; NULL when it has forgotten it. */
struct tcp_pcb *pcb_of(const struct side *side);

/* What a peer in its right mind would say next: `len` bytes, and that all has
 * come. */
struct segment next_of_both(unsigned len);

/* Time passes, and the neighbour stays known. */
void pass_time(unsigned ms);

/* Fails the test if there is any difference between the two. */
void compare_both(void);

/* Takes a value into a number that stands for many. */
static inline uint32_t mix(uint32_t before, uint32_t value)
{
    return (before ^ value) * 16777619u;
}

#endif
