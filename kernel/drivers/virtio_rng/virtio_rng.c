/* SPDX-License-Identifier: MIT */
/*
 * virtio_rng.c - the entropy device. [virtio 1.2 §5.4]
 *
 * The simplest device that there is: one queue, into which the driver puts
 * empty buffers and out of which it gets them filled. What the bytes are good
 * for is left to whoever asked for them. The first such device is used, any
 * other is let be.
 */
#include "console/log.h"
#include "drivers/virtio/core/virtio.h"
#include "drivers/virtio_rng/rng.h"
#include "lib/errno.h"

enum {
    REQUESTQ = 0,
    REQUESTS_MAX = 64, /* fewer when the device's queue is shorter */
};

static struct virtio_device *device;
static struct virtq requestq;
static struct virtio_watch watch;
static bool found;

static void kick(void)
{
    virtq_kick(&requestq);
    virtio_watch(&watch);
}

static void requests_done(struct event_work *work)
{
    struct rng_request *request;
    uint32_t len;

    (void)work;
    if (!found)
        return; /* it interrupts, though it could not be brought up */
    while ((request = virtq_poll(&requestq, &len)) != NULL) {
        if (len == 0) {
            virtq_break(&requestq, "a buffer came back without a byte in it");
            return;
        }
        request->got = len;
        request->done(request);
    }
    kick();
}

static void config_changed(struct event_work *work)
{
    (void)work;
    if (found)
        virtio_needs_reset(device, &requestq);
}

static struct event_work requests_work = { .run = requests_done };
static struct event_work config_work = { .run = config_changed };
static struct virtio_watch watch = { .vq = &requestq,
                                     .work = &requests_work,
                                     .config_work = &config_work };

int rng_request(struct rng_request *request)
{
    struct virtq_buffer buffer = { request->data, request->len };

    if (!found)
        return -ENODEV;
    return virtq_add(&requestq, &buffer, 0, 1, request);
}

void rng_kick(void)
{
    if (found)
        kick();
}

unsigned rng_depth(void)
{
    return found && !requestq.broken ? requestq.num : 0;
}

static int set_up_queue(struct virtio_device *dev, void *ctx)
{
    (void)ctx;
    int error = virtio_queue(dev, REQUESTQ, REQUESTS_MAX, &requestq,
                             &requests_work, "rng0");
    if (error != 0)
        return error;
    return dev->transport->config_changed(dev, &config_work);
}

static int virtio_rng_probe(struct virtio_device *dev)
{
    if (found)
        return -EBUSY;

    int error = virtio_handshake(dev, 0, set_up_queue, NULL);
    if (error != 0) {
        virtio_not_up(dev, "rng0", error);
        return error;
    }
    found = true;
    device = dev;
    event_post(&requests_work);
    event_post(&config_work);
    return 0;
}

static const struct virtio_driver virtio_rng_driver = {
    .name = "virtio_rng",
    .id = VIRTIO_ID_RNG,
    .probe = virtio_rng_probe,
};
VIRTIO_DRIVER(virtio_rng_driver);
