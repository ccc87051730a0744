/* SPDX-License-Identifier: MIT */
/*
 * descriptor.h - the wires of a Unix process: file descriptors that become
 * ready. For drivers of the host's things (drivers/host/..., net/sockets).
 *
 *     epoll_wait() --> ready(d, events) --event_post()--> work in the loop
 *
 * As with a machine's interrupts, ready() runs between any two statements
 * that have interrupts on, with interrupts off; it only marks and posts, and
 * all work is the event loop's. A descriptor is looked at by its level: while
 * it stays ready, and is watched for that, ready() is called again each time
 * the loop looks, so whoever can't take now what there is watches for less. Of
 * DESCRIPTOR_ERROR there is no less: whoever is told of it forgets the
 * descriptor before the loop sleeps again, or it will not sleep.
 *
 * What can't be waited for, a file for one, can't be watched: -EPERM.
 */
#ifndef ARCH_UNIX_DESCRIPTOR_H
#define ARCH_UNIX_DESCRIPTOR_H

#include <stdint.h>

/* What to watch for, and what there is. */
enum {
    DESCRIPTOR_IN = 1 << 0,     /* can be read, or the other side has ended */
    DESCRIPTOR_OUT = 1 << 1,    /* can be written */
    DESCRIPTOR_ERROR = 1 << 2,  /* failed or hung up; always watched for */
};

/* The owner's struct; it must stay until descriptor_forget(). */
struct descriptor {
    int fd;
    void (*ready)(struct descriptor *d, unsigned events);
    unsigned events;            /* wait.c's: what is watched for now */
    int watched;                /* wait.c's: not 0 once it is */
};

/* Watches `d` for `events` from now on, 0 for errors alone; again, with
 * others, changes that. Returns 0 or a negative errno. */
int descriptor_watch(struct descriptor *d, unsigned events);

/* Watches it no longer. Before its fd is closed; harmless when it was not
 * watched. ready() is not called any more from here on. */
void descriptor_forget(struct descriptor *d);

#endif
