/* SPDX-License-Identifier: MIT */
/*
 * tcp_peer.h - the other end of TCP connections, on the other side of the
 * fake card: a TCP that does what the test tells it and nothing else.
 *
 * It is 10.0.0.1, we are 10.0.0.2, and each connection of its has a port of
 * its own. It answers ARP, puts what comes into order, looks at every
 * checksum, and complains when a byte that is sent again is another one.
 */
#ifndef UNIT_TCP_PEER_H
#define UNIT_TCP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_SEGMENT = 1460, PEER_LARGEST = 1900, PEER_SCALE = 7 };

struct peer {
    uint16_t port;
    uint32_t first;             /* our sequence number of byte 0 */
    uint32_t sent;              /* bytes that we have sent */
    uint32_t acked;             /* of these, acknowledged */
    uint32_t window;            /* bytes beyond `acked` that may come */
    uint32_t their_first;       /* theirs of byte 0 */
    uint8_t *bytes;             /* what came, in order */
    uint32_t count;             /* so many without a gap */
    uint32_t cap;
    uint8_t *have;              /* which of bytes[] have come */
    uint32_t segments;          /* with something in them */
    uint32_t again;             /* of these, nothing new in them */
    bool established, fin, reset;
    uint32_t fin_at;            /* `count` when all before it has come */
    uint32_t edge;              /* bytes that we have said may come */

    /* The knobs. */
    bool silent;                /* acknowledges nothing by itself */
    uint32_t room;              /* the window that it offers */
    bool deaf;                  /* frames to it are lost */
    unsigned lose;              /* the so manieth segment with data from now
                                   on is lost */
    bool ended;                 /* we have sent a FIN */
    bool unruly;                /* what comes is nobody's concern */
};

/* Makes the card's frames come here, and us known to lwIP. */
void peers_start(void);

/* Frames lost in each direction from now on, in 256ths. */
void peers_lose(unsigned share);

/* What the wire does to the frames that come to the peers, from now on: of the
 * long ones every so manieth is lost, comes after the next two, comes twice;
 * 0: none. */
struct peers_wire { unsigned lost, late, twice; };
extern struct peers_wire peers_wire;

/* The largest segment that the next connections say they take; PEER_SEGMENT if
 * they are told nothing. */
extern uint16_t peers_mss;

/* A new connection to `port`: sends a SYN, and acknowledges the answer to it.
 * `established` tells whether there was one. */
struct peer *peer_connect(uint16_t port);

/* A SYN by itself, again. */
void peer_syn(struct peer *p, uint16_t port);

/* Sends data[len], cut into segments, whatever the window. */
void peer_send(struct peer *p, const void *data, size_t len);

/* The same, with sequence number `at` bytes from the start. */
void peer_send_at(struct peer *p, uint32_t at, const void *data, size_t len);

void peer_fin(struct peer *p);
void peer_reset(struct peer *p);

/* A segment of any kind: `at` and `acked` bytes from the two beginnings, the
 * header's first flags byte and window as they are, `options` in the header.
 * At most 40 bytes of these, a multiple of 4. */
void peer_anything(struct peer *p, unsigned flags, uint32_t at, uint32_t acked,
                   uint16_t window, const void *options, size_t options_len,
                   const void *data, size_t len);

/* Acknowledges the first `count` bytes. */
void peer_acknowledge(struct peer *p, uint32_t count);

/* Waits for what may yet come though nobody here does anything about it. Says
 * whether anything may: never, over the fake card. */
bool peers_wait(void);

#endif
