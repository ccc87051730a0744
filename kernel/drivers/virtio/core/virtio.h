/* SPDX-License-Identifier: MIT */
/*
 * virtio.h - a virtio device as its driver sees it, whatever the transport.
 *
 *     driver (virtio_net, virtio_blk)         one per kind of device
 *        |
 *     struct virtio_device, struct virtq      this header
 *        |
 *     transport (virtio/pci: modern, legacy;  registers, queues, interrupts
 *                virtio/mmio)
 *
 * A driver makes itself known with VIRTIO_DRIVER(); a transport that finds a
 * device calls virtio_attach().
 */
#ifndef VIRTIO_VIRTIO_H
#define VIRTIO_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/virtio/core/virtqueue.h"
#include "event/event.h"

enum virtio_id {                    /* [virtio 1.2 §5] */
    VIRTIO_ID_NET = 1,
    VIRTIO_ID_BLOCK = 2,
    VIRTIO_ID_RNG = 4,
    VIRTIO_ID_SCSI = 8,
};

enum virtio_status {                /* [virtio 1.2 §2.1] */
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
    VIRTIO_STATUS_DEVICE_NEEDS_RESET = 64,
    VIRTIO_STATUS_FAILED = 128,
};

#define VIRTIO_F_ANY_LAYOUT (1ull << 27)    /* [virtio 1.2 §6.3] */
#define VIRTIO_F_EVENT_IDX (1ull << 29)     /* [virtio 1.2 §6] */
#define VIRTIO_F_VERSION_1 (1ull << 32)     /* [virtio 1.2 §6] */

struct virtio_device;

/* What a transport provides. Registers only: policy is virtio.c's and the
 * handshake's, which are the same for all: what a legacy device has no
 * register for, its transport plays. */
struct virtio_transport {
    uint8_t (*get_status)(struct virtio_device *dev);
    void (*set_status)(struct virtio_device *dev, uint8_t status);
    uint64_t (*get_features)(struct virtio_device *dev);
    void (*set_features)(struct virtio_device *dev, uint64_t features);

    /* Device-specific configuration as it lies there (little-endian), and
     * the number that changes whenever it does. [virtio 1.2 §2.5] */
    void (*read_config)(struct virtio_device *dev, unsigned offset,
                        void *out, unsigned len);
    uint32_t (*config_generation)(struct virtio_device *dev);

    /* The most descriptors that queue `index` may have, or of a legacy device
     * those that it has; 0: no such queue. */
    uint16_t (*queue_max)(struct virtio_device *dev, unsigned index);

    /* Tells the device where the ring of vq->index lies, lets its interrupts
     * post `work`, sets vq->notify, and enables the queue.
     * 0, -EIO, or -ENOSPC (no interrupt to be had). */
    int (*queue_enable)(struct virtio_device *dev, struct virtq *vq,
                        struct event_work *work);

    /* Lets changes of the configuration post `work`. */
    int (*config_changed)(struct virtio_device *dev, struct event_work *work);
};

struct virtio_device {
    const struct virtio_transport *transport;
    enum virtio_id id;
    /* Used through the interface from before virtio 1.0: has no VERSION_1,
     * and what hangs on that in headers and framing is otherwise; has queues
     * of a length that is not ours to choose. The transport's. */
    bool legacy;
    uint64_t features;              /* as negotiated */
    char where[24];                 /* "pci 00:03.0", "mmio 23" */

    /* virtio.c's. */
    const struct virtio_driver *driver; /* who has it; NULL: nobody */
    bool restless;                  /* its configuration never held still */
    struct virtio_device *next;     /* in the order in which they were found */
};

/* All devices that the transports have found. */
extern struct virtio_device *virtio_devices;

/*
 * The handshake, lab 06's: reset and wait for it, ACKNOWLEDGE, DRIVER, take
 * from the offered features those in `wanted`, FEATURES_OK and look whether
 * it stayed, set_up(dev, ctx) for the queues, DRIVER_OK; FAILED when a step
 * fails. Returns 0, -ENOTSUP when the device lacks VIRTIO_F_VERSION_1 or
 * won't have our choice, -EIO when it doesn't come out of reset, or what
 * set_up() returned. [virtio 1.2 §3.1.1]
 *
 * The steps are the same with a legacy device, and in the same order, which
 * suits it [virtio 1.2 §3.1.2]. VERSION_1 and FEATURES_OK, which it does not
 * know, its transport plays; dev->features may afterwards be less, or have
 * ANY_LAYOUT besides, as set_features() finds.
 */
int virtio_handshake(struct virtio_device *dev, uint64_t wanted,
                     int (*set_up)(struct virtio_device *dev, void *ctx),
                     void *ctx);

/* For `wanted`: what the rings of any device can make use of, which is
 * VIRTIO_F_EVENT_IDX unless the command line has without=event_idx. Who asks
 * for it calls virtq_listen() whenever a queue has been emptied: the device
 * falls silent after each interrupt. */
uint64_t virtio_ring_features(void);

/*
 * For set_up(): allocates queue `index` and hands it to the device; `work` is
 * posted when the device has used something. `name` goes into messages. It has
 * at most `num_wanted` descriptors; but a legacy device leaves no choice, and
 * vq->num may be anything from 1 to VIRTQ_NUM_MAX. Returns 0, -ENODEV when
 * there is no such queue, -ENOMEM, -EINVAL for an absurd size, or what the
 * transport says.
 *
 * An interrupt can't be taken back: once this has returned 0, `vq`, `work` and
 * `name` must live on, also when a later step fails. What the device did before
 * its interrupts were on has posted nothing, so a driver posts its work itself
 * when the handshake is through.
 */
int virtio_queue(struct virtio_device *dev, unsigned index,
                 uint16_t num_wanted, struct virtq *vq,
                 struct event_work *work, const char *name);

/*
 * An interrupt can get lost: a device forgets one, a mask is set at the wrong
 * moment. So can an announcement, where device and processor do not agree on
 * what a barrier is. So what is in flight is watched: once a second, for as
 * long as `vq` holds anything, `work` and `config_work` are posted as if the
 * interrupts of the queue and of the configuration had come, and the device is
 * reminded of what was announced to it. What is lost costs time, and nothing
 * stands still; and where nothing is in flight nobody is woken.
 *
 * The first three are the driver's to fill in.
 */
struct virtio_watch {
    struct virtq *vq;
    struct event_work *work, *config_work;
    struct event_timer timer;       /* virtio_watch()'s */
};

/* Begins to watch, if that has not begun: for the driver to call whenever it
 * has put something into watch->vq, and kicked. */
void virtio_watch(struct virtio_watch *watch);

/* For a driver whose handshake gave `error`: a line that says why in words.
 * `what` is "rng0", "the network card". */
void virtio_not_up(struct virtio_device *dev, const char *what, int error);

/* For the work that a change of the configuration posts, and for whoever looks
 * from time to time: whether the device says that it can't go on
 * (DEVICE_NEEDS_RESET). If so, `vq` is broken. [virtio 1.2 §2.1.1] */
bool virtio_needs_reset(struct virtio_device *dev, struct virtq *vq);

/* For a driver whose device is broken: resets it, for good. True when it has
 * let go of all memory of ours; what it held may then be taken back
 * (virtq_take_back). False, and a line, when it does not come out of reset
 * within a second. [virtio 1.2 §2.4] */
bool virtio_reset(struct virtio_device *dev);

/* Reads configuration that may change while we read it, all of one moment (of
 * a device that never holds still: what was read last, and a line). A
 * field of two or four bytes is read by itself, as [virtio 1.2 §4.1.3.1]
 * demands; others come byte by byte. */
void virtio_config(struct virtio_device *dev, unsigned offset, void *out,
                   unsigned len);

/* The same, of a field of that size. */
uint16_t virtio_config16(struct virtio_device *dev, unsigned offset);
uint32_t virtio_config32(struct virtio_device *dev, unsigned offset);

/* A driver: the kind of device it takes, and what to do with one. probe()
 * keeps `dev`, or returns a negative errno and has said why. */
struct virtio_driver {
    const char *name;
    enum virtio_id id;
    int (*probe)(struct virtio_device *dev);
};

#define VIRTIO_DRIVER(driver)                                            \
    static const struct virtio_driver *const virtio_driver_##driver      \
        __attribute__((used, section("virtio_drivers"))) = &driver

/* For transports: finds the driver and lets it have `dev`, which must stay.
 * A kind that has no driver in this image is let be. */
void virtio_attach(struct virtio_device *dev);

/* For transports whose configuration lies in registers: read_config() from
 * the mapped address `base` on. */
void virtio_read_registers(uintptr_t base, unsigned offset, void *out,
                           unsigned len);

#endif
