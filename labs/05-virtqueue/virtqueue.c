/* SPDX-License-Identifier: MIT */
/*
 * virtqueue.c - the driver's side of a split virtqueue.
 *
 * Above it stand the drivers (virtio_rng, virtio_net), which hand over chains
 * of buffers and want them back; below it lies only memory that the device
 * reads and writes whenever it likes. Which memory that is, how the device is
 * told of the ring, and the interrupt that says "look again" are left to the
 * transport; what to do with a device that breaks the protocol, to
 * virtq_break(). The contracts and a picture are in virtqueue.h.
 */
#include "drivers/virtio/core/virtqueue.h"

#include "arch/arch.h"
#include "core/panic.h"
#include "lib/errno.h"
#include "lib/string.h"

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    /* TODO 5.1 virtq_init: refuse a `num` that can't be. The memory's content
     * is undefined: what must the device find in it? (vq->used is const:
     * zero by way of `memory`.) Point desc, avail and used at their places
     * (virtq_avail_offset, virtq_used_offset). Then make the invariants in
     * struct virtq true: every descriptor is free and on the list that begins
     * at free_head, and no chain is in flight. The transport's fields are not
     * yours to touch. [virtio 1.2 §2.7.2] */
    lab_todo("5.1 virtq_init");
    /* END 5.1 */
}

/* Lets the device see everything up to vq->avail_idx. The descriptors of the
 * chain and its entry in avail->ring must be visible first: a device that is
 * awake follows them the moment it sees the new idx. */
static inline void publish(struct virtq *vq)
{
    /* TODO 5.2 publish: the one place where avail->idx is written. Which
     * barrier keeps the sentence above? [virtio 1.2 §2.7.13.3] */
    lab_todo("5.2 publish");
    /* END 5.2 */
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    /* TODO 5.2 virtq_add: check first and change nothing until all is well.
     * Then take out + in descriptors off the free list and fill them in
     * order: addr (virt_to_bus), len, and in flags WRITE when the device
     * writes the buffer and NEXT, with the number of the next, when the chain
     * goes on. The free list links them already, by chains[].next: yours to
     * believe, where desc[].next is not. Remember the chain under its head,
     * put the head into avail->ring at its place (how does a free-running
     * index become a place?), and publish. Keep the invariants of struct
     * virtq.
     * [virtio 1.2 §2.7.13.1, §2.7.13.2] */
    lab_todo("5.2 virtq_add");
    /* END 5.2 */
}

void virtq_kick(struct virtq *vq)
{
    /* TODO 5.3 virtq_kick: nothing new, nothing to announce. The device may
     * have asked not to be told (VIRTQ_USED_F_NO_NOTIFY), and takes the wish
     * back when it goes to sleep; it then looks at avail->idx a last time.
     * So your idx must be visible before you read its wish, or each of you
     * waits for the other: which barrier gives that?
     * [virtio 1.2 §2.7.13.4.1] */
    lab_todo("5.3 virtq_kick");
    /* END 5.3 */
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    /* TODO 5.4 virtq_poll: is there an element that you have not read yet?
     * Both indices run freely and wrap at 65536: last_used is no place in the
     * ring. What must stand between reading used->idx and reading the
     * element? Read each of its numbers once, and believe none until you have
     * held it against what you remember yourself (how many chains are in
     * flight? what did this one have to write?): one that can't be is for
     * virtq_break(). Then put the chain's descriptors back on the free list,
     * and keep the invariants. [virtio 1.2 §2.7.14] */
    lab_todo("5.4 virtq_poll");
    /* END 5.4 */
}
