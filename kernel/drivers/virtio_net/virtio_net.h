/* SPDX-License-Identifier: MIT */
/*
 * virtio_net.h - a virtio network card. [virtio 1.2 §5.1]
 *
 *     netdev->send()                      netdev->receive()     the stack
 *          |      ^ release()                 ^      | release()
 *          v      |                           |      v
 *     virtio_net_send                  virtio_net_receive        lab 09's
 *     virtio_net_reclaim               virtio_net_post
 *          |      ^                           ^      |
 *          v      |                           |      v
 *         transmitq                          receiveq            lab 05's
 *
 * Both queues have buffers of their own, so that neither direction can starve
 * the other: what waits to be sent never keeps a frame from coming in.
 *
 * Given are features and configuration (setup.c), the buffers (pools.c), and
 * when what is called (work.c); lab 09 fills and empties the queues.
 */
#ifndef DRIVERS_VIRTIO_NET_H
#define DRIVERS_VIRTIO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/virtio/core/virtio.h"
#include "lib/endian.h"
#include "net/netdev.h"

/* Stands before every frame, in both directions. [virtio 1.2 §5.1.6]
 *      0       1          2         4          6            8             10
 *      +-------+----------+---------+----------+------------+-------------+--
 *      | flags | gso_type | hdr_len | gso_size | csum_start | csum_offset | >
 *      +-------+----------+---------+----------+------------+-------------+--
 *        10             12
 *      --+-------------+
 *      > | num_buffers |       (not with a legacy device, which has it only
 *      --+-------------+       if VIRTIO_NET_F_MRG_RXBUF: never, with us)
 *
 * How many of the bytes there are is in virtio_net.header_size. */
struct virtio_net_hdr {
    uint8_t flags;
    uint8_t gso_type;
    le16 hdr_len;
    le16 gso_size;
    le16 csum_start;
    le16 csum_offset;
    le16 num_buffers;
};
_Static_assert(sizeof(struct virtio_net_hdr) == 12, "virtio 1.2 §5.1.6");

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2
#define VIRTIO_NET_HDR_GSO_TCPV4 1

enum {
    VIRTIO_NET_HDR_LEGACY = 10,
    /* Descriptors in each queue, at most; a legacy card may have more, and
     * then some are never used. */
    VIRTIO_NET_QUEUE_MAX = 256,
    VIRTIO_NET_RX_PIECES = 2, /* descriptors of a receive buffer, at most */
    /* Bytes in a frame that the device cuts: the most that IPv4 can say. */
    VIRTIO_NET_CUT_MAX = ETHERNET_HEADER_SIZE + 65535,
};

/* A receive buffer: in the ring, or lent to the stack. */
struct virtio_net_rx {
    struct netbuf netbuf; /* its release is virtio_net_release() */
    struct virtio_net *net;
    uint8_t *memory; /* net->buffer_size bytes: header, then frame */
    /* All of it, in the pieces in which the card shall have it. */
    struct virtq_buffer pieces[VIRTIO_NET_RX_PIECES];
    unsigned piece_count;
};

/* A frame on its way out. */
struct virtio_net_tx {
    struct virtio_net_hdr hdr;
    struct netbuf *frame; /* the chain that we owe a release */
    struct virtio_net_tx *next_free;
};

/*
 * Invariants, between calls:
 *   - every virtio_net_rx is in the receiveq, or lent to the stack;
 *   - every virtio_net_tx is in the transmitq, or on the list tx_free.
 */
struct virtio_net {
    struct netdev netdev;
    struct virtio_device *device;
    struct virtq receiveq;
    struct virtq transmitq;

    uint32_t header_size; /* of a virtio_net_hdr, in bytes, for this card */
    bool header_apart;    /* it wants a descriptor of its own to write the
                             header into [virtio 1.2 §5.1.6.6] */
    uint32_t buffer_size; /* of each receive buffer, in bytes */
    uint32_t frame_max;   /* bytes in a frame to send that is not cut */
    uint64_t received, sent; /* frames, counted by work.c */
    unsigned rx_count;
    struct virtio_net_rx *rx;
    struct virtio_net_tx *tx_free;
    bool blocked; /* a send found no room: writable() is owed */
    bool stopped; /* could not be brought up, or broke: out of use for good */

    struct event_work receive_work;
    struct event_work transmit_work;
    struct event_work config_work;
    struct event_work kick_work;
    struct event_timer tidy_timer;
    struct virtio_watch receive_watch; /* as interrupts can get lost */
    struct virtio_watch transmit_watch;
    char receive_name[16]; /* "net0 receive", for messages */
    char transmit_name[16];
};

/* The seldom half of a function below. */
void virtio_net_kick_posted(struct virtio_net *net);

/* ---- Lab 09's ---------------------------------------------------------- */

/* Puts `rx` into the receiveq, empty, in the pieces that the card wants
 * (rx->pieces). Does not kick. Returns what virtq_add() does; there is always
 * room, as there are no more buffers than fit. */
int virtio_net_post(struct virtio_net *net, struct virtio_net_rx *rx);

/* The release() of a receive buffer's netbuf: the stack is done with the
 * frame. Posts the buffer again and calls virtio_net_kick_later(). */
void virtio_net_release(struct netbuf *nb);

/* Takes at most `limit` frames out of the receiveq and lends each to
 * netdev.receive() where it lies, behind the header, which stays as it is: what
 * it says of the frame's checksum is read there (netdev_sum()). One that
 * is shorter than the two headers, or comes before there is a receive(), goes
 * straight back, and the card is told as by virtio_net_release(). Returns how
 * many it took out, lent or not. */
unsigned virtio_net_receive(struct virtio_net *net, unsigned limit);

/* Puts `frame` into the transmitq: a descriptor for the header, which is
 * net->header_size long, and one for each netbuf that is not empty. Does not
 * kick. See netdev->send for who owns what and for the result.
 * [virtio 1.2 §5.1.6.2] */
int virtio_net_send(struct virtio_net *net, struct netbuf *frame);

/* Takes back what the device has sent: releases the netbufs of each frame. */
void virtio_net_reclaim(struct virtio_net *net);

/* ---- Given ------------------------------------------------------------- */

/* A virtio_net_tx to send a frame with; NULL when all are on their way. And
 * back. */
static inline struct virtio_net_tx *virtio_net_tx_get(struct virtio_net *net)
{
    struct virtio_net_tx *tx = net->tx_free;

    if (tx != NULL)
        net->tx_free = tx->next_free;
    return tx;
}

static inline void virtio_net_tx_put(struct virtio_net *net,
                                     struct virtio_net_tx *tx)
{
    tx->next_free = net->tx_free;
    net->tx_free = tx;
}

/* Room for any frame, patient or not. A quarter of the ring is for frames that
 * nobody sends again: answers to ARP and to pings would get lost just when
 * there is much to do. */
static inline bool virtio_net_has_room(const struct virtio_net *net)
{
    return net->tx_free != NULL &&
           net->transmitq.num_free > NETDEV_PIECES_MAX &&
           net->transmitq.num_free > net->transmitq.num / 4;
}

/* Sees to it that both queues are kicked once, when what is ready in the
 * event loop now has run: one announcement for a whole round of frames. */
static inline void virtio_net_kick_later(struct virtio_net *net)
{
    if (!net->kick_work.posted)
        virtio_net_kick_posted(net);
}

/* All of rx->memory, in the pieces in which the card shall have it: one, or,
 * of an old card, two. Returns how many. They stay the same, so rx->pieces has
 * them from the start. [virtio 1.2 §5.1.6.3, §5.1.6.6] */
unsigned virtio_net_rx_pieces(const struct virtio_net_rx *rx,
                              struct virtq_buffer pieces[VIRTIO_NET_RX_PIECES]);

/* Fills in, into a header that is all zero, what the device shall finish of
 * `frame`: its checksum, its segments. [virtio 1.2 §5.1.6.2] */
static inline void virtio_net_offload(struct virtio_net_hdr *hdr,
                                      const struct netbuf *frame)
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

/* For setup.c: what each work of the card does; and, once the card stands, that
 * it is done from here on. */
void virtio_net_prepare(struct virtio_net *net);
void virtio_net_begin(struct virtio_net *net);

/* For setup.c: a frame found no room, and whoever sent it is to be told when
 * there is some. */
void virtio_net_block(struct virtio_net *net);

/* For work.c: what the card says of its link; true when it says nothing. */
bool virtio_net_link_is_up(struct virtio_net *net);

/* For setup.c: all buffers of a card whose queues stand, the receive buffers
 * posted. 0 or -ENOMEM, or what virtq_add() says. */
int virtio_net_pools(struct virtio_net *net);

#endif
