/* SPDX-License-Identifier: MIT */
/*
 * unit.c - what a logical unit says of itself: what it is, how large, and
 * whether it may be written.
 *
 * Nothing of it is believed that can't be. What is no disk of ours is let be,
 * in one line.
 */
#include "console/log.h"
#include "drivers/virtio_scsi/scan.h"
#include "lib/errno.h"

/* The bytes of a larger one could not be counted. */
#define SECTORS_MAX (UINT64_MAX / BLOCK_SECTOR_SIZE)

static void not_used(const struct scan *scan, const char *why)
{
    log_line("%s, target %u, lun %u: not used: %s (sense %x/%02x/%02x)",
             scan->scsi->device->where, scan->target, scan->lun, why,
             scan->sense.key, scan->sense.asc, scan->sense.ascq);
}

bool scan_is_disk(struct scan *scan)
{
    uint8_t cdb[SCSI_CDB_MAX];

    scsi_inquiry(cdb, SCSI_INQUIRY_SIZE);
    int error = scan_ask(scan, cdb, scan->answer, SCSI_INQUIRY_SIZE);
    if (error == -ENODEV || scan->fatal != 0)
        return false;
    if (error != 0) {
        not_used(scan, "it does not say what it is");
        return false;
    }
    uint8_t type = scan->answer[0] & SCSI_INQUIRY_TYPE;
    if ((scan->answer[0] & SCSI_INQUIRY_QUALIFIER) != 0)
        return false; /* a number, and nobody behind it */
    if (type == SCSI_TYPE_CDROM)
        log_line("%s, target %u, lun %u: a CD-ROM, let be",
                 scan->scsi->device->where, scan->target, scan->lun);
    else if (type != SCSI_TYPE_DISK)
        log_line("%s, target %u, lun %u: a device of type %u, let be",
                 scan->scsi->device->where, scan->target, scan->lun, type);
    return type == SCSI_TYPE_DISK;
}

/* Into *last and *size; 0, or what scan_ask() gives. */
static int ask_capacity(struct scan *scan, bool *wide, uint64_t *last,
                        uint32_t *size)
{
    uint8_t cdb[SCSI_CDB_MAX];

    *wide = false;
    scsi_read_capacity(cdb, *wide, SCSI_CAPACITY_10_SIZE);
    int error = scan_ask(scan, cdb, scan->answer, SCSI_CAPACITY_10_SIZE);
    *last = scsi_get32(scan->answer);
    *size = scsi_get32(scan->answer + 4);
    if (error != 0 || *last != UINT32_MAX)
        return error;

    *wide = true;
    scsi_read_capacity(cdb, *wide, SCSI_CAPACITY_16_SIZE);
    error = scan_ask(scan, cdb, scan->answer, SCSI_CAPACITY_16_SIZE);
    *last = scsi_get64(scan->answer);
    *size = scsi_get32(scan->answer + 8);
    return error;
}

int scan_capacity(struct scan *scan, struct virtio_scsi_disk *disk)
{
    struct block_dev *block = &disk->block;
    uint64_t last;
    uint32_t size;
    int error = ask_capacity(scan, &disk->wide, &last, &size);

    if (error != 0) {
        if (scan->fatal == 0)
            not_used(scan, scan->sense.key == SCSI_NOT_READY
                               ? "it is not ready"
                               : "it does not say how large it is");
        return error;
    }
    if (size < BLOCK_SECTOR_SIZE || size > BLOCK_UNIT_MAX ||
        (size & (size - 1)) != 0) {
        log_line("%s, target %u, lun %u: not used: its blocks are of %u "
                 "bytes; 512 to %u can be dealt with",
                 scan->scsi->device->where, scan->target, scan->lun, size,
                 BLOCK_UNIT_MAX);
        return -EINVAL;
    }
    block->unit = size / BLOCK_SECTOR_SIZE;
    if (last >= SECTORS_MAX / block->unit) {
        log_line("%s, target %u, lun %u: not used: a disk whose last block is "
                 "%llu can't be",
                 scan->scsi->device->where, scan->target, scan->lun,
                 (unsigned long long)last);
        return -EINVAL;
    }
    block->sectors = (last + 1) * block->unit;
    block->len_max = scan->scsi->len_max;
    if (!disk->wide && block->len_max > SCSI_BLOCKS_MAX_10 * size)
        block->len_max = SCSI_BLOCKS_MAX_10 * size;
    return 0;
}

/* A disk that does not say can be written, and has a cache. */
void scan_mode(struct scan *scan, struct block_dev *block)
{
    uint8_t cdb[SCSI_CDB_MAX];
    const uint8_t *mode = scan->answer;

    scsi_mode_sense(cdb, SCSI_MODE_CACHING, SCAN_ANSWER_SIZE);
    int error = scan_ask(scan, cdb, scan->answer, SCAN_ANSWER_SIZE);
    if (error == -EIO && scan->fatal == 0) { /* it has no such page */
        scsi_mode_sense(cdb, SCSI_MODE_ALL, SCAN_ANSWER_SIZE);
        error = scan_ask(scan, cdb, scan->answer, SCAN_ANSWER_SIZE);
    }
    size_t page = SCSI_MODE_HEADER + mode[SCSI_MODE_DESCRIPTORS];

    block->can_flush = true;
    if (error != 0)
        return;
    block->read_only = (mode[SCSI_MODE_FLAGS] & SCSI_MODE_WRITE_PROTECTED) != 0;
    if (page + SCSI_CACHING_FLAGS < SCAN_ANSWER_SIZE &&
        (mode[page] & 0x3f) == SCSI_MODE_CACHING)
        block->can_flush =
            (mode[page + SCSI_CACHING_FLAGS] & SCSI_CACHING_WRITE_BACK) != 0;
}
