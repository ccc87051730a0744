/* SPDX-License-Identifier: MIT */
/*
 * virtqueue.c - another right answer to lab 05: nothing is published before
 * virtq_kick(), chains are built from their last descriptor to their first,
 * and descriptors come back to the end of the free list, found by walking it.
 */
#include "drivers/virtio/core/virtqueue.h"

#include "arch/arch.h"
#include "lib/errno.h"

static uint16_t mask(const struct virtq *vq)
{
    return vq->num - 1;
}

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    uint8_t *bytes = memory;
    unsigned bits = 0;

    for (unsigned n = num; n; n >>= 1)
        bits += n & 1;
    if (bits != 1)
        return -EINVAL;

    vq->num = vq->num_free = num;
    vq->desc = memory;
    vq->avail = (struct virtq_avail *)(bytes + virtq_avail_offset(num));
    vq->used = (const struct virtq_used *)(bytes + virtq_used_offset(num));
    vq->chains = chains;
    vq->free_head = vq->avail_idx = vq->last_used = vq->kicked = 0;
    vq->broken = false;

    for (size_t i = 0; i < virtq_size(num); i++)
        bytes[i] = 0;
    for (unsigned i = 0; i < num; i++) {
        chains[i].next = (i + 1) & mask(vq);
        chains[i].token = NULL;
    }
    return 0;
}

/* Steps along a list of descriptors. */
static uint16_t along(const struct virtq *vq, uint16_t from, unsigned steps)
{
    while (steps--)
        from = vq->chains[from].next;
    return from;
}

static int acceptable(const struct virtq *vq,
                      const struct virtq_buffer *buffers, uint64_t count,
                      const void *token)
{
    if (vq->broken)
        return -EIO;
    if (!token || !count)
        return -EINVAL;
    if (count > vq->num_free)
        return -ENOSPC;
    while (count--)
        if (!buffers[count].len)
            return -EINVAL;
    return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    int error = acceptable(vq, buffers, (uint64_t)out + in, token);
    if (error)
        return error;

    uint16_t head = vq->free_head;
    unsigned count = out + in;
    struct virtq_chain *chain = &vq->chains[head];
    chain->token = token;
    chain->count = (uint16_t)count;
    chain->writable = 0;
    vq->free_head = along(vq, head, count);

    for (unsigned n = count; n-- > 0;) {
        uint16_t i = along(vq, head, n);
        struct virtq_desc *d = &vq->desc[i];
        d->addr = cpu_to_le64(virt_to_bus(buffers[n].data));
        d->len = cpu_to_le32(buffers[n].len);
        d->flags = 0;
        d->next = cpu_to_le16(vq->chains[i].next);
        if (n + 1 != count)
            d->flags |= cpu_to_le16(VIRTQ_DESC_F_NEXT);
        if (n < out)
            continue;
        d->flags |= cpu_to_le16(VIRTQ_DESC_F_WRITE);
        chain->writable += buffers[n].len;
    }
    vq->num_free -= (uint16_t)count;
    vq->avail->ring[vq->avail_idx++ & mask(vq)] = cpu_to_le16(head);
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    if (vq->broken || vq->kicked == vq->avail_idx)
        return;
    arch_write_barrier();
    vq->avail->idx = cpu_to_le16(vq->kicked = vq->avail_idx);
    arch_full_barrier();
    if (!(le16_to_cpu(vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY))
        vq->notify(vq);
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    uint16_t ahead = le16_to_cpu(vq->used->idx) - vq->last_used;
    uint16_t out_there = vq->avail_idx - vq->last_used;

    if (vq->broken || !ahead)
        return NULL;
    if (ahead > out_there)
        goto liar;
    arch_read_barrier();

    struct virtq_used_elem e = vq->used->ring[vq->last_used & mask(vq)];
    uint32_t id = le32_to_cpu(e.id);    /* of the copy */
    if (id >= vq->num || !vq->chains[id].token ||
        le32_to_cpu(e.len) > vq->chains[id].writable)
        goto liar;

    struct virtq_chain done = vq->chains[id];
    vq->chains[id].token = NULL;
    if (vq->num_free == 0)
        vq->free_head = (uint16_t)id;
    else
        vq->chains[along(vq, vq->free_head, vq->num_free - 1u)].next =
            (uint16_t)id;
    vq->num_free += done.count;
    vq->last_used++;
    *len = le32_to_cpu(e.len);
    return done.token;

liar:
    virtq_break(vq, "the used ring is not what it can be");
    return NULL;
}
