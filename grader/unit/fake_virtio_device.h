/* SPDX-License-Identifier: MIT */
/*
 * fake_virtio_device.h - a whole virtio device in this process, behind a
 * transport of its own: status, features, configuration, queues, interrupts.
 * It is honest until a knob says otherwise. When fake.device.legacy is set it
 * agrees on features as the transport of a legacy device does.
 *
 * Each queue sleeps until it is notified, and works until it has found the ring
 * empty; it interrupts only when it was asked to. With EVENT_IDX it goes by
 * used_event and avail_event alone, without it by the flags alone. So a driver
 * that forgets to tell it, or to ask, waits for ever.
 *
 * It writes down what is done to it, a word each, in fake.story:
 *
 *     "0 1 3 features b queue0 queue1 f"
 *
 * a number is a status that was written (in hex); `features` and `queueN` are
 * what they say. With it come a heap, pages and a clock, which moves a
 * millisecond with each look at the status, or when the test says so.
 */
#ifndef FAKE_VIRTIO_DEVICE_H
#define FAKE_VIRTIO_DEVICE_H

#include "drivers/virtio/core/virtio.h"
#include "unit.h"

enum { FAKE_QUEUES = 4, FAKE_CONFIG = 64, FAKE_FRAME_MAX = 2048,
       FAKE_PIECES = 32 };

/* A device that does not come out of its reset. */
#define FAKE_NEVER 0xffffffffu

struct fake_virtio {
    struct virtio_device device;
    char story[1024];

    /* Knobs. */
    uint64_t offered;               /* features; VERSION_1 and EVENT_IDX to
                                       begin with */
    unsigned reset_looks;           /* looks at the status that a reset takes */
    bool refuses;                   /* FEATURES_OK does not stay */
    uint16_t queue_max[FAKE_QUEUES];/* 64 each, to begin with */
    int queue_error;                /* what queue_enable() gives, if not 0 */
    bool restless;                  /* a new config_generation at each look */
    bool loses_interrupts;
    void (*on_notify)(unsigned q);  /* what the device does at once, if any */
    uint64_t clock_step;            /* ns that each look at the clock takes */
    void (*on_clock)(void);         /* what the device does then, if any */
    unsigned memory_fails_at;       /* 1: the next allocation fails, 2: the one
                                       after it; 0: none does */
    uint8_t config[FAKE_CONFIG];

    /* What the driver has done. */
    uint8_t status;
    uint64_t accepted;
    bool in_reset;
    unsigned notified[FAKE_QUEUES];
    unsigned interrupts[FAKE_QUEUES];   /* what it was given for it */

    /* The transport's. */
    struct virtq *queue[FAKE_QUEUES];
    struct event_work *work[FAKE_QUEUES], *config_work;
    uint16_t avail_idx[FAKE_QUEUES], used_idx[FAKE_QUEUES];
    bool awake[FAKE_QUEUES];
    unsigned looks_left;
    uint32_t generation;
};
extern struct fake_virtio fake;

/* A new device of this kind; nothing has happened to it. Not yet attached. */
void fake_virtio_begin(enum virtio_id id);

/* A chain that the device has taken: what it may read, in one piece as far as
 * that has room here, and where it may write. */
struct fake_chain {
    uint16_t head;
    uint8_t read[FAKE_FRAME_MAX];
    uint32_t read_len;
    uint8_t *write;                 /* the first piece for the device */
    uint32_t write_len;             /* of all pieces */
    struct virtq_buffer pieces[FAKE_PIECES];
    unsigned out, in;               /* so many of them to read, and to write */
};

/* Takes the next chain of queue `q`; false when there is none, or the queue
 * sleeps. */
bool fake_chain_take(unsigned q, struct fake_chain *chain);

/* Puts this into the used ring, whatever it is, moves idx on by `by`, and
 * interrupts, if it is to. */
void fake_chain_use(unsigned q, uint32_t id, uint32_t len, unsigned by);

/* The configuration has changed, or the status has; interrupts. */
void fake_config_interrupt(void);

/* Runs what is ready; moves the clock as far as timers are set. */
void fake_loop(void);
void fake_pass_time(unsigned ms);

/* Blocks of the heap, and pages, that are handed out. */
unsigned fake_blocks(void);
unsigned fake_pages(void);

#endif
