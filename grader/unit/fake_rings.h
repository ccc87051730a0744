/* SPDX-License-Identifier: MIT */
/*
 * fake_rings.h - a network card's two queues and the device behind them, and
 * nothing of the driver but what lab 09 writes: no interrupts, no event loop,
 * no buffers but those that a test makes. So each of its functions is tried by
 * itself, in an order that the test decides.
 */
#ifndef UNIT_FAKE_RINGS_H
#define UNIT_FAKE_RINGS_H

#include "drivers/virtio_net/virtio_net.h"
#include "fake_virtio_device.h"

enum {
    RECEIVE = 0, TRANSMIT = 1,  /* the card's queues */
    RINGS_SIZE = 32,            /* descriptors in each */
    RINGS_BUFFER = 2048,        /* bytes in a receive buffer */
};

extern struct virtio_net net;

/* How often virtio_net_kick_later() was called. */
extern unsigned kicks_asked_for;

/* A card whose header has so many bytes, and, if `apart`, a descriptor of its
 * own. Its queues are empty. */
void rings_begin(uint32_t header_size, bool apart);

/* A receive buffer, not posted yet; its neighbours can't be touched. */
struct virtio_net_rx *rings_rx(void);

/* So many virtio_net_tx on the list, their headers full of old bytes. And how
 * many are there now. */
void rings_tx(unsigned count);
unsigned rings_tx_free(void);

/* Kicks queue `q`; the device takes its next chain. False: there is none. */
bool rings_take(unsigned q, struct fake_chain *chain);

/* The device takes a receive buffer, writes a header and this frame into it,
 * whatever pieces it has, and is done with it. */
void rings_frame_in(const uint8_t *frame, uint32_t len);

#endif
