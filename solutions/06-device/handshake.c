/* SPDX-License-Identifier: MIT */
/*
 * handshake.c - how a driver and a virtio device come to an agreement.
 *
 * Drivers call it with the features that they know how to use; the registers
 * are the transport's (struct virtio_transport). Which queues there are and
 * what is done with them is left to the driver's set_up(). The eight steps
 * are numbered as [virtio 1.2 §3.1.1] numbers them.
 */
#include "drivers/virtio/core/virtio.h"

#include "core/clock.h"
#include "core/panic.h"
#include "lib/errno.h"

#define RESET_LIMIT_NS NS_PER_S

/* The parts that are more than a line; they stand below. */
static inline int reset(struct virtio_device *dev);
static inline int negotiate(struct virtio_device *dev, uint64_t wanted);

static inline void add_status(struct virtio_device *dev, uint8_t bit)
{
    dev->transport->set_status(dev, dev->transport->get_status(dev) | bit);
}

int virtio_handshake(struct virtio_device *dev, uint64_t wanted,
                     int (*set_up)(struct virtio_device *dev, void *ctx),
                     void *ctx)
{
    /* TODO 6.5 virtio_handshake: the eight steps in their order, with
     * reset(), negotiate() and set_up(dev, ctx) in their places. The status
     * only ever gains bits (add_status). When a step fails, tell the device
     * that we have given up. [virtio 1.2 §3.1.1] */
    int error = reset(dev); /* 1 */

    if (error == 0) {
        add_status(dev, VIRTIO_STATUS_ACKNOWLEDGE); /* 2 */
        add_status(dev, VIRTIO_STATUS_DRIVER);      /* 3 */
        error = negotiate(dev, wanted);             /* 4, 5, 6 */
    }
    if (error == 0)
        error = set_up(dev, ctx); /* 7 */
    if (error == 0)
        add_status(dev, VIRTIO_STATUS_DRIVER_OK); /* 8 */
    else
        add_status(dev, VIRTIO_STATUS_FAILED);
    return error;
    /* END 6.5 */
}

/* Step 1: 0 when the device has forgotten all that was before, or -EIO. */
static inline int reset(struct virtio_device *dev)
{
    /* TODO 6.6 reset: ask for it, then wait until the device says that it is
     * done: how does it say so? One that never does must not hold up the
     * machine: RESET_LIMIT_NS on clock_ns(). [virtio 1.2 §2.4] */
    uint64_t deadline = clock_ns() + RESET_LIMIT_NS;

    dev->transport->set_status(dev, 0);
    while (dev->transport->get_status(dev) != 0) {
        if (clock_ns() >= deadline)
            return -EIO;
    }
    return 0;
    /* END 6.6 */
}

/* Steps 4 to 6: 0 with what was agreed on in dev->features, or -ENOTSUP. */
static inline int negotiate(struct virtio_device *dev, uint64_t wanted)
{
    /* TODO 6.7 negotiate: of the features that the device offers, take those
     * in `wanted` and VIRTIO_F_VERSION_1, without which we don't speak its
     * language, and no others. The device has the last word: what does it do
     * to FEATURES_OK when it won't have our choice? And what the transport's
     * set_features() leaves in dev->features stays there. [virtio 1.2 §2.2] */
    uint64_t offered = dev->transport->get_features(dev);
    if ((offered & VIRTIO_F_VERSION_1) == 0)
        return -ENOTSUP;

    dev->features = offered & (wanted | VIRTIO_F_VERSION_1);
    dev->transport->set_features(dev, dev->features);
    add_status(dev, VIRTIO_STATUS_FEATURES_OK);
    uint8_t status = dev->transport->get_status(dev);
    return (status & VIRTIO_STATUS_FEATURES_OK) != 0 ? 0 : -ENOTSUP;
    /* END 6.7 */
}
