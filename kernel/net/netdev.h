/* SPDX-License-Identifier: MIT */
/*
 * netdev.h - the waist between network cards and what speaks over them.
 *
 * Above it nothing knows a driver, below it nothing knows a protocol. All of
 * it runs in the event loop, none of it in an interrupt handler.
 */
#ifndef NET_NETDEV_H
#define NET_NETDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ETHERNET_ADDRESS_SIZE = 6,
    ETHERNET_HEADER_SIZE = 14,
    ETHERNET_FRAME_MAX = 1514,      /* header and 1500 bytes, no checksum */
    NETDEV_PIECES_MAX = 16,         /* netbufs in a frame to send */
};

/*
 * A piece of memory that holds a frame or a part of one.
 *
 * Sending: a frame is a chain linked by `next`. netdev->send() takes the chain
 * over when it returns 0; from then on the memory belongs to the driver, which
 * may not change it, and gives it back by calling release() once for each
 * netbuf of the chain, in any order: when the next frame comes in after the
 * device is through with it, or within some ten milliseconds. When send() fails
 * nothing was taken and nothing is released.
 *
 * Receiving: the driver lends one netbuf a frame to netdev->receive(); who
 * gets it gives it back by calling release() once, now or later. The ring has
 * that buffer less until then.
 */
struct netbuf {
    struct netbuf *next;        /* the rest of the frame, NULL at its end */
    uint8_t *data;
    uint32_t len;               /* of this piece, in bytes */

    /* The first netbuf of a frame to send says what the device shall finish.
     * Zero: nothing. Only what netdev->features has may be asked for. */
    uint16_t csum_start;        /* sum from here to the end of the frame ... */
    uint16_t csum_offset;       /* ... into the 16 bits here, from csum_start */
    uint16_t gso_size;          /* cut the payload into pieces of this size */
    uint16_t header_len;        /* Ethernet, IP and TCP headers, when cutting */
    bool patient;               /* its sender tries again: the last of the
                                   room is for frames that are not sent twice */

    void (*release)(struct netbuf *nb);
    void *owner;                /* for whoever set release */
};

enum netdev_feature {
    NETDEV_CHECKSUM = 1 << 0,   /* completes checksums on what is sent */
    NETDEV_TSO4 = 1 << 1,       /* cuts TCP over IPv4 */
};

/* What a card may say of a frame that came in, about the checksum of the TCP or
 * UDP in it. A frame from the very machine that the card is part of has not
 * been on a wire, where its bytes could change; its checksum may be left out,
 * and then what is there instead means nothing. */
enum netdev_sum {
    NETDEV_SUM_LEFT_OUT = 1 << 0,       /* and those before it, as IP's own,
                                           the card has looked at */
    NETDEV_SUM_RIGHT = 1 << 1,          /* the card has looked at it */
};

/* What a card has done, and what it has in hand just now. */
struct netdev_usage {
    uint64_t received, sent;    /* frames, since the start */
    unsigned receive_buffers;   /* there are */
    unsigned receive_ready;     /* of these, waiting for a frame */
    unsigned transmit_busy;     /* descriptors of frames on their way out */
};

struct netdev {
    char name[8];               /* "net0" */
    uint8_t address[ETHERNET_ADDRESS_SIZE];
    uint16_t mtu;               /* bytes of payload a frame, 1500 or told */
    uint32_t features;          /* enum netdev_feature */
    uint8_t sum_before;         /* so many bytes before a frame that came in
                                   lies its enum netdev_sum; 0: nowhere */
    bool link_up;

    /* The driver's. Sends one frame; see struct netbuf for who owns what.
     * Returns 0, -ENOSPC when the ring is full, or has none but the last of
     * its room for one who is patient (try again after writable()),
     * -EINVAL for a frame that is shorter than an Ethernet header, too long,
     * or in more pieces than NETDEV_PIECES_MAX (empty ones don't count), -EIO
     * when the device is broken. What was sent in one round of the event loop
     * is announced to the device together. */
    int (*send)(struct netdev *dev, struct netbuf *frame);

    void (*usage)(struct netdev *dev, struct netdev_usage *out);

    /* Set by who speaks over the card, before the first round of the event
     * loop; frames that come before are given straight back. */
    void (*receive)(struct netdev *dev, struct netbuf *frame);
    void (*writable)(struct netdev *dev);       /* room again; may be NULL */
    void (*link_changed)(struct netdev *dev);   /* may be NULL */
    void *stack;                /* for whoever set them */

    struct netdev *next;
};

/* Makes a card known, for good; numbers it "net0", "net1", ... in the order
 * in which buses find them. For drivers. */
void netdev_add(struct netdev *dev);

/* The card of that name, or NULL. */
struct netdev *netdev_find(const char *name);

/* What the card says of this frame that came in; 0: nothing, it is to be
 * checked like any other. */
static inline enum netdev_sum netdev_sum(const struct netdev *dev,
                                         const struct netbuf *frame)
{
    if (dev->sum_before == 0)
        return 0;
    return frame->data[-(int)dev->sum_before] &
           (NETDEV_SUM_LEFT_OUT | NETDEV_SUM_RIGHT);
}

#endif
