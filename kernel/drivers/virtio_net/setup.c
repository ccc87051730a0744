/* SPDX-License-Identifier: MIT */
/*
 * setup.c - a virtio network card from its discovery to its first frame.
 * [virtio 1.2 §5.1.3, §5.1.4, §5.1.5]
 *
 * What is done from then on is work.c's; what is put into the queues and
 * taken out of them, lab 09's.
 */
#include "arch/arch.h"
#include "console/format.h"
#include "console/log.h"
#include "drivers/virtio_net/virtio_net.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mem/heap.h"
#include "without/without.h"

#define VIRTIO_NET_F_CSUM (1ull << 0)       /* finishes our checksums */
#define VIRTIO_NET_F_GUEST_CSUM (1ull << 1) /* says what it knows of others' */
#define VIRTIO_NET_F_MTU (1ull << 3)        /* says how long a frame may be */
#define VIRTIO_NET_F_MAC (1ull << 5)        /* has an address of its own */
#define VIRTIO_NET_F_HOST_TSO4 (1ull << 11) /* cuts TCP over IPv4 */
#define VIRTIO_NET_F_STATUS (1ull << 16)    /* says whether the link is up */

/* All that we know how to use, by name. Refused on purpose: what would let
 * the device hand up frames that are not cut up (GUEST_TSO4 and its like), or
 * in several buffers (MRG_RXBUF). */
#define FEATURES                                                               \
    (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MTU |          \
     VIRTIO_NET_F_MAC | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_STATUS)

/* A netdev's words for it are the header's. [virtio 1.2 §5.1.6.4] */
_Static_assert(NETDEV_SUM_LEFT_OUT == VIRTIO_NET_HDR_F_NEEDS_CSUM &&
                   NETDEV_SUM_RIGHT == VIRTIO_NET_HDR_F_DATA_VALID &&
                   offsetof(struct virtio_net_hdr, flags) == 0,
               "what stands first in the header can be handed up as it is");

#define VIRTIO_NET_S_LINK_UP 1

/* [virtio 1.2 §5.1.4] */
struct virtio_net_config {
    uint8_t mac[ETHERNET_ADDRESS_SIZE];
    le16 status;
    le16 max_virtqueue_pairs;
    le16 mtu;
};
_Static_assert(sizeof(struct virtio_net_config) == 12, "virtio 1.2 §5.1.4");

enum { RECEIVEQ1 = 0, TRANSMITQ1 = 1 };

enum {
    MTU_USUAL = 1500,
    MTU_MIN = 68, /* [virtio 1.2 §5.1.4.1] */
    VLAN_TAG_SIZE = 4,
    BUFFER_UNIT = 2048, /* receive buffers are a multiple of it */
};

static bool has(const struct virtio_net *net, uint64_t feature)
{
    return (net->device->features & feature) != 0;
}

bool virtio_net_link_is_up(struct virtio_net *net)
{
    if (!has(net, VIRTIO_NET_F_STATUS))
        return true;
    uint16_t status = virtio_config16(
        net->device, offsetof(struct virtio_net_config, status));
    return (status & VIRTIO_NET_S_LINK_UP) != 0;
}

/* ---- The card, for the stack -------------------------------------------- */

static int send(struct netdev *dev, struct netbuf *frame)
{
    struct virtio_net *net = container_of(dev, struct virtio_net, netdev);

    int error = frame->patient && !virtio_net_has_room(net)
                    ? -ENOSPC : virtio_net_send(net, frame);
    if (error == 0)
        virtio_net_kick_later(net);
    else if (net->transmitq.broken)
        error = -EIO;
    else if (error == -ENOSPC)
        virtio_net_block(net);
    return error;
}

/* A legacy card may count what it has read. [virtio 1.2 §5.1.6.1] */
static int send_legacy(struct netdev *dev, struct netbuf *frame)
{
    struct virtio_net *net = container_of(dev, struct virtio_net, netdev);
    uint16_t head = net->transmitq.free_head;
    int error = send(dev, frame);

    if (error == 0)
        virtq_allow(&net->transmitq, head, UINT32_MAX);
    return error;
}

/* ---- Bringing it up ------------------------------------------------------ */

/* Whether VERSION_1 and ANY_LAYOUT were agreed on decides what a header is.
 * [virtio 1.2 §5.1.6.1, §5.1.6.6] */
static void choose_header(struct virtio_net *net)
{
    bool legacy = net->device->legacy;

    net->header_size =
        legacy ? VIRTIO_NET_HDR_LEGACY : sizeof(struct virtio_net_hdr);
    net->header_apart = legacy && !has(net, VIRTIO_F_ANY_LAYOUT);
}

static void choose_sizes(struct virtio_net *net)
{
    uint16_t mtu = MTU_USUAL;

    if (has(net, VIRTIO_NET_F_MTU))
        mtu = virtio_config16(net->device,
                              offsetof(struct virtio_net_config, mtu));
    if (mtu < MTU_MIN) {
        log_line("%s: an MTU of %u can't be; 1500 is used instead",
                 net->device->where, mtu);
        mtu = MTU_USUAL;
    }
    net->netdev.mtu = mtu;
    net->frame_max = ETHERNET_HEADER_SIZE + mtu;

    /* Others may not have heard of a smaller one. */
    uint32_t longest = sizeof(struct virtio_net_hdr) + ETHERNET_HEADER_SIZE +
                       VLAN_TAG_SIZE + (mtu > MTU_USUAL ? mtu : MTU_USUAL);
    net->buffer_size = (longest + BUFFER_UNIT - 1) / BUFFER_UNIT * BUFFER_UNIT;
}

static int set_up(struct virtio_device *dev, void *ctx)
{
    struct virtio_net *net = ctx;

    if (has(net, VIRTIO_NET_F_HOST_TSO4) && !has(net, VIRTIO_NET_F_CSUM))
        return -EAGAIN;
    choose_header(net);
    choose_sizes(net);
    int error =
        virtio_queue(dev, RECEIVEQ1, VIRTIO_NET_QUEUE_MAX, &net->receiveq,
                     &net->receive_work, net->receive_name);
    if (error == 0)
        error =
            virtio_queue(dev, TRANSMITQ1, VIRTIO_NET_QUEUE_MAX, &net->transmitq,
                         &net->transmit_work, net->transmit_name);
    if (error == 0)
        error = dev->transport->config_changed(dev, &net->config_work);
    if (error == 0 && net->transmitq.num <= NETDEV_PIECES_MAX)
        error = -EINVAL;
    if (error == 0)
        error = virtio_net_pools(net);
    return error;
}

/* Who cuts a frame has to sum each piece: HOST_TSO4 may not be taken without
 * CSUM. A card that offers it all the same is asked again, for less.
 * [virtio 1.2 §5.1.3.1, §2.2.1] */
static int agree(struct virtio_net *net)
{
    uint64_t wanted = FEATURES | virtio_ring_features();

    if (without(WITHOUT_CSUM))
        wanted &= ~(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM);
    if (without(WITHOUT_TSO) || without(WITHOUT_CSUM))
        wanted &= ~VIRTIO_NET_F_HOST_TSO4;
    int error = virtio_handshake(net->device, wanted, set_up, net);
    if (error == -EAGAIN)
        error = virtio_handshake(net->device, wanted & ~VIRTIO_NET_F_HOST_TSO4,
                                 set_up, net);
    return error;
}

/* A card without an address gets one of the local kind, different enough for
 * the few that can be on a wire with it. */
static void choose_address(struct virtio_net *net)
{
    uint64_t any = arch_cycles();

    if (has(net, VIRTIO_NET_F_MAC)) {
        virtio_config(net->device, offsetof(struct virtio_net_config, mac),
                      net->netdev.address, ETHERNET_ADDRESS_SIZE);
        return;
    }
    net->netdev.address[0] = 0x02;
    for (unsigned i = 1; i < ETHERNET_ADDRESS_SIZE; i++)
        net->netdev.address[i] = (uint8_t)(any >> 8 * (i - 1));
}

static void introduce(struct virtio_net *net)
{
    struct netdev *dev = &net->netdev;

    choose_address(net);
    if (has(net, VIRTIO_NET_F_CSUM))
        dev->features |= NETDEV_CHECKSUM;
    if (has(net, VIRTIO_NET_F_HOST_TSO4))
        dev->features |= NETDEV_TSO4;
    if (has(net, VIRTIO_NET_F_GUEST_CSUM))
        dev->sum_before = (uint8_t)net->header_size;
    dev->link_up = virtio_net_link_is_up(net);
    dev->send = net->device->legacy ? send_legacy : send;

    netdev_add(dev);
    format(net->receive_name, sizeof(net->receive_name), "%s receive",
           dev->name);
    format(net->transmit_name, sizeof(net->transmit_name), "%s transmit",
           dev->name);
    const uint8_t *a = dev->address;
    log_line("%s: %02x:%02x:%02x:%02x:%02x:%02x, link %s, %s", dev->name, a[0],
             a[1], a[2], a[3], a[4], a[5], dev->link_up ? "up" : "down",
             net->device->where);
}

static int virtio_net_probe(struct virtio_device *dev)
{
    struct virtio_net *net = heap_alloc_array(1, sizeof(*net));
    if (net == NULL) {
        log_line("%s: no memory for a network card", dev->where);
        return -ENOMEM;
    }
    net->device = dev;
    virtio_net_prepare(net);
    format(net->receive_name, sizeof(net->receive_name), "net receive");
    format(net->transmit_name, sizeof(net->transmit_name), "net transmit");

    int error = agree(net);
    if (error != 0) {
        /* Not freed: its interrupts may lead here already. */
        net->stopped = true;
        virtio_not_up(dev, "the network card", error);
        return error;
    }
    introduce(net);
    virtio_net_begin(net);
    return 0;
}

static const struct virtio_driver virtio_net_driver = {
    .name = "virtio_net",
    .id = VIRTIO_ID_NET,
    .probe = virtio_net_probe,
};
VIRTIO_DRIVER(virtio_net_driver);
