/* SPDX-License-Identifier: MIT */
/*
 * watch.c - looks at a queue once a second while something is in flight, as
 * interrupts and announcements can get lost.
 *
 * The ring does not need them to be right, only to be quick: what the device
 * has used stands there, and waits for somebody to look; so does what it is to
 * use. What we do then is the works' that the driver names.
 */
#include "core/clock.h"
#include "drivers/virtio/core/virtio.h"

#define LOOK_NS NS_PER_S

static bool in_flight(const struct virtq *vq)
{
    return !vq->broken && vq->num_free < vq->num;
}

static void look(struct event_timer *timer)
{
    struct virtio_watch *watch =
        container_of(timer, struct virtio_watch, timer);

    if (!in_flight(watch->vq))
        return;
    virtq_remind(watch->vq);
    event_post(watch->work);
    event_post(watch->config_work);
    virtio_watch(watch);
}

void virtio_watch(struct virtio_watch *watch)
{
    if (watch->timer.armed || !in_flight(watch->vq))
        return;
    watch->timer.expire = look;
    event_timer_set(&watch->timer, clock_ns() + LOOK_NS);
}
