/* SPDX-License-Identifier: MIT */
/*
 * handshake.c - another right answer to lab 06: the status is remembered and
 * not read back but where the device has a say, and a failure jumps to the end.
 */
#include "drivers/virtio/core/virtio.h"

#include "core/clock.h"
#include "lib/errno.h"

int virtio_handshake(struct virtio_device *dev, uint64_t wanted,
                     int (*set_up)(struct virtio_device *dev, void *ctx),
                     void *ctx)
{
    const struct virtio_transport *t = dev->transport;
    uint8_t status = VIRTIO_STATUS_ACKNOWLEDGE;
    uint64_t begin = clock_ns();
    int error = -EIO;

    t->set_status(dev, 0);
    while (t->get_status(dev)) {
        if (clock_ns() - begin > NS_PER_S) {
            status = t->get_status(dev);
            goto give_up;
        }
    }
    t->set_status(dev, status);
    t->set_status(dev, status |= VIRTIO_STATUS_DRIVER);

    error = -ENOTSUP;
    wanted = (wanted | VIRTIO_F_VERSION_1) & t->get_features(dev);
    if (!(wanted >> 32 & 1))
        goto give_up;
    dev->features = wanted;
    t->set_features(dev, wanted);
    t->set_status(dev, status | VIRTIO_STATUS_FEATURES_OK);
    if (!(t->get_status(dev) & VIRTIO_STATUS_FEATURES_OK))
        goto give_up;
    status |= VIRTIO_STATUS_FEATURES_OK;

    error = set_up(dev, ctx);
    if (error)
        goto give_up;
    t->set_status(dev, status | VIRTIO_STATUS_DRIVER_OK);
    return 0;

give_up:
    t->set_status(dev, status | VIRTIO_STATUS_FAILED);
    return error;
}
