/* SPDX-License-Identifier: MIT */
/*
 * block.h - the waist between disks and what lies on them.
 *
 * Above it nothing knows a driver, below it nothing knows a file system. A
 * disk is an array of sectors; several requests may be in flight, and they
 * finish in any order. All of it runs in the event loop, none of it in an
 * interrupt handler.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"

enum {
    BLOCK_SECTOR_SIZE = 512,    /* the unit of every address, whatever the
                                   size of the disk's own blocks */
    BLOCK_PIECES_MAX = 16,      /* pieces of memory in a request */
    BLOCK_DRIVER_ROOM = 32,     /* bytes of a request that are the driver's */
    BLOCK_UNIT_MAX = 4096,      /* bytes of the largest sectors of their own
                                   that disks may have */
};

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

/* Memory of ours, contiguous; a whole number of sectors, not 0. */
struct block_piece {
    void *data;
    uint32_t len;               /* in bytes */
};

/*
 * A request: the caller's struct, and with all that it points to the disk's
 * from block_submit() until done(); from inside done() on it is the caller's
 * alone again. done() comes from the event loop, never from inside
 * block_submit(), once for each request that was submitted.
 */
struct block_request {
    enum block_op op;
    uint64_t sector;                    /* the first one; not for a flush */
    const struct block_piece *pieces;   /* from or into, in this order */
    unsigned count;                     /* of them; 0 for a flush */

    /* 0; -EIO when the disk failed or is broken, and what the pieces hold is
     * then undefined; -ENOTSUP when it can't do this at all. */
    int error;
    void (*done)(struct block_request *req);
    void *owner;                        /* for whoever set done */

    struct list link;                   /* block/'s, while it waits for room */
    unsigned tries;                     /* block/'s: see block_again() */
    _Alignas(16) uint8_t room[BLOCK_DRIVER_ROOM];   /* the driver's */
};

struct block_dev {
    char name[8];               /* "blk0" */
    uint64_t sectors;           /* how many it has */
    unsigned pieces_max;        /* in one request, 1 to BLOCK_PIECES_MAX */
    uint32_t piece_len_max;     /* bytes in one, at least BLOCK_UNIT_MAX */
    uint32_t len_max;           /* bytes in a whole request, at least
                                   BLOCK_UNIT_MAX; a driver may leave it 0,
                                   for no limit but 4 GiB */
    unsigned unit;              /* sectors: a request begins and ends at a
                                   multiple of it; 1 on most disks, up to
                                   BLOCK_UNIT_MAX bytes on others */
    bool read_only;
    bool can_flush;             /* false: what is written is written */

    /* The driver's. Takes one request and returns 0, or takes nothing:
     * -ENOSPC when its ring is full (block/ asks again when a request of this
     * disk is done, or there is block_room()), -EIO when the device is broken.
     * What was submitted in one round of the event loop is announced to the
     * device together. The request has been looked at: see block_submit(). */
    int (*submit)(struct block_dev *dev, struct block_request *req);

    struct list waiting;        /* block/'s: requests for which there was no
                                   room yet, in their order */
    struct block_dev *next;
};

/* Makes a disk known, for good; numbers it "blk0", "blk1", ... in the order in
 * which buses find them. For drivers. */
void block_add(struct block_dev *dev);

/* The disk of that name, or NULL. */
struct block_dev *block_find(const char *name);

/*
 * Submits a request; never blocks. Returns 0: it will be done(). Or looks and
 * takes nothing: -EINVAL for no pieces, too many of them, a length that is 0,
 * above piece_len_max or no whole number of sectors, a sum that is beyond
 * len_max, or ends that are no multiples of dev->unit; -ERANGE when it does
 * not lie within the disk; -EROFS for a write to a disk only to be read;
 * -EIO when the device is broken. A flush on a disk without can_flush is done
 * at once, in the next round.
 */
int block_submit(struct block_dev *dev, struct block_request *req);

/* For drivers: `req` is done, with req->error set. Calls done(), then submits
 * what waits. From the event loop only. */
void block_done(struct block_dev *dev, struct block_request *req);

/* For drivers: the device has not done `req`, through no fault of it, and it
 * shall be submitted again: it waits now, before all others, until there is
 * block_room() or another is done. False when it has had BLOCK_TRIES_MAX tries
 * and is the driver's still, to be done with an error. */
enum { BLOCK_TRIES_MAX = 100 };
bool block_again(struct block_dev *dev, struct block_request *req);

/* For drivers: there may be room that no request of this disk has made; submits
 * what waits. From the event loop only. */
void block_room(struct block_dev *dev);

/* For drivers: the device is broken, and submit() gives -EIO from now on. What
 * waits for room is done(), with -EIO; what the device holds is for the driver
 * to give back. From the event loop only. */
void block_broken(struct block_dev *dev);

/* Submits `req` and runs the event loop until it is done; returns its error.
 * For simple applications: other work goes on meanwhile, so this must not be
 * called from work, timers or callbacks of the loop. req->done and owner are
 * overwritten. */
int block_wait(struct block_dev *dev, struct block_request *req);

#endif
