/* SPDX-License-Identifier: MIT */
/* Another right program: a received buffer's token is its netbuf, a frame is
 * measured by a function of its own, and the header comes last into the
 * array. */
#include "drivers/virtio_net/virtio_net.h"

#include "lib/errno.h"
#include "lib/list.h"
#include "lib/string.h"

static struct virtio_net_rx *rx_of(struct netbuf *nb)
{
    return container_of(nb, struct virtio_net_rx, netbuf);
}

int virtio_net_post(struct virtio_net *net, struct virtio_net_rx *rx)
{
    struct virtq_buffer pieces[VIRTIO_NET_RX_PIECES];
    unsigned count = virtio_net_rx_pieces(rx, pieces);

    return virtq_add(&net->receiveq, pieces, 0, count, &rx->netbuf);
}

void virtio_net_release(struct netbuf *nb)
{
    struct virtio_net_rx *rx = rx_of(nb);
    struct virtio_net *net = rx->net;

    (void)virtio_net_post(net, rx);
    virtio_net_kick_later(net);
}

/* The frame in it, or false when there is none for anybody. */
static bool fill_in(struct virtio_net *net, struct netbuf *nb, uint32_t used)
{
    if (!net->netdev.receive || used < net->header_size)
        return false;
    memset(nb, 0, sizeof *nb);
    nb->len = used - net->header_size;
    nb->data = rx_of(nb)->memory + net->header_size;
    nb->release = virtio_net_release;
    return nb->len >= ETHERNET_HEADER_SIZE;
}

unsigned virtio_net_receive(struct virtio_net *net, unsigned limit)
{
    unsigned left = limit;

    for (; left > 0; left--) {
        uint32_t used;
        struct netbuf *nb = virtq_poll(&net->receiveq, &used);

        if (!nb)
            break;
        if (fill_in(net, nb, used))
            net->netdev.receive(&net->netdev, nb);
        else
            virtio_net_release(nb);
    }
    return limit - left;
}

/* Pieces and bytes of a frame; false for one that can't be sent. */
static bool measure(const struct virtio_net *net, const struct netbuf *frame,
                    unsigned *pieces)
{
    uint64_t bytes = 0, most = frame->gso_size ? VIRTIO_NET_CUT_MAX
                                               : net->frame_max;

    *pieces = 0;
    for (const struct netbuf *nb = frame; nb; nb = nb->next) {
        bytes += nb->len;
        *pieces += nb->len != 0;
        if (bytes > most || *pieces > NETDEV_PIECES_MAX)
            return false;
    }
    return bytes >= ETHERNET_HEADER_SIZE;
}

int virtio_net_send(struct virtio_net *net, struct netbuf *frame)
{
    struct virtq_buffer buffers[NETDEV_PIECES_MAX + 1], *next = buffers;
    struct virtio_net_tx *tx;
    unsigned pieces;
    int error;

    if (!measure(net, frame, &pieces))
        return -EINVAL;
    if (!(tx = virtio_net_tx_get(net)))
        return -ENOSPC;
    memset(&tx->hdr, 0, sizeof tx->hdr);
    virtio_net_offload(&tx->hdr, frame);
    tx->frame = frame;

    next->data = &tx->hdr;
    next++->len = net->header_size;
    for (struct netbuf *nb = frame; nb; nb = nb->next) {
        if (nb->len > 0) {
            next->data = nb->data;
            next++->len = nb->len;
        }
    }
    error = virtq_add(&net->transmitq, buffers, pieces + 1, 0, tx);
    if (error)
        virtio_net_tx_put(net, tx);
    return error;
}

void virtio_net_reclaim(struct virtio_net *net)
{
    for (;;) {
        uint32_t len;
        struct virtio_net_tx *tx = virtq_poll(&net->transmitq, &len);

        if (!tx)
            return;
        while (tx->frame) {
            struct netbuf *nb = tx->frame;
            tx->frame = nb->next;
            nb->release(nb);
        }
        virtio_net_tx_put(net, tx);
    }
}
