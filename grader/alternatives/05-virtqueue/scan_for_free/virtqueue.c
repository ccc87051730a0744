/* SPDX-License-Identifier: MIT */
/*
 * virtqueue.c - another right answer to lab 05: there is no free list. Which
 * descriptors are taken stands in chains[].count, one for each; free ones are
 * looked for down the table, round and round. virtq_poll() works on a copy of
 * all it has read.
 */
#include "drivers/virtio/core/virtqueue.h"

#include "arch/arch.h"
#include "lib/errno.h"
#include "lib/string.h"

int virtq_init(struct virtq *vq, uint16_t num, void *memory,
               struct virtq_chain *chains)
{
    switch (num) {
    case 1: case 2: case 4: case 8: case 16: case 32: case 64: case 128:
    case 256: case 512: case 1024: case 2048: case 4096: case 8192:
    case 16384: case 32768:
        break;
    default:
        return -EINVAL;
    }
    vq->broken = false;
    vq->chains = memset(chains, 0, sizeof *chains * num);
    vq->desc = memset(memory, 0, virtq_size(num));
    vq->avail = (void *)((uintptr_t)memory + virtq_avail_offset(num));
    vq->used = (void *)((uintptr_t)memory + virtq_used_offset(num));
    vq->num = num;
    vq->num_free = num;
    vq->avail_idx = 0;
    vq->kicked = 0;
    vq->last_used = 0;
    vq->free_head = 0;
    return 0;
}

/* A descriptor that is in no chain; there is one. The search goes on where the
 * last one ended. */
static uint16_t take(struct virtq *vq)
{
    uint16_t i = vq->free_head;
    do
        i = (i == 0 ? vq->num : i) - 1;
    while (vq->chains[i].count != 0);
    vq->free_head = i;
    vq->chains[i].count = 1;
    vq->num_free--;
    return i;
}

static void describe(struct virtq *vq, uint16_t i,
                     const struct virtq_buffer *buffer, uint16_t flags)
{
    vq->desc[i] = (struct virtq_desc){
        .addr = cpu_to_le64(virt_to_bus(buffer->data)),
        .len = cpu_to_le32(buffer->len),
        .flags = cpu_to_le16(flags),
    };
}

int virtq_add(struct virtq *vq, const struct virtq_buffer *buffers,
              unsigned out, unsigned in, void *token)
{
    uint32_t writable = 0;
    unsigned room = vq->num_free, i;

    if (vq->broken)
        return -EIO;
    if (token == NULL || (out | in) == 0)
        return -EINVAL;
    if (out > room || in > room || out + in > room)
        return -ENOSPC;
    for (i = 0; i < out + in; i++) {
        if (buffers[i].len == 0)
            return -EINVAL;
        writable += i < out ? 0 : buffers[i].len;
    }

    uint16_t head = take(vq), at = head;
    describe(vq, head, &buffers[0], out ? 0 : VIRTQ_DESC_F_WRITE);
    for (i = 1; i < out + in; i++) {
        uint16_t next = take(vq);
        describe(vq, next, &buffers[i], i < out ? 0 : VIRTQ_DESC_F_WRITE);
        vq->desc[at].next = cpu_to_le16(next);
        vq->chains[at].next = next;
        vq->desc[at].flags |= cpu_to_le16(VIRTQ_DESC_F_NEXT);
        at = next;
    }
    vq->chains[at].next = vq->num;      /* the last of its chain */
    vq->chains[head].token = token;
    vq->chains[head].writable = writable;
    vq->avail->ring[vq->avail_idx % vq->num] = cpu_to_le16(head);
    arch_full_barrier();        /* more than is needed, and right */
    vq->avail_idx++;
    vq->avail->idx = cpu_to_le16(vq->avail_idx);
    return 0;
}

void virtq_kick(struct virtq *vq)
{
    bool news = vq->kicked != vq->avail_idx && !vq->broken;

    vq->kicked = vq->avail_idx;
    arch_full_barrier();
    bool awake = (vq->used->flags & cpu_to_le16(VIRTQ_USED_F_NO_NOTIFY)) != 0;
    if (news && !awake)
        vq->notify(vq);
}

/* What is wrong with this element, or NULL. */
static const char *lie(const struct virtq *vq, uint32_t id, uint32_t len)
{
    if (id >= vq->num)
        return "used id is no descriptor";
    if (vq->chains[id].token == NULL)
        return "used id is not in flight";
    if (len > vq->chains[id].writable)
        return "used len is too much";
    return NULL;
}

void *virtq_poll(struct virtq *vq, uint32_t *len)
{
    uint16_t idx = le16_to_cpu(vq->used->idx);
    const char *why = NULL;

    if (vq->broken || idx == vq->last_used)
        return NULL;
    arch_read_barrier();
    const volatile struct virtq_used_elem *e =
        &vq->used->ring[vq->last_used % vq->num];
    uint32_t id = le32_to_cpu(e->id), written = le32_to_cpu(e->len);

    if ((uint16_t)(idx - vq->last_used) >
        (uint16_t)(vq->avail_idx - vq->last_used))
        why = "used idx is ahead of what there is";
    else
        why = lie(vq, id, written);
    if (why) {
        virtq_break(vq, why);
        return NULL;
    }

    void *token = vq->chains[id].token;
    vq->chains[id].token = NULL;
    for (uint16_t i = (uint16_t)id; i < vq->num; i = vq->chains[i].next) {
        vq->chains[i].count = 0;
        vq->num_free++;
    }
    vq->last_used++;
    *len = written;
    return token;
}
