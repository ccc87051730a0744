/* SPDX-License-Identifier: MIT */
/*
 * suppress.c - how seldom driver and device need tell each other.
 *
 * Whoever is at work anyway will find what the other puts into the ring, and
 * need not be told of it. Each side says in the ring when it wants to be told
 * [virtio 1.2 §2.7.7, §2.7.10]:
 *
 *                          without EVENT_IDX       with it
 *     device to driver     used->flags:            avail_event, behind the
 *     (virtq_kick)         NO_NOTIFY               used ring
 *     driver to device     avail->flags:           used_event, behind the
 *     (interrupts)         NO_INTERRUPT            avail ring
 *
 * A flag is on or off, and whoever turns it off has to turn it on again. An
 * event is an index: "tell me when you pass this entry", and then no more
 * until I name another. Both ways have the same race, and the same cure: who
 * says "tell me" looks once more before going to sleep.
 *
 * Below the drivers, beside lab 05's virtqueue.c, of which nothing changes:
 * its virtq_kick() still looks at used->flags, which say nothing with
 * EVENT_IDX, and calls vq->notify(), where ours then stands.
 */
#include "arch/arch.h"
#include "drivers/virtio/core/virtqueue.h"

/* Whether an index that goes from `from` to `to` passes the entry `event`. All
 * run freely and wrap at 65536; the differences are right all the same. */
static bool passes(uint16_t event, uint16_t from, uint16_t to)
{
    return (uint16_t)(to - event - 1) < (uint16_t)(to - from);
}

/* The device has seen our avail->idx, or we see here what it wrote last before
 * it went to sleep: virtq_kick()'s full barrier stands between the two. */
static void announce(struct virtq *vq)
{
    const volatile void *behind = &vq->used->ring[vq->num];
    uint16_t avail_event = le16_to_cpu(*(const volatile le16 *)behind);
    uint16_t from = vq->announced;

    vq->announced = vq->avail_idx;
    if (passes(avail_event, from, vq->announced))
        vq->doorbell(vq);
}

void virtq_event_idx(struct virtq *vq)
{
    vq->event_idx = true;
    vq->doorbell = vq->notify;
    vq->notify = announce;
}

/* With EVENT_IDX nothing is to be said: the entry that we named is behind, or
 * it gives one interrupt too many. */
void virtq_hush(struct virtq *vq)
{
    if (vq->event_idx || vq->hushed || vq->broken)
        return;
    vq->hushed = true;
    vq->avail->flags = cpu_to_le16(VIRTQ_AVAIL_F_NO_INTERRUPT);
}

bool virtq_listen(struct virtq *vq, uint16_t chains)
{
    if (vq->broken)
        return false;
    if (vq->event_idx) {
        uint16_t used_event = (uint16_t)(vq->last_used + chains - 1);

        vq->avail->ring[vq->num] = cpu_to_le16(used_event);
    } else if (vq->hushed) {
        vq->hushed = false;
        vq->avail->flags = cpu_to_le16(0);
    }
    /* The device may have used a chain just before it saw that, and then tells
     * nobody: so it must be seen before we look a last time. */
    arch_full_barrier();
    return (uint16_t)(le16_to_cpu(vq->used->idx) - vq->last_used) >= chains;
}

void virtq_remind(struct virtq *vq)
{
    if (vq->broken)
        return;
    if (!vq->event_idx && vq->kicked == vq->avail_idx)
        vq->notify(vq);
    if (vq->event_idx && vq->announced == vq->avail_idx)
        vq->doorbell(vq);
}
