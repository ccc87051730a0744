/* SPDX-License-Identifier: MIT */
/*
 * virtio.c - what every virtio driver and every transport would do alike.
 *
 * Between the drivers above (virtio_net, virtio_rng) and the transports below
 * (virtio/pci, virtio/mmio): finds a driver for a device, gives a queue its
 * memory, reads configuration that may change under our eyes. The order of
 * the steps in which a device is brought up is the handshake's, the ring
 * itself virtqueue.c's, and the interrupts that get lost are watch.c's.
 */
#include "drivers/virtio/core/virtio.h"

#include "arch/arch.h"
#include "console/log.h"
#include "core/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "without/without.h"

/* Where the linker puts what VIRTIO_DRIVER() says. Weak: there may be none. */
extern const struct virtio_driver *const __start_virtio_drivers[]
    __attribute__((weak));
extern const struct virtio_driver *const __stop_virtio_drivers[]
    __attribute__((weak));

/* A configuration that changes more often than this while we read it is a
 * device's joke. */
enum { CONFIG_TRIES = 16 };

#define RESET_LIMIT_NS NS_PER_S

struct virtio_device *virtio_devices;

void virtio_attach(struct virtio_device *dev)
{
    const struct virtio_driver *const *driver = __start_virtio_drivers;
    struct virtio_device **last = &virtio_devices;

    while (*last != NULL)
        last = &(*last)->next;
    *last = dev;

    for (; driver < __stop_virtio_drivers; driver++) {
        if ((*driver)->id == dev->id) {
            if ((*driver)->probe(dev) == 0) /* which says why, if it fails */
                dev->driver = *driver;
            return;
        }
    }
}

/* The largest power of two that is not above `n`; 0 for 0. */
static uint16_t round_down(uint16_t n)
{
    while ((n & (n - 1)) != 0)
        n &= n - 1;
    return n;
}

uint64_t virtio_ring_features(void)
{
    return without(WITHOUT_EVENT_IDX) ? 0 : VIRTIO_F_EVENT_IDX;
}

int virtio_queue(struct virtio_device *dev, unsigned index, uint16_t num_wanted,
                 struct virtq *vq, struct event_work *work, const char *name)
{
    uint16_t max = dev->transport->queue_max(dev, index);
    if (max == 0)
        return -ENODEV;
    if (max > VIRTQ_NUM_MAX || round_down(max) != max || num_wanted == 0) {
        log_line("%s: a queue of %u descriptors can't be", name, max);
        return -EINVAL;
    }

    uint16_t num = max;
    if (num_wanted < max && !dev->legacy)
        num = round_down(num_wanted);
    size_t page_count = (virtq_size(num) + PAGE_SIZE - 1) / PAGE_SIZE;
    void *memory = pages_alloc(page_count);
    struct virtq_chain *chains = heap_alloc_array(num, sizeof(*chains));
    int error = -ENOMEM;
    if (memory == NULL || chains == NULL)
        goto free;

    *vq = (struct virtq){ .index = (uint16_t)index, .name = name };
    error = virtq_init(vq, num, memory, chains);
    if (error != 0)
        goto free;
    /* The device may look as soon as it is told: a store to a register does not
     * wait for those to memory that came before it. */
    arch_write_barrier();
    error = dev->transport->queue_enable(dev, vq, work);
    if (error != 0)
        goto free;
    if ((dev->features & VIRTIO_F_EVENT_IDX) != 0)
        virtq_event_idx(vq);
    return 0;

free:
    /* An interrupt may lead here already; in a broken queue nobody looks. */
    *vq = (struct virtq){ .broken = true, .name = name };
    heap_free(chains);
    if (memory != NULL)
        pages_free(memory, page_count);
    return error;
}

void virtio_config(struct virtio_device *dev, unsigned offset, void *out,
                   unsigned len)
{
    const struct virtio_transport *transport = dev->transport;

    for (unsigned i = 0; i < CONFIG_TRIES; i++) {
        uint32_t before = transport->config_generation(dev);
        transport->read_config(dev, offset, out, len);
        if (transport->config_generation(dev) == before)
            return;
    }
    if (!dev->restless)
        log_line("%s: its configuration never holds still; what was read "
                 "last is believed",
                 dev->where);
    dev->restless = true;
}

uint16_t virtio_config16(struct virtio_device *dev, unsigned offset)
{
    le16 value;

    virtio_config(dev, offset, &value, sizeof(value));
    return le16_to_cpu(value);
}

uint32_t virtio_config32(struct virtio_device *dev, unsigned offset)
{
    le32 value;

    virtio_config(dev, offset, &value, sizeof(value));
    return le32_to_cpu(value);
}

void virtio_read_registers(uintptr_t base, unsigned offset, void *out,
                           unsigned len)
{
    uintptr_t from = base + offset;

    if (len == sizeof(le16) && offset % sizeof(le16) == 0) {
        le16 v = cpu_to_le16(mmio_read16(from));
        memcpy(out, &v, sizeof(v));
    } else if (len == sizeof(le32) && offset % sizeof(le32) == 0) {
        le32 v = cpu_to_le32(mmio_read32(from));
        memcpy(out, &v, sizeof(v));
    } else {
        for (unsigned i = 0; i < len; i++)
            ((uint8_t *)out)[i] = mmio_read8(from + i);
    }
}

static const char *reason(int error)
{
    switch (error) {
    case -ENOTSUP:
        return "it does not agree to the features that we can use";
    case -EIO:
        return "it does not do what it must";
    case -ENODEV:
        return "it lacks a queue";
    case -EINVAL:
        return "it can't be used as it is"; /* a line has said why */
    case -ENOMEM:
        return "there is no memory for it";
    case -ENOSPC:
        return "it has too few interrupts";
    case -ETIMEDOUT:
        return "it does not answer";
    default:
        return "something failed";
    }
}

void virtio_not_up(struct virtio_device *dev, const char *what, int error)
{
    log_line("%s: %s could not be brought up: %s (error %d)", dev->where, what,
             reason(error), -error);
}

bool virtio_reset(struct virtio_device *dev)
{
    uint64_t deadline = clock_ns() + RESET_LIMIT_NS;

    dev->transport->set_status(dev, 0);
    while (dev->transport->get_status(dev) != 0) {
        if (clock_ns() >= deadline) {
            log_line("%s: it does not come out of its reset: what it held "
                     "stays with it",
                     dev->where);
            return false;
        }
    }
    return true;
}

bool virtio_needs_reset(struct virtio_device *dev, struct virtq *vq)
{
    uint8_t status = dev->transport->get_status(dev);

    if ((status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) == 0)
        return false;
    virtq_break(vq, "it says that it needs a reset");
    return true;
}

void virtq_allow(struct virtq *vq, uint16_t head, uint32_t more)
{
    uint32_t *writable = &vq->chains[head].writable;

    *writable = more < UINT32_MAX - *writable ? *writable + more : UINT32_MAX;
}

void *virtq_take_back(struct virtq *vq)
{
    for (uint16_t i = 0; vq->broken && i < vq->num; i++) {
        void *token = vq->chains[i].token;

        vq->chains[i].token = NULL;
        if (token != NULL)
            return token;
    }
    return NULL;
}

void virtq_break(struct virtq *vq, const char *why)
{
    if (vq->broken)
        return;
    vq->broken = true;
    log_line("%s: the device broke the protocol: %s", vq->name, why);
}
