/* SPDX-License-Identifier: MIT */
/*
 * scan.c - which disks are behind a SCSI controller.
 *
 *     all targets          TEST UNIT READY     who is there at all?
 *     each that is         REPORT LUNS         which units has it?
 *     each of these        INQUIRY             is it a disk?
 *                          READ CAPACITY       how large?
 *                          MODE SENSE          only to be read? a cache?
 *
 * A machine must know its disks when main() begins, so this does not wait for
 * interrupts in the event loop but polls the queue. All targets are asked at
 * once, as far as the queue has room, since mostly nobody is there: that costs
 * a few turns of the queue, not one each. A controller that is silent for
 * SILENCE_NS is given up. One that answers may be slow; but for units that say
 * that they are busy no more than PAUSES are made in all.
 *
 * Disks are found in the order of their targets and LUNs. What a unit says of
 * itself is unit.c's.
 */
#include "drivers/virtio_scsi/scan.h"
#include "console/log.h"
#include "core/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/heap.h"

#define SILENCE_NS (5 * NS_PER_S)
#define PAUSE_NS (10 * NS_PER_MS)

enum { TRIES = 100, PAUSES = 500 };

/* ---- Asking -------------------------------------------------------------- */

static void set_address(uint8_t address[8], unsigned target, unsigned lun)
{
    memset(address, 0, 8);
    address[0] = VIRTIO_SCSI_LUN_FIRST;
    address[1] = (uint8_t)target;
    address[2] = (uint8_t)(VIRTIO_SCSI_LUN_FLAT | lun >> 8);
    address[3] = (uint8_t)lun;
}

/* The next command that the device is done with. NULL: the scan is over. */
static struct virtio_scsi_command *next_done(struct scan *scan, uint32_t *len)
{
    uint64_t deadline = clock_ns() + SILENCE_NS;

    for (;;) {
        struct virtio_scsi_command *c = virtio_scsi_poll(scan->scsi, len);

        if (c != NULL)
            return c;
        if (scan->scsi->requestq.broken)
            scan->fatal = -EIO;
        else if (clock_ns() >= deadline)
            scan->fatal = -ETIMEDOUT;
        if (scan->fatal != 0)
            return NULL;
    }
}

static int ask_once(struct scan *scan, const uint8_t *cdb, void *data,
                    uint32_t len)
{
    struct virtio_scsi *scsi = scan->scsi;
    struct virtio_scsi_command *c = virtio_scsi_take(scsi, scan->address);
    struct block_piece piece = { data, len };

    memset(data, 0, len);
    memcpy(c->header.cdb, cdb, SCSI_CDB_MAX);
    int error = virtio_scsi_send(scsi, c, &piece, 1, false);
    if (error != 0) {
        scan->fatal = error;
        return error;
    }
    virtq_kick(&scsi->requestq);
    c = next_done(scan, &len);
    if (c == NULL)
        return scan->fatal;
    error = virtio_scsi_judge(scsi, c, len, &scan->sense);
    virtio_scsi_put(scsi, c);
    if (error == -EPROTO)
        scan->fatal = -EIO;
    return error;
}

/* Whether there was a pause left to make. */
static bool pause(struct scan *scan)
{
    if (scan->pauses++ >= PAUSES)
        return false;

    uint64_t end = clock_ns() + PAUSE_NS;
    while (clock_ns() < end)
        ;
    return true;
}

int scan_ask(struct scan *scan, const uint8_t *cdb, void *data, uint32_t len)
{
    int error = -EAGAIN;

    for (unsigned i = 0; i < TRIES && scan->fatal == 0; i++) {
        error = ask_once(scan, cdb, data, len);
        if (error != -EAGAIN && (error != -EBUSY || !pause(scan)))
            return error;
    }
    return error;
}

/* ---- Targets ------------------------------------------------------------- */

/* Fills the queue with questions; how many there were room for. */
static unsigned ask_targets(struct scan *scan, unsigned first)
{
    struct virtio_scsi *scsi = scan->scsi;
    unsigned target = first;

    for (; target < scsi->targets; target++) {
        uint8_t address[8];

        set_address(address, target, 0);
        struct virtio_scsi_command *c = virtio_scsi_take(scsi, address);
        if (c == NULL)
            break;
        scsi_test_unit_ready(c->header.cdb);
        if (virtio_scsi_send(scsi, c, NULL, 0, false) != 0) {
            virtio_scsi_put(scsi, c);
            break;
        }
    }
    virtq_kick(&scsi->requestq);
    return target - first;
}

/* Whatever one answers, but that nobody is there: somebody is. */
static void find_targets(struct scan *scan)
{
    struct virtio_scsi *scsi = scan->scsi;
    unsigned asked = 0, answered = 0;

    while (answered < scsi->targets) {
        asked += ask_targets(scan, asked);
        while (answered < asked) {
            uint32_t len;
            struct virtio_scsi_command *c = next_done(scan, &len);
            if (c == NULL)
                return;
            int error = virtio_scsi_judge(scsi, c, len, &scan->sense);
            if (error == -EPROTO) {
                scan->fatal = -EIO;
                return;
            }
            scan->present[c->header.lun[1]] = error != -ENODEV;
            virtio_scsi_put(scsi, c);
            answered++;
        }
    }
}

/* ---- Logical units ------------------------------------------------------- */

/* The number of a LUN as targets write it, if it is a single level of one of
 * the two plain kinds; else one that no LUN has. [SAM-5 §4.7.6] */
static unsigned lun_number(const uint8_t *entry)
{
    for (unsigned i = 2; i < SCSI_LUNS_ENTRY; i++) {
        if (entry[i] != 0)
            return VIRTIO_SCSI_LUNS;
    }
    if (entry[0] == 0)
        return entry[1];
    if ((entry[0] & 0xc0) == VIRTIO_SCSI_LUN_FLAT)
        return (entry[0] & 0x3fu) << 8 | entry[1];
    return VIRTIO_SCSI_LUNS;
}

/* The least LUN in the list that is `from` or more; scsi->luns if there is
 * none. */
static unsigned next_lun(const struct scan *scan, unsigned from)
{
    uint32_t len = scsi_get32(scan->luns);
    unsigned least = scan->scsi->luns;

    if (len > SCAN_LUNS_SIZE - SCSI_LUNS_HEADER)
        len = SCAN_LUNS_SIZE - SCSI_LUNS_HEADER;
    for (uint32_t i = 0; i + SCSI_LUNS_ENTRY <= len; i += SCSI_LUNS_ENTRY) {
        unsigned lun = lun_number(scan->luns + SCSI_LUNS_HEADER + i);

        if (lun >= from && lun < least)
            least = lun;
    }
    return least;
}

/* Behind the others, whose first is scsi->disks. */
static void append(struct virtio_scsi *scsi, struct virtio_scsi_disk *disk)
{
    struct virtio_scsi_disk *last = scsi->disks;

    if (last == NULL) {
        scsi->disks = disk->next = disk;
    } else {
        while (last->next != scsi->disks)
            last = last->next;
        disk->next = scsi->disks;
        last->next = disk;
    }
    scsi->disk_count++;
}

static void look_at(struct scan *scan)
{
    struct virtio_scsi *scsi = scan->scsi;

    if (!scan_is_disk(scan))
        return;
    struct virtio_scsi_disk *disk = heap_alloc_array(1, sizeof(*disk));
    if (disk == NULL) {
        scan->fatal = -ENOMEM;
        return;
    }
    if (scan_capacity(scan, disk) != 0) {
        heap_free(disk);
        return;
    }
    scan_mode(scan, &disk->block);
    disk->scsi = scsi;
    memcpy(disk->lun, scan->address, sizeof(disk->lun));
    append(scsi, disk);
}

/* A target that can't say which units it has may have one. */
static void look_at_target(struct scan *scan)
{
    uint8_t cdb[SCSI_CDB_MAX];

    set_address(scan->address, scan->target, 0);
    scsi_report_luns(cdb, SCAN_LUNS_SIZE);
    int error = scan_ask(scan, cdb, scan->luns, SCAN_LUNS_SIZE);
    if (error != 0) {
        memset(scan->luns, 0, SCAN_LUNS_SIZE);
        scan->luns[3] = SCSI_LUNS_ENTRY; /* one, all zero */
    }

    unsigned lun = 0;
    while (scan->fatal == 0 && (lun = next_lun(scan, lun)) < scan->scsi->luns) {
        if (scan->looks++ == VIRTIO_SCSI_UNITS_MAX)
            log_line("%s: has more than %u logical units: the others are let "
                     "be",
                     scan->scsi->device->where, VIRTIO_SCSI_UNITS_MAX);
        if (scan->looks > VIRTIO_SCSI_UNITS_MAX)
            return;
        scan->lun = lun;
        set_address(scan->address, scan->target, lun++);
        look_at(scan);
    }
}

int virtio_scsi_scan(struct virtio_scsi *scsi)
{
    struct scan *scan = heap_alloc_array(1, sizeof(*scan));

    if (scan == NULL)
        return -ENOMEM;
    scan->scsi = scsi;
    find_targets(scan);
    for (unsigned target = 0; target < scsi->targets; target++) {
        scan->target = target;
        if (scan->present[target] && scan->fatal == 0)
            look_at_target(scan);
    }

    int fatal = scan->fatal;
    /* What was not answered may still be, and comes here. */
    if (fatal == 0 || virtio_reset(scsi->device))
        heap_free(scan);
    return fatal;
}
