/* SPDX-License-Identifier: MIT */
/*
 * virtqueue.h - the split virtqueue: how a driver hands buffers to a device
 * and gets them back. [virtio 1.2 §2.7] The bodies are lab 05's.
 *
 * The ring is one piece of memory, laid out as the legacy interface demands
 * [virtio 1.2 §2.7.2], which modern devices accept as well:
 *
 *     memory                          num descriptors of 16 bytes
 *       +-----------------------------------------------------+
 *       | desc[0] | desc[1] | desc[2] | ...        | desc[num-1] |
 *       +-----------------------------------------------------+
 *       | avail: flags | idx | ring[0..num-1] | used_event    |  driver writes
 *       +- - - - - - - - padding to 4096 - - - - - - - - - - -+
 *       | used:  flags | idx | ring[0..num-1] | avail_event   |  device writes
 *       +-----------------------------------------------------+
 *
 * The driver writes avail and desc and only reads used; the device the other
 * way round. Both idx run freely from 0 to 65535 and wrap to 0; the place in
 * the ring is idx modulo num.
 *
 * What the driver must be able to trust it keeps to itself, in struct virtq
 * and its chains: nothing in desc and avail is ever read back, and every
 * number in used is read once and then held against what is known.
 */
#ifndef VIRTIO_VIRTQUEUE_H
#define VIRTIO_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/endian.h"

enum { VIRTQ_NUM_MAX = 32768, VIRTQ_ALIGN = 4096 };

/* [virtio 1.2 §2.7.5]
 *      0               8       12      14      16
 *      +---------------+-------+-------+-------+
 *      | addr          | len   | flags | next  |
 *      +---------------+-------+-------+-------+        */
struct virtq_desc {
    le64 addr;              /* bus address of the buffer */
    le32 len;               /* in bytes */
    le16 flags;             /* VIRTQ_DESC_F_* */
    le16 next;              /* the chain goes on here, if F_NEXT */
};
_Static_assert(sizeof(struct virtq_desc) == 16, "virtio 1.2 §2.7.5");

#define VIRTQ_DESC_F_NEXT 1     /* the buffer goes on in desc[next] */
#define VIRTQ_DESC_F_WRITE 2    /* the device writes it (else: reads it) */

/* [virtio 1.2 §2.7.6] */
struct virtq_avail {
    le16 flags;             /* VIRTQ_AVAIL_F_NO_INTERRUPT, or 0 */
    le16 idx;               /* where the driver will put its next entry */
    le16 ring[];            /* heads of descriptor chains */
};
_Static_assert(sizeof(struct virtq_avail) == 4, "virtio 1.2 §2.7.6");

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

/* [virtio 1.2 §2.7.8] */
struct virtq_used_elem {
    le32 id;                /* head of the chain that the device is done with */
    le32 len;               /* bytes that the device wrote into it */
};
_Static_assert(sizeof(struct virtq_used_elem) == 8, "virtio 1.2 §2.7.8");

struct virtq_used {
    le16 flags;             /* VIRTQ_USED_F_NO_NOTIFY, or 0 */
    le16 idx;               /* where the device will put its next element */
    struct virtq_used_elem ring[];
};
_Static_assert(sizeof(struct virtq_used) == 4, "virtio 1.2 §2.7.8");

#define VIRTQ_USED_F_NO_NOTIFY 1

/* Where the parts lie, and how large the whole is, in bytes. The two bytes
 * behind each ring are used_event and avail_event. */
static inline size_t virtq_avail_offset(uint16_t num)
{
    return sizeof(struct virtq_desc) * num;
}

static inline size_t virtq_used_offset(uint16_t num)
{
    size_t avail_end = virtq_avail_offset(num) + sizeof(struct virtq_avail) +
                       sizeof(le16) * (num + 1u);
    return (avail_end + VIRTQ_ALIGN - 1) & ~(size_t)(VIRTQ_ALIGN - 1);
}

static inline size_t virtq_size(uint16_t num)
{
    return virtq_used_offset(num) + sizeof(struct virtq_used) +
           sizeof(struct virtq_used_elem) * num + sizeof(le16);
}

/* What the driver remembers of desc[i], where no device can write: which one
 * follows it; and, if a chain in flight begins there, of the chain. */
struct virtq_chain {
    void *token;            /* the caller's word for it; NULL: not in flight */
    uint16_t count;         /* descriptors in it */
    uint16_t next;          /* descriptor behind this one: in its chain, or
                               in the list of the free ones */
    uint32_t writable;      /* bytes that the device may write */
};

/*
 * The driver's side of one virtqueue.
 *
 * Invariants, between calls:
 *   - free descriptors + descriptors of chains in flight == num;
 *   - the free descriptors are a list: free_head, then chains[].next;
 *   - chains[head].token is not NULL exactly when the chain that begins with
 *     desc[head] is in flight;
 *   - what the device may see (avail->idx) never runs ahead of what is there.
 */
struct virtq {
    uint16_t num;                   /* size, a power of two */
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    const volatile struct virtq_used *used; /* the device writes it whenever
                                       it likes: what is read twice may be
                                       two different numbers */

    uint16_t free_head;             /* first free descriptor, if any */
    uint16_t num_free;
    uint16_t avail_idx;             /* our copy of avail->idx */
    uint16_t last_used;             /* how far we have read the used ring */
    uint16_t kicked;                /* avail_idx at the last virtq_kick() */
    bool broken;                    /* the device broke the protocol: see
                                       virtq_break() */
    struct virtq_chain *chains;     /* num of them, one a descriptor */

    /* The transport's: where to announce, and whom to tell. */
    void (*notify)(struct virtq *vq);
    void *transport;
    uint16_t index;                 /* which of the device's queues */
    const char *name;               /* "net0 receive", for messages */

    /* suppress.c's. */
    bool event_idx;                 /* used_event and avail_event count */
    bool hushed;                    /* else: we asked for no interrupts */
    uint16_t announced;             /* avail_idx at the last vq->notify() */
    void (*doorbell)(struct virtq *vq); /* with event_idx: the transport's
                                       notify, where ours stands before it */
};

/* A piece of memory of ours, contiguous, for one descriptor. */
struct virtq_buffer {
    void *data;
    uint32_t len;                   /* in bytes, not 0 */
};

/*
 * Makes `vq` an empty queue of `num` descriptors in `memory`, which is
 * virtq_size(num) bytes aligned to VIRTQ_ALIGN, their content undefined;
 * `chains` has num elements. Touches only the fields above "The transport's".
 * Returns 0, or -EINVAL when num is 0, not a power of two, or above
 * VIRTQ_NUM_MAX. Memory and chains stay the caller's, who keeps them for as
 * long as the device has the queue. [virtio 1.2 §2.7]
 */
int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains);

/*
 * Hands one chain to the device: `out` buffers for it to read, then `in` for
 * it to write, from `buffers` in this order. `token` (not NULL) is what
 * virtq_poll() will give back. The buffers belong to the device until then;
 * the array itself may go. They are less than 4 GiB together: the caller sees
 * to it. The device need not look before virtq_kick().
 * Returns 0, or looks in this order and changes nothing: -EIO when the queue is
 * broken; -EINVAL when there is no buffer or no token; -ENOSPC when fewer than
 * out + in descriptors are free (the sum may not fit in an unsigned), before
 * `buffers` is read; -EINVAL when a length is 0. Does not block; not from a
 * handler.
 * [virtio 1.2 §2.7.13]
 */
int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token);

/*
 * Announces what was added since the last kick, by vq->notify(vq): once for
 * however many, not at all when there was nothing, nor when the device has
 * said that it needs no telling, nor when the queue is broken.
 * [virtio 1.2 §2.7.13.4, §2.7.10]
 */
void virtq_kick(struct virtq *vq);

/*
 * The next chain that the device is done with: its token, its descriptors
 * free again, and in *len how many bytes the device wrote. NULL when there is
 * none, or the queue is broken.
 * The device is not believed: an id that is not a head in flight, a length
 * above what the chain has to write, or an idx that is further ahead than
 * there are chains, and the queue is broken (virtq_break) and gives and takes
 * nothing more. [virtio 1.2 §2.7.14]
 */
void *virtq_poll(struct virtq *vq, uint32_t *len);

/* Given: declares the device of `vq` broken, in one line on the console that
 * says why ("used id is not the head of a chain in flight"). Once is enough.
 * The chains that it held stay out: a device that breaks the protocol may
 * still write to them. */
void virtq_break(struct virtq *vq, const char *why);

/* Given: for devices that are known to count in used len what they have read
 * as well, where they should not (QEMU's SCSI controller; legacy devices of
 * several kinds): the chain that was just added may come back with `more` bytes
 * than it has to write, UINT32_MAX for any number. `head` is what
 * vq->free_head was before it was added. */
void virtq_allow(struct virtq *vq, uint16_t head, uint32_t more);

/* Given: the token of a chain that a broken queue still holds, each once, in
 * no order that means anything; NULL when there are no more. Only when the
 * device has been reset (virtio_reset), as the buffers are the caller's from
 * here on. */
void *virtq_take_back(struct virtq *vq);

/*
 * Given, in suppress.c: how seldom driver and device need tell each other.
 * [virtio 1.2 §2.7.7, §2.7.10]
 *
 * virtq_event_idx(), once vq->notify is set and before anything is added: the
 * features agreed on have VIRTIO_F_EVENT_IDX. From now on vq->notify() bothers
 * the device only when it has asked to be told of what is announced.
 */
void virtq_event_idx(struct virtq *vq);

/* Whoever is looking at the used ring anyway needs no interrupts: none from
 * here to the next virtq_listen(), so far as the device minds. It is a hint:
 * one may come all the same. */
void virtq_hush(struct virtq *vq);

/* Interrupts again: one is to come as soon as `chains` more are used than
 * virtq_poll() has given; with event_idx it is the only one until the next
 * call, without it one may come for each. `chains` is at least 1; where fewer
 * are in flight, nothing comes before that many have been added.
 * True when so many are used already: then nothing may come, and it is the
 * caller's to look again. So only after a false may one go to sleep. False of
 * a broken queue. */
bool virtq_listen(struct virtq *vq, uint16_t chains);

/* Announces again, whatever the device has asked for: what has been announced
 * may not have come to its notice. What has not been is the driver's to
 * announce, and waits for that. */
void virtq_remind(struct virtq *vq);

/* How many chains are in flight. */
static inline uint16_t virtq_in_flight(const struct virtq *vq)
{
    return (uint16_t)(vq->avail_idx - vq->last_used);
}

#endif
