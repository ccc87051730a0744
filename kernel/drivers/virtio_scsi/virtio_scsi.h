/* SPDX-License-Identifier: MIT */
/*
 * virtio_scsi.h - a virtio SCSI controller, and the disks behind it.
 * [virtio 1.2 §5.6]
 *
 *     blk0          blk1          blk2                        block/
 *       |             |             |
 *     target 0      target 1      target 1                    disks
 *     lun 0         lun 0         lun 3
 *       '-------------+-------------'
 *                     |
 *                 requestq                                    lab 05's
 *                     |
 *                 controller
 *
 * A command lies in a pool of the controller's; what it moves stays where the
 * request says. It is one chain:
 *
 *     header   pieces of a write        response   pieces of a read
 *     +--------+------+------+-------+  +----------+------+------+-------+
 *     | lun,   | data | data |  ...  |  | status,  | data | data |  ...  |
 *     | cdb    |      |      |       |  | sense    |      |      |       |
 *     +--------+------+------+-------+  +----------+------+------+-------+
 *       device reads                      device writes
 *
 * setup.c brings a controller up and to its end, scan.c and unit.c find the
 * disks behind it before main() begins, request.c is reading and writing, and
 * commands.c what both are made of. A controller that breaks its protocol, or
 * does not answer while it is scanned, is reset; then what its disks held is
 * given back with -EIO, and what waited as well. Should it not come out of its
 * reset, what it holds stays with it for good.
 *
 * Refused, so left to nobody: disks that come and go while we run (the eventq
 * is not used), aborting a command (nor is the controlq), commands that move
 * data both ways, protection information.
 */
#ifndef DRIVERS_VIRTIO_SCSI_H
#define DRIVERS_VIRTIO_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"
#include "drivers/virtio/core/virtio.h"
#include "drivers/virtio_scsi/scsi.h"
#include "lib/endian.h"

enum {
    VIRTIO_SCSI_CDB_SIZE = 32,      /* unless configured otherwise */
    VIRTIO_SCSI_HEADER_SIZE = 19,   /* and cdb_size */
    VIRTIO_SCSI_RESPONSE_SIZE = 12, /* and sense_size */
};

/* The device reads it. [virtio 1.2 §5.6.6.1]
 *      0                8          16    17    18   19
 *      +----------------+----------+-----+-----+-----+------- - - - -
 *      | lun            | id       |task_|prio | crn | cdb, cdb_size
 *      |                |          |attr |     |     | bytes
 *      +----------------+----------+-----+-----+-----+------- - - - -       */
struct virtio_scsi_req_cmd {
    uint8_t lun[8];
    le64 id;                    /* another for each that is in flight */
    uint8_t task_attr;          /* VIRTIO_SCSI_S_SIMPLE: in any order */
    uint8_t prio;
    uint8_t crn;
    uint8_t cdb[VIRTIO_SCSI_CDB_SIZE];
};
_Static_assert(offsetof(struct virtio_scsi_req_cmd, cdb) ==
                   VIRTIO_SCSI_HEADER_SIZE, "virtio 1.2 §5.6.6.1");

/* `lun` in it. [virtio 1.2 §5.6.6.1]
 *      0    1        2           3     4
 *      +----+--------+-----------+-----+----------------+
 *      | 1  | target | 0x40, lun | lun | 0    0   0   0 |
 *      +----+--------+-----------+-----+----------------+                   */
enum { VIRTIO_SCSI_LUN_FIRST = 1, VIRTIO_SCSI_LUN_FLAT = 0x40 };

enum { VIRTIO_SCSI_S_SIMPLE = 0 };

/* The device writes it.
 *      0           4          8                  10       11         12
 *      +-----------+----------+------------------+--------+----------+- - -
 *      | sense_len | residual | status_qualifier | status | response | sense,
 *      |           |          |                  |        |          | sense_
 *      |           |          |                  |        |          | size
 *      +-----------+----------+------------------+--------+----------+- - - */
struct virtio_scsi_resp_cmd {
    le32 sense_len;             /* bytes of sense that there are */
    le32 residual;              /* bytes of data that were not moved */
    le16 status_qualifier;
    uint8_t status;             /* enum scsi_status, if response is S_OK */
    uint8_t response;           /* enum virtio_scsi_response */
    uint8_t sense[SCSI_SENSE_MAX];
};
_Static_assert(offsetof(struct virtio_scsi_resp_cmd, sense) ==
                   VIRTIO_SCSI_RESPONSE_SIZE, "virtio 1.2 §5.6.6.1");

enum virtio_scsi_response {
    VIRTIO_SCSI_S_OK = 0,
    VIRTIO_SCSI_S_OVERRUN = 1,      /* more data than there was room for */
    VIRTIO_SCSI_S_ABORTED = 2,
    VIRTIO_SCSI_S_BAD_TARGET = 3,   /* nobody is there */
    VIRTIO_SCSI_S_RESET = 4,        /* of the bus: it was not done */
    VIRTIO_SCSI_S_BUSY = 5,         /* not now */
    VIRTIO_SCSI_S_TRANSPORT_FAILURE = 6,
    VIRTIO_SCSI_S_TARGET_FAILURE = 7,
    VIRTIO_SCSI_S_NEXUS_FAILURE = 8,
    VIRTIO_SCSI_S_FAILURE = 9,

    VIRTIO_SCSI_S_NONE = 0xff,      /* ours: the device has written none yet */
};

enum {
    VIRTIO_SCSI_QUEUE_MAX = 256,    /* descriptors, if we may choose */
    VIRTIO_SCSI_COMMANDS_MAX = VIRTIO_SCSI_QUEUE_MAX / 2,
    VIRTIO_SCSI_ENDS = 2,           /* of a chain, that are not pieces */
    VIRTIO_SCSI_TARGETS = 256,      /* that `lun` can name */
    VIRTIO_SCSI_LUNS = 16384,       /* of each */
    VIRTIO_SCSI_UNITS_MAX = 256,    /* looked at: others are let be */
};

/* One command: free, or in flight, the requestq's token. */
struct virtio_scsi_command {
    struct virtio_scsi_req_cmd header;
    struct virtio_scsi_resp_cmd response;

    struct virtio_scsi_command *next;   /* when it is free */
    struct virtio_scsi_disk *disk;      /* NULL: one of the scan's */
    struct block_request *req;
};

/* A logical unit that is a disk. There for good. */
struct virtio_scsi_disk {
    struct block_dev block;
    struct virtio_scsi *scsi;
    struct virtio_scsi_disk *next;      /* round and round */
    uint8_t lun[8];                     /* as commands name it */
    bool wide;                          /* commands of 16 bytes */
    unsigned in_flight;                 /* commands ... */
    unsigned limit;                     /* ... and so many may be: as many as
                                           it held when it last was too busy
                                           for one, and one more for each that
                                           it has done since, up to
                                           cmd_per_lun; 0: a pause is made */
    bool changed;                       /* it has another medium: never used
                                           again */
    uint32_t told;                      /* what kinds of failure have been */
};

/*
 * Invariants, between calls:
 *   - a command is free, or in the requestq; a request is in a command that is
 *     in the requestq, or in block/'s hands, or done;
 *   - when a request waits at block/, its disk has `limit` commands in flight
 *     or more; or `crowded`, and there are commands in flight;
 *   - when the `limit` of a disk is 0, pause_timer is armed, or `stopped`;
 *   - when `stopped`, nothing is in the requestq but with a device that does
 *     not come out of its reset.
 */
struct virtio_scsi {
    struct virtio_device *device;
    struct virtq requestq;
    bool stopped;                   /* the device was broken, and was reset */

    /* As configured. [virtio 1.2 §5.6.4] */
    unsigned pieces_max;
    uint32_t len_max;               /* bytes in a request */
    unsigned cmd_per_lun;
    uint32_t sense_size, cdb_size;
    unsigned targets, luns;

    struct virtio_scsi_command *free;   /* those of the pool that are */

    /* The disks, a ring of them: the one whose turn is next, when the queue
     * is full and several wait for room in it. */
    struct virtio_scsi_disk *disks;
    unsigned disk_count;
    bool crowded;                       /* who comes now waits its turn */
    bool full;                          /* whose turn it was found no room */
    struct virtio_scsi_disk *invited;   /* whose turn it is */

    struct event_work done_work;    /* the device has used something */
    struct event_work config_work;  /* its configuration or status changed */
    struct event_work kick_work;
    struct virtio_watch watch;      /* as interrupts can get lost */
    struct event_timer pause_timer; /* a disk was busy */
    char name[32];                  /* "scsi at pci 00:03.0", for messages */
};

/* ---- Commands: commands.c ---------------------------------------------- */

/* Makes the pool: as many commands as the queue has room for, but at most
 * VIRTIO_SCSI_COMMANDS_MAX. 0 or -ENOMEM. */
int virtio_scsi_make_commands(struct virtio_scsi *scsi);

/* A free command, for the logical unit named by `lun`, its cdb all zero; NULL
 * when there is none. */
struct virtio_scsi_command *virtio_scsi_take(struct virtio_scsi *scsi,
                                             const uint8_t lun[8]);
void virtio_scsi_put(struct virtio_scsi *scsi, struct virtio_scsi_command *c);

/* Puts `c`, whose cdb is filled in, into the requestq; does not kick. 0 or what
 * virtq_add() gives, and has then taken nothing. */
int virtio_scsi_send(struct virtio_scsi *scsi, struct virtio_scsi_command *c,
                     const struct block_piece *pieces, unsigned count,
                     bool to_device);

/* The next command that the device is done with, and how many bytes it says
 * that it wrote: of a legacy device, on whose count nobody ever relied, more
 * than any. NULL when there is none. [virtio 1.2 §2.7.8.1] */
struct virtio_scsi_command *virtio_scsi_poll(struct virtio_scsi *scsi,
                                             uint32_t *len);

/*
 * What became of `c`, of which the device says that it wrote `len` bytes; how
 * much data was moved is not looked at.
 *   0         done
 *   -EAGAIN   not done for a reason that is over (UNIT ATTENTION, a reset,
 *             an earlier command whose error could be recovered)
 *   -EBUSY    not done for a reason that will be
 *   -ENODEV   nobody is there
 *   -ENOTSUP  the disk knows no such command
 *   -EIO      everything else; *sense then says more, or is all 0
 *   -EPROTO   it can't have written a response: the queue is broken
 */
int virtio_scsi_judge(struct virtio_scsi *scsi, struct virtio_scsi_command *c,
                      uint32_t len, struct scsi_sense *sense);

/* ---- Requests: request.c ----------------------------------------------- */

/* struct block_dev's submit(). */
int virtio_scsi_submit(struct block_dev *dev, struct block_request *req);

/* Takes at most `limit` commands out of the requestq and hands back their
 * requests, then lets in what waited. Returns how many. */
unsigned virtio_scsi_complete(struct virtio_scsi *scsi, unsigned limit);

/* For pause_timer: what the disks that did nothing else were too busy for is
 * tried again. */
void virtio_scsi_pause_over(struct event_timer *timer);

/* ---- Finding disks: scan.c --------------------------------------------- */

/* Finds the disks behind a controller that has just come up, and has its
 * queue polled for as long as that takes. 0, also when there are none; or
 * -ENOMEM, or -ETIMEDOUT or -EIO when it does not answer or not as it must, and
 * has then been reset. Makes no disk known to block/ yet. */
int virtio_scsi_scan(struct virtio_scsi *scsi);

#endif
