/* SPDX-License-Identifier: MIT */
/*
 * handshake.c - another right answer to lab 06: a table of steps, each a
 * function that may fail, gone through from the first to the last.
 */
#include "drivers/virtio/core/virtio.h"

#include "core/clock.h"
#include "lib/errno.h"

/* What the steps know of each other. */
struct handshake {
    struct virtio_device *dev;
    uint64_t wanted;
    int (*set_up)(struct virtio_device *dev, void *ctx);
    void *ctx;
};

static uint8_t status_of(const struct handshake *h)
{
    return h->dev->transport->get_status(h->dev);
}

static int gain(struct handshake *h, unsigned bit)
{
    h->dev->transport->set_status(h->dev, (uint8_t)(status_of(h) | bit));
    return 0;
}

static int reset(struct handshake *h)
{
    uint64_t now = clock_ns(), end = now + NS_PER_S;

    h->dev->transport->set_status(h->dev, 0);
    for (; now <= end; now = clock_ns())
        if (status_of(h) == 0)
            return 0;
    return -EIO;
}

static int acknowledge(struct handshake *h)
{
    return gain(h, VIRTIO_STATUS_ACKNOWLEDGE);
}

static int can_drive(struct handshake *h)
{
    return gain(h, VIRTIO_STATUS_DRIVER);
}

static int choose(struct handshake *h)
{
    uint64_t offered = h->dev->transport->get_features(h->dev), chosen = 0;

    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t feature = 1ull << bit;
        if ((offered & feature) &&
            ((h->wanted & feature) || feature == VIRTIO_F_VERSION_1))
            chosen |= feature;
    }
    if (!(chosen & VIRTIO_F_VERSION_1))
        return -ENOTSUP;
    h->dev->features = chosen;
    h->dev->transport->set_features(h->dev, chosen);
    return 0;
}

static int settle(struct handshake *h)
{
    gain(h, VIRTIO_STATUS_FEATURES_OK);
    return status_of(h) & VIRTIO_STATUS_FEATURES_OK ? 0 : -ENOTSUP;
}

static int queues(struct handshake *h)
{
    return h->set_up(h->dev, h->ctx);
}

static int go(struct handshake *h)
{
    return gain(h, VIRTIO_STATUS_DRIVER_OK);
}

int virtio_handshake(struct virtio_device *dev, uint64_t wanted,
                     int (*set_up)(struct virtio_device *dev, void *ctx),
                     void *ctx)
{
    static int (*const steps[])(struct handshake *h) = {
        reset, acknowledge, can_drive, choose, settle, queues, go,
    };
    struct handshake h = { dev, wanted, set_up, ctx };

    for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        int error = steps[i](&h);
        if (error) {
            gain(&h, VIRTIO_STATUS_FAILED);
            return error;
        }
    }
    return 0;
}
