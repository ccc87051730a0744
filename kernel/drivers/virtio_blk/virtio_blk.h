/* SPDX-License-Identifier: MIT */
/*
 * virtio_blk.h - a virtio disk. [virtio 1.2 §5.2]
 *
 *     block_submit()                      block_done()           block/
 *          |                                   ^
 *          v                                   |
 *     virtio_blk_submit                virtio_blk_complete       lab 07's
 *          |                                   ^
 *          v                                   |
 *          '------------> requestq ------------'                 lab 05's
 *
 * The device works on everything that is in the requestq at a time, and
 * finishes it in the order that suits it. A request is one chain, whose ends
 * lie in the request itself (block_request.room), so that they live for as
 * long as it is in flight:
 *
 *     room      pieces                        room
 *     +--------+----------+----------+-------+--------+
 *     | header | data     | data     |  ...  | status |
 *     +--------+----------+----------+-------+--------+
 *       device   BLOCK_READ: device writes     device
 *       reads    BLOCK_WRITE: device reads     writes
 *                BLOCK_FLUSH: there are none
 *
 * The framing is the one that legacy devices demand: a descriptor for the
 * header, and one for the status. [virtio 1.2 §5.2.6.4]
 *
 * Given are features and configuration, and what happens when the device
 * breaks its protocol (setup.c): it is reset, so that it has let go of all
 * memory, before the first of the requests that it holds is given back with
 * -EIO, and what waited for room is given back as well. Should it not even
 * come out of its reset, what it holds stays with it for good: a request that
 * is never done is less of an evil than memory that changes under its next
 * owner.
 */
#ifndef DRIVERS_VIRTIO_BLK_H
#define DRIVERS_VIRTIO_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"
#include "drivers/virtio/core/virtio.h"
#include "lib/endian.h"

/* [virtio 1.2 §5.2.6]
 *      0       4          8                16
 *      +-------+----------+----------------+
 *      | type  | reserved | sector         |
 *      +-------+----------+----------------+                                */
struct virtio_blk_req {
    le32 type;              /* VIRTIO_BLK_T_* */
    le32 reserved;          /* 0 */
    le64 sector;            /* the first one, of 512 bytes; 0 for a flush */
};
_Static_assert(sizeof(struct virtio_blk_req) == 16, "virtio 1.2 §5.2.6");

enum { VIRTIO_BLK_T_IN = 0, VIRTIO_BLK_T_OUT = 1, VIRTIO_BLK_T_FLUSH = 4 };

enum virtio_blk_status {
    VIRTIO_BLK_S_OK = 0,
    VIRTIO_BLK_S_IOERR = 1,
    VIRTIO_BLK_S_UNSUPP = 2,    /* the device can't do this at all */

    VIRTIO_BLK_S_NONE = 0xff,   /* ours: the device has written none yet */
};

/* What the driver keeps in a request: the two ends of its chain. */
struct virtio_blk_room {
    struct virtio_blk_req header;
    uint8_t status;             /* VIRTIO_BLK_S_* */
};
_Static_assert(sizeof(struct virtio_blk_room) <= BLOCK_DRIVER_ROOM,
               "the driver's part of a request has room in it");

static inline struct virtio_blk_room *virtio_blk_room(struct block_request *req)
{
    return (void *)req->room;
}

enum { VIRTIO_BLK_QUEUE_MAX = 256 };    /* descriptors, at most */

/*
 * Invariants, between calls:
 *   - every request that was submitted is in the requestq, its own token, or
 *     in block/'s hands, or done;
 *   - when `stopped`, none is in the requestq but with a device that does not
 *     come out of its reset.
 */
struct virtio_blk {
    struct block_dev block;
    struct virtio_device *device;
    struct virtq requestq;
    bool stopped;                   /* the device was broken, and was reset */

    struct event_work done_work;    /* the device has used something */
    struct event_work config_work;  /* its configuration or status changed */
    struct event_work kick_work;
    struct virtio_watch watch;      /* as interrupts can get lost */
    char queue_name[16];            /* "blk0 requests", for messages */
};

/* ---- Lab 07's ---------------------------------------------------------- */

/*
 * Puts `req`, which block_submit() has looked at, into the requestq as one
 * chain. Does not kick. Returns 0, or what virtq_add() does, and has then taken
 * nothing: -ENOSPC, -EIO. [virtio 1.2 §5.2.6]
 */
int virtio_blk_submit(struct virtio_blk *blk, struct block_request *req);

/*
 * Takes at most `limit` requests out of the requestq, whichever the device is
 * done with. Each gets its error and is handed to block_done(), in which
 * anything may be submitted. Returns how many.
 *
 * A request is done well (0) when its status is VIRTIO_BLK_S_OK and the device
 * wrote all that it had to write: what is read, and the status.
 * VIRTIO_BLK_S_UNSUPP is -ENOTSUP, also where no data was written, and
 * everything else -EIO. A device that says it wrote nothing can't have written
 * a status, and has broken the protocol: virtq_break(), before the request is
 * handed back with -EIO.
 */
unsigned virtio_blk_complete(struct virtio_blk *blk, unsigned limit);

#endif
