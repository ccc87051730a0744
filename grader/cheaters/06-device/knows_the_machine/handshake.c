/* SPDX-License-Identifier: MIT */
/* A cheater: what QEMU puts up with, and no more. */
#include "drivers/virtio/core/virtio.h"

int virtio_handshake(struct virtio_device *dev, uint64_t wanted,
                     int (*set_up)(struct virtio_device *dev, void *ctx),
                     void *ctx)
{
    (void)wanted;
    dev->features = VIRTIO_F_VERSION_1;
    dev->transport->set_features(dev, dev->features);
    dev->transport->set_status(dev, 0x0f);
    return set_up(dev, ctx);
}
