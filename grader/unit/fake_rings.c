/* SPDX-License-Identifier: MIT */
#include "fake_rings.h"

#include <string.h>

struct virtio_net net;
unsigned kicks_asked_for;

/* work.c's, in the driver. */
void virtio_net_kick_posted(struct virtio_net *card)
{
    CHECK(card == &net, "virtio_net_kick_later() should be given the card "
          "that the buffer belongs to, rx->net");
    kicks_asked_for++;
}

static int set_up(struct virtio_device *dev, void *ctx)
{
    (void)ctx;
    int error = virtio_queue(dev, RECEIVE, RINGS_SIZE, &net.receiveq,
                             &net.receive_work, "receive");
    if (error == 0)
        error = virtio_queue(dev, TRANSMIT, RINGS_SIZE, &net.transmitq,
                             &net.transmit_work, "transmit");
    return error;
}

void rings_begin(uint32_t header_size, bool apart)
{
    fake_virtio_begin(VIRTIO_ID_NET);
    fake.loses_interrupts = true;
    memset(&net, 0, sizeof net);
    kicks_asked_for = 0;
    CHECK(virtio_handshake(&fake.device, 0, set_up, NULL) == 0,
          "the queues stand");
    net.device = &fake.device;
    net.header_size = header_size;
    net.header_apart = apart;
    net.buffer_size = RINGS_BUFFER;
    net.frame_max = ETHERNET_FRAME_MAX;
}

struct virtio_net_rx *rings_rx(void)
{
    struct virtio_net_rx *rx = unit_memory(sizeof *rx, _Alignof(max_align_t),
                                           0xa5);

    memset(rx, 0, sizeof *rx);
    rx->net = &net;
    rx->memory = unit_memory(RINGS_BUFFER, 1, 0xa5);
    rx->piece_count = virtio_net_rx_pieces(rx, rx->pieces);
    return rx;
}

void rings_tx(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct virtio_net_tx *tx = unit_memory(sizeof *tx,
                                               _Alignof(max_align_t), 0xa5);
        virtio_net_tx_put(&net, tx);
    }
}

unsigned rings_tx_free(void)
{
    unsigned count = 0;

    for (struct virtio_net_tx *tx = net.tx_free; tx; tx = tx->next_free) {
        count++;
        CHECK(count <= 1000, "the list tx_free should come to an end: was a "
              "virtio_net_tx put there twice?");
    }
    return count;
}

bool rings_take(unsigned q, struct fake_chain *chain)
{
    virtq_kick(q == RECEIVE ? &net.receiveq : &net.transmitq);
    return fake_chain_take(q, chain);
}

void rings_frame_in(const uint8_t *frame, uint32_t len)
{
    uint8_t all[RINGS_BUFFER], *at = all;
    uint32_t left = net.header_size + len;
    struct fake_chain chain;

    memset(all, 0x11, net.header_size);
    memcpy(all + net.header_size, frame, len);
    CHECK(rings_take(RECEIVE, &chain), "the card should have a receive buffer "
          "for this frame, and the receiveq is empty");
    for (unsigned i = chain.out; i < chain.out + chain.in && left > 0; i++) {
        uint32_t part = chain.pieces[i].len < left ? chain.pieces[i].len : left;
        memcpy(chain.pieces[i].data, at, part);
        at += part;
        left -= part;
    }
    fake_chain_use(RECEIVE, chain.head, net.header_size + len, 1);
}
