/* SPDX-License-Identifier: MIT */
/*
 * rng.h - random bytes from outside. [virtio 1.2 §5.4]
 */
#ifndef DRIVERS_RNG_H
#define DRIVERS_RNG_H

#include <stddef.h>
#include <stdint.h>

/* A wish for random bytes. The struct and `data` belong to the driver from
 * rng_request() to done(). */
struct rng_request {
    uint8_t *data;
    uint32_t len;           /* how many are wanted; not 0 */
    uint32_t got;           /* how many came: 1 to len */
    void (*done)(struct rng_request *request);  /* from the event loop */
    void *ctx;
};

/* Returns 0, -ENODEV when there is no such device, -ENOSPC when as many are
 * in flight as the queue holds (try again from a done()), -EINVAL, or -EIO
 * when the device is broken. Several in flight are served in order. Those
 * that a device held when it broke are never done. */
int rng_request(struct rng_request *request);

/* Announces what was requested since the last call. What is requested from a
 * done() is announced without it, once for all of a round. */
void rng_kick(void);

/* How many requests may be in flight; 0: there is no device, or it broke. */
unsigned rng_depth(void);

#endif
