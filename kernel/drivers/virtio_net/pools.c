/* SPDX-License-Identifier: MIT */
/*
 * pools.c - the buffers of a virtio network card, all made at start-up.
 *
 * As many receive buffers as the receiveq has room for, or as fit into
 * RX_BYTES_MAX: while the stack holds them all, the device drops what comes.
 * As many frames on their way out as the transmitq can hold at two
 * descriptors each, or TX_MAX: then send() returns -ENOSPC. So a legacy card,
 * whose queues may have thousands of descriptors, costs the memory of these
 * and no more buffers.
 */
#include "drivers/virtio_net/virtio_net.h"
#include "lib/errno.h"
#include "mem/heap.h"
#include "mem/pages.h"

enum { RX_BYTES_MAX = 512 * 1024, TX_MAX = VIRTIO_NET_QUEUE_MAX / 2 };

unsigned virtio_net_rx_pieces(const struct virtio_net_rx *rx,
                              struct virtq_buffer pieces[VIRTIO_NET_RX_PIECES])
{
    const struct virtio_net *net = rx->net;
    uint32_t first = net->header_apart ? net->header_size : net->buffer_size;

    pieces[0] = (struct virtq_buffer){ rx->memory, first };
    pieces[1] =
        (struct virtq_buffer){ rx->memory + first, net->buffer_size - first };
    return net->header_apart ? 2 : 1;
}

static int make_rx(struct virtio_net *net)
{
    unsigned room = net->receiveq.num / (net->header_apart ? 2 : 1);

    net->rx_count = RX_BYTES_MAX / net->buffer_size;
    if (net->rx_count > room)
        net->rx_count = room;

    size_t bytes = (size_t)net->rx_count * net->buffer_size;
    uint8_t *memory = pages_alloc((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    net->rx = heap_alloc_array(net->rx_count, sizeof(*net->rx));
    if (memory == NULL || net->rx == NULL)
        return -ENOMEM;

    for (unsigned i = 0; i < net->rx_count; i++) {
        struct virtio_net_rx *rx = &net->rx[i];

        rx->net = net;
        rx->memory = memory + (size_t)i * net->buffer_size;
        int error = virtio_net_post(net, rx);
        if (error != 0)
            return error;
    }
    return 0;
}

static int make_tx(struct virtio_net *net)
{
    unsigned count = net->transmitq.num / 2;
    if (count > TX_MAX)
        count = TX_MAX;
    struct virtio_net_tx *tx = heap_alloc_array(count, sizeof(*tx));
    if (tx == NULL)
        return -ENOMEM;

    for (unsigned i = 0; i < count; i++)
        virtio_net_tx_put(net, &tx[i]);
    return 0;
}

int virtio_net_pools(struct virtio_net *net)
{
    int error = make_tx(net);

    return error != 0 ? error : make_rx(net);
}

struct virtio_net_tx *virtio_net_tx_get(struct virtio_net *net)
{
    struct virtio_net_tx *tx = net->tx_free;

    if (tx != NULL)
        net->tx_free = tx->next_free;
    return tx;
}

void virtio_net_tx_put(struct virtio_net *net, struct virtio_net_tx *tx)
{
    tx->next_free = net->tx_free;
    net->tx_free = tx;
}

void virtio_net_offload(struct virtio_net_hdr *hdr, const struct netbuf *frame)
{
    if (frame->csum_start != 0) {
        hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        hdr->csum_start = cpu_to_le16(frame->csum_start);
        hdr->csum_offset = cpu_to_le16(frame->csum_offset);
    }
    if (frame->gso_size != 0) {
        hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        hdr->gso_size = cpu_to_le16(frame->gso_size);
        hdr->hdr_len = cpu_to_le16(frame->header_len);
    }
}
