/* SPDX-License-Identifier: MIT */
/*
 * fake_virtio.h - a device at the other end of a virtqueue, in this process.
 *
 * A real device looks at the ring whenever it likes, and a real processor
 * shows it our stores in any order that the barriers allow. The fake makes
 * the worst of both, so that a bug which one machine in a thousand would meet
 * fails here every time:
 *
 *   - Of what the driver has stored, only what was there at the last
 *     arch_write_barrier() is sure to be seen. When avail.idx has moved, the
 *     entries and descriptors that it announces must have been there.
 *   - It moves used.idx first, with rubbish in the element, and puts the
 *     truth there at the next arch_read_barrier().
 *   - used.flags says "no need to notify" until arch_full_barrier() after
 *     avail.idx has moved; by then the device has gone to sleep.
 *   - With FAKE_EAGER it takes and completes chains at any of these moments,
 *     as if it ran on another processor.
 *   - It checks every chain as a strict device would, and that the driver
 *     keeps its hands off what belongs to the device.
 *   - It can lie.
 *
 * What it finds wrong ends the test with a sentence.
 */
#ifndef FAKE_VIRTIO_H
#define FAKE_VIRTIO_H

#include "drivers/virtio/core/virtqueue.h"
#include "unit.h"

enum fake_mode {
    FAKE_EAGER = 1,         /* acts at every barrier, at random */
    FAKE_SHUFFLE = 2,       /* completes in any order */
    FAKE_SLEEPY = 4,        /* goes to sleep in the window before a notify */
    FAKE_DEAF = 8,          /* says that it needs no notify, and means it */
    FAKE_ORDERLY = 16,      /* its elements are there when used.idx moves */
};

/* A chain on its way: handed to virtq_add() by fake_add(). The token is the
 * request itself. */
struct fake_request {
    enum { FAKE_ADDING, FAKE_ADDED, FAKE_TAKEN, FAKE_USED } state;
    unsigned out, in, number;
    struct virtq_buffer *buffers;
    uint16_t head;          /* once the device has taken it */
    uint32_t used_len;      /* what the device said that it wrote */
    struct fake_request *next;
};

struct fake_device;

/* A queue of `num` over memory full of rubbish, initialised by virtq_init(),
 * and a device behind it. The one there is: the barriers lead to it. */
struct virtq *fake_device(uint16_t num, unsigned modes);

/* The same, but after `count` chains have come and gone: all indices stand
 * there. */
struct virtq *fake_device_after(uint16_t num, unsigned modes, uint16_t count);

/* virtq_add() of out + in buffers of random lengths; its result. What
 * virtq_add() needs of the array is gone when it returns. */
int fake_add(unsigned out, unsigned in);

/* Makes sure that what was added is published, and lets the device take it.
 * Needs virtq_kick() only where virtq_add() leaves publishing to it. */
void fake_offer(void);

/* The device has time: takes what has been published; then it writes into
 * up to `count` chains and uses them. Returns how many. */
unsigned fake_run(unsigned count);

/* virtq_poll(), its token and length checked against what the device did.
 * True when it gave one. `number` (may be NULL): which, counted from 0 by
 * fake_add(). */
bool fake_poll(unsigned *number);

/* virtq_kick(); afterwards a device that sleeps must have been woken. */
void fake_kick(void);

/* Chains and descriptors that are out; notifies so far; chains that the
 * device has but has not used; chains used but not polled. */
unsigned fake_in_flight(void);
unsigned fake_descriptors(void);
unsigned fake_notified(void);
unsigned fake_taken(void);
unsigned fake_unpolled(void);

/* A device with FAKE_DEAF wants to be told of what comes from here on. */
void fake_listen(void);

/* How often virtq_break() was called. */
unsigned fake_breaks(void);

/* The device breaks the protocol: puts this element, and moves used.idx on
 * by `by`. */
void fake_lie(uint32_t id, uint32_t len, unsigned by);

/* From now on the device does nothing of its own at barriers, and checks
 * nothing; then this is all it does, at a moment of the test's choice: every
 * element of the used ring becomes this one. */
void fake_away(void);
void fake_scribble(uint32_t id, uint32_t len);

/* Head and writable bytes of the oldest chain that the device has. */
uint16_t fake_head(void);
uint32_t fake_writable(void);
/* Descriptor `n` of that chain; a descriptor that no chain holds. */
uint16_t fake_descriptor(unsigned n);
uint16_t fake_free_descriptor(void);

#endif
