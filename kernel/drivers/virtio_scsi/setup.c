/* SPDX-License-Identifier: MIT */
/*
 * setup.c - a virtio SCSI controller from its discovery to its disks' first
 * requests, the work that its interrupts post, and its end should it break its
 * protocol. [virtio 1.2 §5.6.3, §5.6.4, §5.6.5]
 *
 * Which disks are behind it is scan.c's, what is done with them request.c's.
 */
#include "console/format.h"
#include "console/log.h"
#include "drivers/virtio_scsi/virtio_scsi.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mem/heap.h"

/* None has a feature that we want: neither commands that move data both ways
 * (INOUT), nor protection information (T10_PI), which would change the header,
 * nor to be told of disks that come, go and change (HOTPLUG, CHANGE).
 * [virtio 1.2 §5.6.3] */
#define FEATURES 0

/* [virtio 1.2 §5.6.4]
 *      0            4          8             12            16
 *      +------------+----------+-------------+-------------+- - -
 *      | num_queues | seg_max  | max_sectors | cmd_per_lun |
 *      +------------+----------+-------------+-------------+- - -
 *      16                20           24         28            32         36
 *      +-----------------+------------+----------+------+------+----------+
 *      | event_info_size | sense_size | cdb_size | max_ | max_ | max_lun  |
 *      |                 |            |          | chan.| targ.|          |
 *      +-----------------+------------+----------+------+------+----------+ */
struct virtio_scsi_config {
    le32 num_queues;
    le32 seg_max;     /* pieces in a command */
    le32 max_sectors; /* of 512 bytes, in a command */
    le32 cmd_per_lun;
    le32 event_info_size;
    le32 sense_size;
    le32 cdb_size;
    le16 max_channel;
    le16 max_target;
    le32 max_lun;
};
_Static_assert(sizeof(struct virtio_scsi_config) == 36, "virtio 1.2 §5.6.4");

enum {
    REQUESTQ = 2,         /* the first of those; 0 controlq, 1 eventq */
    COMMANDS_A_TURN = 64, /* finished before others have their turn */
};

#define CONFIG32(scsi, field)                                                  \
    virtio_config32((scsi)->device, offsetof(struct virtio_scsi_config, field))

/* ---- When the device breaks its protocol --------------------------------- */

/* Once the queue is broken. */
static void stop(struct virtio_scsi *scsi)
{
    struct virtio_scsi_disk *disk = scsi->disks;

    if (scsi->stopped)
        return;
    scsi->stopped = true;
    event_timer_cancel(&scsi->pause_timer);
    if (virtio_reset(scsi->device)) {
        struct virtio_scsi_command *c;

        while ((c = virtq_take_back(&scsi->requestq)) != NULL) {
            c->req->error = -EIO;
            block_done(&c->disk->block, c->req);
        }
    }
    for (unsigned i = 0; i < scsi->disk_count; i++, disk = disk->next)
        block_broken(&disk->block);
}

/* ---- Work that interrupts post ------------------------------------------- */

static void commands_done(struct event_work *work)
{
    struct virtio_scsi *scsi =
        container_of(work, struct virtio_scsi, done_work);

    if (scsi->stopped)
        return;
    if (virtio_scsi_complete(scsi, COMMANDS_A_TURN) == COMMANDS_A_TURN ||
        virtq_listen(&scsi->requestq, 1))
        event_post(work);
    if (scsi->requestq.broken)
        stop(scsi);
}

static void config_changed(struct event_work *work)
{
    struct virtio_scsi *scsi =
        container_of(work, struct virtio_scsi, config_work);

    if (!scsi->stopped && virtio_needs_reset(scsi->device, &scsi->requestq))
        stop(scsi);
}

static void kick(struct event_work *work)
{
    struct virtio_scsi *scsi =
        container_of(work, struct virtio_scsi, kick_work);

    virtq_kick(&scsi->requestq);
    virtio_watch(&scsi->watch);
}

/* ---- Bringing it up ------------------------------------------------------ */

/* 0, or -EINVAL after it has said what can't be. */
static int read_sizes(struct virtio_scsi *scsi)
{
    const char *where = scsi->device->where;

    scsi->cdb_size = CONFIG32(scsi, cdb_size);
    scsi->sense_size = CONFIG32(scsi, sense_size);
    if (scsi->cdb_size < SCSI_CDB_MAX ||
        scsi->cdb_size > VIRTIO_SCSI_CDB_SIZE) {
        log_line("%s: not used: its commands are of %u bytes; %u to %u can be "
                 "dealt with",
                 where, scsi->cdb_size, SCSI_CDB_MAX, VIRTIO_SCSI_CDB_SIZE);
        return -EINVAL;
    }
    if (scsi->sense_size > SCSI_SENSE_MAX) {
        log_line("%s: not used: it has %u bytes of sense data; up to %u can "
                 "be dealt with",
                 where, scsi->sense_size, SCSI_SENSE_MAX);
        return -EINVAL;
    }
    return 0;
}

/* However little it takes, one piece, one unit and one command it must. */
static void read_limits(struct virtio_scsi *scsi)
{
    uint64_t len_max =
        CONFIG32(scsi, max_sectors) * (uint64_t)BLOCK_SECTOR_SIZE;
    uint32_t seg_max = CONFIG32(scsi, seg_max);
    uint32_t cmd_per_lun = CONFIG32(scsi, cmd_per_lun);
    uint32_t max_lun = CONFIG32(scsi, max_lun);
    uint16_t max_target = virtio_config16(
        scsi->device, offsetof(struct virtio_scsi_config, max_target));

    scsi->len_max = len_max > UINT32_MAX       ? UINT32_MAX
                    : len_max < BLOCK_UNIT_MAX ? BLOCK_UNIT_MAX
                                               : (uint32_t)len_max;
    if (scsi->pieces_max > seg_max)
        scsi->pieces_max = seg_max > 0 ? seg_max : 1;
    scsi->cmd_per_lun = cmd_per_lun > 0 ? cmd_per_lun : 1;
    scsi->targets = max_target < VIRTIO_SCSI_TARGETS - 1 ? max_target + 1u
                                                         : VIRTIO_SCSI_TARGETS;
    scsi->luns =
        max_lun < VIRTIO_SCSI_LUNS - 1 ? max_lun + 1 : VIRTIO_SCSI_LUNS;
}

/* Any request must find room in a ring that is empty. */
static int choose_pieces(struct virtio_scsi *scsi)
{
    uint32_t room = scsi->requestq.num;

    if (room <= VIRTIO_SCSI_ENDS) {
        log_line("%s: not used: a queue of %u descriptors has no room for a "
                 "request",
                 scsi->device->where, room);
        return -EINVAL;
    }
    room -= VIRTIO_SCSI_ENDS;
    scsi->pieces_max = room < BLOCK_PIECES_MAX ? room : BLOCK_PIECES_MAX;
    return 0;
}

static int set_up(struct virtio_device *dev, void *ctx)
{
    struct virtio_scsi *scsi = ctx;
    int error = read_sizes(scsi);

    if (error == 0)
        error = virtio_queue(dev, REQUESTQ, VIRTIO_SCSI_QUEUE_MAX,
                             &scsi->requestq, &scsi->done_work, scsi->name);
    if (error == 0)
        error = dev->transport->config_changed(dev, &scsi->config_work);
    if (error == 0)
        error = choose_pieces(scsi);
    if (error == 0)
        error = virtio_scsi_make_commands(scsi);
    if (error == 0)
        read_limits(scsi);
    return error;
}

static void introduce(struct virtio_scsi_disk *disk)
{
    struct block_dev *dev = &disk->block;

    dev->pieces_max = disk->scsi->pieces_max;
    dev->piece_len_max = UINT32_MAX;
    dev->submit = virtio_scsi_submit;
    disk->limit = disk->scsi->cmd_per_lun;
    block_add(dev);
    log_line("%s: %llu sectors%s, %s, target %u, lun %u", dev->name,
             (unsigned long long)dev->sectors,
             dev->read_only ? ", only to be read" : "",
             disk->scsi->device->where, disk->lun[1],
             (disk->lun[2] & 0x3fu) << 8 | disk->lun[3]);
}

static void introduce_all(struct virtio_scsi *scsi)
{
    struct virtio_scsi_disk *disk = scsi->disks;

    for (unsigned i = 0; i < scsi->disk_count; i++, disk = disk->next)
        introduce(disk);
    if (scsi->disk_count == 0)
        log_line("%s: a SCSI controller, and no disk behind it",
                 scsi->device->where);
}

static void prepare(struct virtio_scsi *scsi, struct virtio_device *dev)
{
    scsi->device = dev;
    scsi->done_work.run = commands_done;
    scsi->config_work.run = config_changed;
    scsi->kick_work.run = kick;
    scsi->pause_timer.expire = virtio_scsi_pause_over;
    scsi->watch = (struct virtio_watch){ .vq = &scsi->requestq,
                                         .work = &scsi->done_work,
                                         .config_work = &scsi->config_work };
    format(scsi->name, sizeof(scsi->name), "scsi at %s", dev->where);
}

static int virtio_scsi_probe(struct virtio_device *dev)
{
    struct virtio_scsi *scsi = heap_alloc_array(1, sizeof(*scsi));
    if (scsi == NULL) {
        log_line("%s: no memory for a SCSI controller", dev->where);
        return -ENOMEM;
    }
    prepare(scsi, dev);

    int error = virtio_handshake(dev, FEATURES | virtio_ring_features(),
                                 set_up, scsi);
    if (error == 0)
        error = virtio_scsi_scan(scsi);
    if (error != 0) {
        /* Not freed: its interrupts may lead here already. */
        scsi->stopped = true;
        virtio_not_up(dev, "the SCSI controller", error);
        return error;
    }
    introduce_all(scsi);
    event_post(&scsi->done_work);
    event_post(&scsi->config_work);
    return 0;
}

static const struct virtio_driver virtio_scsi_driver = {
    .name = "virtio_scsi",
    .id = VIRTIO_ID_SCSI,
    .probe = virtio_scsi_probe,
};
VIRTIO_DRIVER(virtio_scsi_driver);
