/* SPDX-License-Identifier: MIT */
/*
 * test_porting.c - memory as a device sees it beside a processor that keeps
 * stores back: what stood there at the last write barrier, and nothing newer.
 * The rings have a fake of their own (test_virtqueue.c); here is what comes
 * before there is a ring to look at.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "fake_virtio_device.h"
#include "unit.h"

static struct virtq vq;
static struct event_work work;
static uint8_t *settled;        /* the ring as of the last write barrier */
static unsigned told;

static void settle(void)
{
    if (vq.desc == NULL)
        return;
    free(settled);
    settled = malloc(virtq_size(vq.num));
    memcpy(settled, vq.desc, virtq_size(vq.num));
}

void arch_write_barrier(void) { settle(); }
void arch_full_barrier(void) { settle(); }

/* A store to a register does not wait for stores to memory. */
static int told_of_a_ring(struct virtio_device *dev, struct virtq *queue,
                          struct event_work *w)
{
    (void)dev, (void)w;
    told++;
    CHECK(queue == &vq && settled != NULL &&
              memcmp(settled, vq.desc, virtq_size(vq.num)) == 0,
          "the device was told of its ring before the zeros in it: it may look "
          "at once, and see what the memory held before, as no write barrier "
          "stands between these stores");
    return 0;
}

TEST(test_a_ring_is_empty_in_memory_before_the_device_is_told_of_it)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    struct virtio_transport transport = *fake.device.transport;

    transport.queue_enable = told_of_a_ring;
    fake.device.transport = &transport;
    int error = virtio_queue(&fake.device, 0, 8, &vq, &work, "fake 0");
    CHECK(error == 0 && told == 1, "virtio_queue() gave %d, and told of the "
          "ring %u times", error, told);
}
