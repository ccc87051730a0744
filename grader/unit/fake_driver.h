/* SPDX-License-Identifier: MIT */
/*
 * fake_driver.h - a virtio driver for tests of the transports: it takes any
 * entropy device that it is shown, with one queue, and writes down what came of
 * it. With it come the interrupts that it is given.
 */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include "drivers/virtio/core/virtio.h"
#include "unit.h"

enum { DRIVER_QUEUE_WANTED = 8 };

struct fake_driver {
    uint64_t wanted;                /* features; none to begin with */
    unsigned attached;              /* devices brought up */
    int error;                      /* of the last handshake */
    struct virtio_device *device;   /* the last one shown */
    struct virtq vq;
    unsigned used, config_changed;  /* interrupts of each kind that came */
};
extern struct fake_driver driver;

/* Shows all PCI devices to their drivers, as at start-up. */
void driver_scan(void);

/* driver_scan(), with a device of which one line says that it is not used.
 * `what` goes on after "a device". */
void driver_refuses(const char *what);

/* The device writes `data` to the address that messages go to, and the event
 * loop runs. */
void driver_interrupt(uint32_t data);

#endif
