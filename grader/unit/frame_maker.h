/* SPDX-License-Identifier: MIT */
/*
 * frame_maker.h - makes frames, of every kind that lwIP looks into, from
 * 10.0.0.1 to 10.0.0.2; and makes changed ones plausible again, so that they
 * are looked into deeply.
 */
#ifndef UNIT_FRAME_MAKER_H
#define UNIT_FRAME_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network_order.h"

enum { MAKER_FRAME_MAX = 2036, MAKER_ETH = 14, MAKER_IP = 20, MAKER_TCP = 20 };

/* A frame under way; all of bytes[] may be written at any time. */
struct made {
    uint8_t bytes[MAKER_FRAME_MAX];
    size_t len;
};

/* Ethernet from 10.0.0.1's card to ours. */
void make_ethernet(struct made *f, unsigned type);

/* `op` 1 or 2: 10.0.0.1 asks for 10.0.0.2, or tells where `spa` is. */
void make_arp(struct made *f, unsigned op, uint32_t spa);

/* An IPv4 packet with `len` bytes of data behind its header, which are to be
 * written at the address that is returned; mend() when all is there. */
uint8_t *make_ip(struct made *f, unsigned protocol, size_t len);

/* The same with a TCP header and `options` bytes of options, a multiple of 4;
 * returns where the options begin. */
uint8_t *make_tcp(struct made *f, unsigned from, unsigned to, uint32_t seq,
                  uint32_t ack, unsigned flags, unsigned window,
                  size_t options, size_t len);

/* The same with a UDP header; returns where the data begins. */
uint8_t *make_udp(struct made *f, unsigned from, unsigned to, size_t len);

/* Rights all checksums, as far as what is there can be made sense of. */
void mend(struct made *f);

#endif
