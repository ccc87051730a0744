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
    uint32_t size = rx->net->buffer_size;
    uint32_t header = rx->net->header_apart ? rx->net->header_size : 0;
    unsigned count = 0;

    if (header > 0)
        pieces[count++] = (struct virtq_buffer){ rx->memory, header };
    pieces[count++] =
        (struct virtq_buffer){ rx->memory + header, size - header };
    return count;
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
        rx->piece_count = virtio_net_rx_pieces(rx, rx->pieces);
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
