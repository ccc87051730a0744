/* SPDX-License-Identifier: MIT */
/*
 * request.c - reads, writes and flushes of the disks behind a controller.
 *
 * Between struct block_dev, through which requests come down, and the one
 * requestq, which the disks share. Which disks there are is scan.c's, what is
 * done with a controller that breaks its protocol setup.c's.
 */
#include "console/log.h"
#include "core/clock.h"
#include "drivers/virtio_scsi/virtio_scsi.h"
#include "lib/errno.h"
#include "lib/list.h"

#define PAUSE_NS (10 * NS_PER_MS) /* for a disk that is busy */

/* ---- What became of a request -------------------------------------------- */

static uint32_t bytes_of(const struct block_request *req)
{
    uint32_t bytes = 0; /* block/ has seen to it that they fit */

    for (unsigned i = 0; req->op != BLOCK_FLUSH && i < req->count; i++)
        bytes += req->pieces[i].len;
    return bytes;
}

/* Whether less was moved than was asked for. */
static bool is_short(const struct virtio_scsi_command *c, uint32_t len)
{
    const struct block_request *req = c->req;
    uint32_t read = req->op == BLOCK_READ ? bytes_of(req) : 0;

    return req->op != BLOCK_FLUSH && (c->response.residual != 0 ||
                                      len - VIRTIO_SCSI_RESPONSE_SIZE < read);
}

/* A line for a person, the first time that a disk fails in this way. */
static void tell(struct virtio_scsi_disk *disk,
                 const struct virtio_scsi_command *c, struct scsi_sense sense)
{
    static const char *const names[] = {
        [BLOCK_READ] = "a read",
        [BLOCK_WRITE] = "a write",
        [BLOCK_FLUSH] = "a flush",
    };
    const struct virtio_scsi_resp_cmd *r = &c->response;
    bool has_sense =
        r->response == VIRTIO_SCSI_S_OK && r->status == SCSI_CHECK_CONDITION;
    uint32_t kind = 1u << (has_sense ? sense.key : 16 + (r->response & 15));
    unsigned long long sector =
        c->req->op == BLOCK_FLUSH ? 0 : (unsigned long long)c->req->sector;

    if ((disk->told & kind) != 0)
        return;
    disk->told |= kind;
    if (has_sense)
        log_line("%s: %s at sector %llu failed: %s (%ssense %x/%02x/%02x)",
                 disk->block.name, names[c->req->op], sector,
                 scsi_key_name(sense.key), sense.deferred ? "deferred " : "",
                 sense.key, sense.asc, sense.ascq);
    else
        log_line("%s: %s at sector %llu failed: response %u, status 0x%02x, "
                 "%u bytes not moved",
                 disk->block.name, names[c->req->op], sector, r->response,
                 r->status, le32_to_cpu(r->residual));
}

/* ---- Requests ------------------------------------------------------------ */

static void fill_cdb(const struct virtio_scsi_disk *disk,
                     const struct block_request *req, uint8_t *cdb)
{
    unsigned unit = disk->block.unit;

    if (req->op == BLOCK_FLUSH)
        scsi_synchronize_cache(cdb, disk->wide);
    else
        scsi_transfer(cdb, req->op == BLOCK_WRITE, disk->wide,
                      req->sector / unit,
                      bytes_of(req) / (unit * BLOCK_SECTOR_SIZE));
}

/* 0, -EIO, or -ENOSPC when there is no room in the queue. */
static int put_into_queue(struct virtio_scsi_disk *disk,
                          struct block_request *req)
{
    struct virtio_scsi *scsi = disk->scsi;
    struct virtio_scsi_command *c = virtio_scsi_take(scsi, disk->lun);
    unsigned count = req->op == BLOCK_FLUSH ? 0 : req->count;

    if (c == NULL)
        return -ENOSPC;
    c->disk = disk;
    c->req = req;
    fill_cdb(disk, req, c->header.cdb);
    int error =
        virtio_scsi_send(scsi, c, req->pieces, count, req->op == BLOCK_WRITE);
    if (error != 0)
        virtio_scsi_put(scsi, c);
    return error;
}

int virtio_scsi_submit(struct block_dev *dev, struct block_request *req)
{
    struct virtio_scsi_disk *disk =
        container_of(dev, struct virtio_scsi_disk, block);
    struct virtio_scsi *scsi = disk->scsi;

    if (scsi->requestq.broken || disk->changed)
        return -EIO;
    if (disk->in_flight >= disk->limit ||
        (scsi->crowded && scsi->invited != disk))
        return -ENOSPC;

    int error = put_into_queue(disk, req);
    if (error == -ENOSPC)
        scsi->crowded = scsi->full = true;
    if (error != 0)
        return error;
    disk->in_flight++;
    scsi->invited = NULL;
    event_post(&scsi->kick_work);
    return 0;
}

/* When the queue was full, the disks that wait get one request in each, turn
 * by turn, until it is full again or nobody waits. A disk that could take what
 * its own requests leave would never let the others in. */
static void let_in(struct virtio_scsi *scsi)
{
    unsigned passed = 0; /* disks in a row that took nothing */

    scsi->full = false;
    while (scsi->crowded && passed < scsi->disk_count) {
        scsi->invited = scsi->disks;
        block_room(&scsi->disks->block);
        if (scsi->full)
            break; /* it is first next time */
        passed = scsi->invited == NULL ? 0 : passed + 1;
        /* It is a ring that loses none while disk_count says how many:
         * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        scsi->disks = scsi->disks->next;
    }
    scsi->invited = NULL;
    scsi->crowded = scsi->full;
}

/* A disk that has no room for a command that it was sent gets no more of them
 * until it has done some that it holds; if it holds none, until a pause is
 * over. [SAM-5 §5.3.1] */
static void set_limit(struct virtio_scsi_disk *disk, int error)
{
    struct virtio_scsi *scsi = disk->scsi;

    if (error != -EBUSY) {
        if (disk->limit < scsi->cmd_per_lun)
            disk->limit++;
        return;
    }
    disk->limit = disk->in_flight;
    if (disk->limit == 0 && !scsi->pause_timer.armed)
        event_timer_set(&scsi->pause_timer, clock_ns() + PAUSE_NS);
}

/* Another medium is another disk: nothing that was meant for the one that was
 * there must meet it. */
static void medium_changed(struct virtio_scsi_disk *disk)
{
    if (!disk->changed)
        log_line("%s: its medium was changed: it is not used any more",
                 disk->block.name);
    disk->changed = true;
}

/* Hands back what came of `c`; or has it tried again. */
static void finish(struct virtio_scsi *scsi, struct virtio_scsi_command *c,
                   uint32_t len)
{
    struct virtio_scsi_disk *disk = c->disk;
    struct block_request *req = c->req;
    struct scsi_sense sense;
    int error = virtio_scsi_judge(scsi, c, len, &sense);

    disk->in_flight--;
    set_limit(disk, error);
    if (error == -EAGAIN && sense.asc == SCSI_ASC_MEDIUM_CHANGED)
        medium_changed(disk);
    if (disk->changed)
        error = -EIO;
    if ((error == -EAGAIN || error == -EBUSY) &&
        block_again(&disk->block, req)) {
        virtio_scsi_put(scsi, c);
        block_room(&disk->block);
        return;
    }
    if (error == 0 && is_short(c, len))
        error = -EIO;
    if (error != 0 && error != -EPROTO && !disk->changed)
        tell(disk, c, sense);
    virtio_scsi_put(scsi, c);
    req->error = error == 0 || error == -ENOTSUP ? error : -EIO;
    block_done(&disk->block, req);
}

unsigned virtio_scsi_complete(struct virtio_scsi *scsi, unsigned limit)
{
    struct virtio_scsi_command *c;
    unsigned count = 0;
    uint32_t len;

    while (count < limit && (c = virtio_scsi_poll(scsi, &len)) != NULL) {
        count++;
        finish(scsi, c, len);
    }
    if (scsi->crowded)
        let_in(scsi);
    return count;
}

void virtio_scsi_pause_over(struct event_timer *timer)
{
    struct virtio_scsi *scsi =
        container_of(timer, struct virtio_scsi, pause_timer);
    struct virtio_scsi_disk *disk = scsi->disks;

    for (unsigned i = 0; i < scsi->disk_count; i++, disk = disk->next) {
        if (disk->limit == 0)
            disk->limit = scsi->cmd_per_lun;
        block_room(&disk->block);
    }
    if (scsi->crowded)
        let_in(scsi);
}
