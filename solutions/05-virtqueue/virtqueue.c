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
    if (num == 0 || num > VIRTQ_NUM_MAX || (num & (num - 1)) != 0)
        return -EINVAL;

    memset(memory, 0, virtq_size(num));
    vq->num = num;
    vq->desc = memory;
    vq->avail = (void *)((char *)memory + virtq_avail_offset(num));
    vq->used = (void *)((char *)memory + virtq_used_offset(num));
    vq->chains = chains;

    /* The last one's next is as good as any: num_free says where to stop. */
    for (uint16_t i = 0; i < num; i++)
        chains[i] = (struct virtq_chain){ .next = (i + 1) & (num - 1) };
    vq->free_head = 0;
    vq->num_free = num;
    vq->avail_idx = 0;
    vq->last_used = 0;
    vq->kicked = 0;
    vq->broken = false;
    return 0;
    /* END 5.1 */
}

/* Lets the device see everything up to vq->avail_idx. The descriptors of the
 * chain and its entry in avail->ring must be visible first: a device that is
 * awake follows them the moment it sees the new idx. */
static inline void publish(struct virtq *vq)
{
    /* TODO 5.2 publish: the one place where avail->idx is written. Which
     * barrier keeps the sentence above? [virtio 1.2 §2.7.13.3] */
    arch_write_barrier();
    vq->avail->idx = cpu_to_le16(vq->avail_idx);
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
    if (vq->broken)
        return -EIO;
    if ((out == 0 && in == 0) || token == NULL)
        return -EINVAL;
    if (out > vq->num_free || in > vq->num_free - out)
        return -ENOSPC;

    /* These are free for as long as free_head leads to them: whoever turns back
     * half-way has changed nothing. */
    unsigned count = out + in;
    uint16_t head = vq->free_head;
    uint16_t at = head;
    uint32_t writable = 0;
    for (unsigned left = count; left > 0; left--, buffers++) {
        struct virtq_desc *desc = &vq->desc[at];
        uint16_t flags = left > 1 ? VIRTQ_DESC_F_NEXT : 0;

        if (buffers->len == 0)
            return -EINVAL;
        if (left <= in) {
            flags |= VIRTQ_DESC_F_WRITE;
            writable += buffers->len;
        }
        desc->addr = cpu_to_le64(virt_to_bus(buffers->data));
        desc->len = cpu_to_le32(buffers->len);
        desc->flags = cpu_to_le16(flags);
        at = vq->chains[at].next;
        desc->next = cpu_to_le16(at);
    }
    vq->free_head = at;
    vq->num_free -= (uint16_t)count;

    struct virtq_chain *chain = &vq->chains[head];
    chain->token = token;
    chain->count = (uint16_t)count;
    chain->writable = writable;

    /* num is a power of two, so this is avail_idx modulo num. */
    vq->avail->ring[vq->avail_idx & (vq->num - 1)] = cpu_to_le16(head);
    vq->avail_idx++;
    publish(vq);
    return 0;
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
    if (vq->broken || vq->kicked == vq->avail_idx)
        return;
    vq->kicked = vq->avail_idx;

    arch_full_barrier();
    if ((le16_to_cpu(vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY) == 0)
        vq->notify(vq);
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
    if (vq->broken)
        return NULL;

    /* Differences of free-running indices: right also across the wrap. */
    uint16_t in_flight = vq->avail_idx - vq->last_used;
    uint16_t ready = le16_to_cpu(vq->used->idx) - vq->last_used;
    if (ready == 0)
        return NULL;
    if (ready > in_flight) {
        virtq_break(vq, "used idx is further than there are chains");
        return NULL;
    }
    arch_read_barrier();

    uint16_t place = vq->last_used & (vq->num - 1);
    const volatile struct virtq_used_elem *elem = &vq->used->ring[place];
    uint32_t head = le32_to_cpu(elem->id);
    uint32_t written = le32_to_cpu(elem->len);
    if (head >= vq->num || vq->chains[head].token == NULL) {
        virtq_break(vq, "used id is not the head of a chain in flight");
        return NULL;
    }
    struct virtq_chain *chain = &vq->chains[head];
    if (written > chain->writable) {
        virtq_break(vq, "used len is more than the chain has to write");
        return NULL;
    }

    /* The chain is linked as it was: its last joins the free list's first. */
    uint16_t last = (uint16_t)head;
    for (uint16_t i = 1; i < chain->count; i++)
        last = vq->chains[last].next;
    vq->chains[last].next = vq->free_head;
    vq->free_head = (uint16_t)head;
    vq->num_free += chain->count;

    void *token = chain->token;
    chain->token = NULL;
    vq->last_used++;
    *len = written;
    return token;
    /* END 5.4 */
}
