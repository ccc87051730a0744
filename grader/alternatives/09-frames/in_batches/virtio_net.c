/* SPDX-License-Identifier: MIT */
/* Another right program: everything that the card is done with is taken out of
 * the ring first, and given on afterwards. */
#include "drivers/virtio_net/virtio_net.h"

#include "lib/errno.h"
#include "lib/list.h"

int virtio_net_post(struct virtio_net *net, struct virtio_net_rx *rx)
{
    rx->netbuf.owner = rx;
    return virtq_add(&net->receiveq, rx->pieces, 0, rx->piece_count, rx);
}

void virtio_net_release(struct netbuf *nb)
{
    struct virtio_net_rx *rx =
        (void *)((char *)nb - offsetof(struct virtio_net_rx, netbuf));
    int error = virtio_net_post(rx->net, rx);

    if (error)
        return; /* the card is broken */
    virtio_net_kick_later(rx->net);
}

enum { BATCH = 32 };

static unsigned receive_batch(struct virtio_net *net, unsigned most)
{
    struct virtio_net_rx *done[BATCH];
    uint32_t len[BATCH];
    unsigned count = 0;

    while (count < most &&
           (done[count] = virtq_poll(&net->receiveq, &len[count])))
        count++;
    for (unsigned i = 0; i < count; i++) {
        struct netbuf *nb = &done[i]->netbuf;
        struct netbuf whole = { .release = virtio_net_release };

        *nb = whole;
        nb->data = done[i]->memory + net->header_size;
        if (net->netdev.receive &&
            len[i] >= net->header_size + ETHERNET_HEADER_SIZE) {
            nb->len = len[i] - net->header_size;
            net->netdev.receive(&net->netdev, nb);
        } else {
            nb->release(nb);
        }
    }
    return count;
}

unsigned virtio_net_receive(struct virtio_net *net, unsigned limit)
{
    unsigned count = 0;

    while (count < limit) {
        unsigned most = limit - count < BATCH ? limit - count : BATCH;
        unsigned now = receive_batch(net, most);
        count += now;
        if (now < most)
            break;
    }
    return count;
}

/* Fills in the array behind the header's place. How many there are, or 0 for
 * a frame that can't be sent. */
static unsigned describe(const struct virtio_net *net, struct netbuf *frame,
                         struct virtq_buffer buffers[])
{
    uint32_t room = frame->gso_size ? VIRTIO_NET_CUT_MAX : net->frame_max;
    uint32_t most = room;
    unsigned count = 1;

    for (; frame; frame = frame->next) {
        if (frame->len > room)
            return 0;
        room -= frame->len;
        if (frame->len == 0)
            continue;
        if (count == 1 + NETDEV_PIECES_MAX)
            return 0;
        buffers[count].data = frame->data;
        buffers[count++].len = frame->len;
    }
    return most - room < ETHERNET_HEADER_SIZE ? 0 : count;
}

int virtio_net_send(struct virtio_net *net, struct netbuf *frame)
{
    struct virtq_buffer buffers[1 + NETDEV_PIECES_MAX];
    unsigned count = describe(net, frame, buffers);

    if (count == 0)
        return -EINVAL;
    /* Looked at, and taken only when the ring has it. */
    struct virtio_net_tx *tx = net->tx_free;
    if (!tx)
        return -ENOSPC;
    tx->hdr = (struct virtio_net_hdr){ .flags = 0 };
    virtio_net_offload(&tx->hdr, frame);
    buffers[0].data = &tx->hdr;
    buffers[0].len = net->header_size;
    int error = virtq_add(&net->transmitq, buffers, count, 0, tx);
    if (!error) {
        virtio_net_tx_get(net);
        tx->frame = frame;
    }
    return error;
}

void virtio_net_reclaim(struct virtio_net *net)
{
    struct virtio_net_tx *tx, *done = NULL;
    uint32_t len;

    while ((tx = virtq_poll(&net->transmitq, &len))) {
        tx->next_free = done;
        done = tx;
    }
    while ((tx = done)) {
        struct netbuf *next, *nb = tx->frame;

        done = tx->next_free;
        virtio_net_tx_put(net, tx);
        for (; nb; nb = next) {
            next = nb->next;
            nb->release(nb);
        }
    }
}
