/* SPDX-License-Identifier: MIT */
/*
 * fake_disk_virtio.h - a virtio disk behind fake_virtio_device.h.
 * [virtio 1.2 §5.2]
 *
 * It reads headers and data only when it executes a request, long after
 * submit; it finishes what it has in any order; what is written is sure to
 * stay only when it has been flushed; and it can fail and lie. What it finds
 * wrong with a request that it was sent ends the test with a sentence.
 */
#ifndef UNIT_FAKE_DISK_VIRTIO_H
#define UNIT_FAKE_DISK_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_virtio_device.h"

/* Bits of the device's features. [virtio 1.2 §5.2.3] */
enum {
    DISK_SIZE_MAX = 1 << 1, DISK_SEG_MAX = 1 << 2, DISK_GEOMETRY = 1 << 4,
    DISK_RO = 1 << 5, DISK_BLK_SIZE = 1 << 6, DISK_FLUSH = 1 << 9,
    DISK_TOPOLOGY = 1 << 10, DISK_CONFIG_WCE = 1 << 11, DISK_MQ = 1 << 12,
};

/* The knobs and the counters. */
struct disk {
    uint64_t features;          /* that it offers, less VERSION_1 */
    uint64_t capacity;          /* in sectors */
    uint32_t size_max, seg_max, blk_size;
    uint16_t queue_max;

    uint8_t *bytes;             /* as written; as sure to stay */
    uint8_t *stable;
    bool at_once;               /* executes inside notify */
    bool legacy;
    bool refuses;               /* FEATURES_OK does not stay */
    unsigned memory_fails_at;   /* as in struct fake_virtio */

    /* What it says of the requests that follow, when it lies. */
    int status;                 /* instead of the right one; -1: the right
                                   one; -2: writes none */
    int used_len;               /* -1: the right one */

    unsigned reads, writes, flushes;
};
extern struct disk disk;

/* Finds the disk, as a bus would; another one each time. What the knobs say
 * holds from here on. */
void disk_attach(void);

/* Takes all requests that are announced; how many it has. */
unsigned disk_take(void);

/* Executes request `i` of those that it has taken and uses its chain. */
void disk_use(unsigned i);

/* Takes and executes all that there is, in any order, interrupts, and runs
 * the event loop, until nothing is left to do. */
void disk_run(void);

/* Raises its interrupt; lets the event loop run what is ready. */
void disk_interrupt(void);

/* Puts an element into the used ring as it is; unless it has been reset. */
void disk_lie(uint32_t id, uint32_t len);

/* Whether it has forgotten the driver and its memory. */
bool disk_is_reset(void);

/* Needs a reset, and says so. */
void disk_needs_reset(void);

#endif
