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
 * a few turns of the queue, not one each. A controller that does not answer is
 * given up after SCAN_LIMIT_NS in all.
 *
 * Disks are found in the order of their targets and LUNs. What is no disk of
 * ours is let be, and said.
 */
#include "console/log.h"
#include "core/clock.h"
#include "drivers/virtio_scsi/virtio_scsi.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/heap.h"

#define SCAN_LIMIT_NS (5 * NS_PER_S)
#define BUSY_NS (10 * NS_PER_MS)

enum {
    LUNS_SIZE = 4096, /* of a list of LUNs; what is beyond is let be */
    ANSWER_SIZE = 64,
    TRIES = 100,
};

/* The bytes of a larger one could not be counted. */
#define SECTORS_MAX (UINT64_MAX / BLOCK_SECTOR_SIZE)

struct scan {
    struct virtio_scsi *scsi;
    uint64_t deadline;
    int fatal;      /* why the scan is over */
    unsigned looks; /* at logical units */

    /* Where we are, and for messages. */
    unsigned target, lun;
    uint8_t address[8];
    struct scsi_sense sense;

    bool present[VIRTIO_SCSI_TARGETS];
    _Alignas(16) uint8_t luns[LUNS_SIZE];
    uint8_t answer[ANSWER_SIZE];
};

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
    struct virtq *vq = &scan->scsi->requestq;

    for (;;) {
        struct virtio_scsi_command *c = virtq_poll(vq, len);

        if (c != NULL)
            return c;
        if (vq->broken)
            scan->fatal = -EIO;
        else if (clock_ns() >= scan->deadline)
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

/* Asks the unit at scan->address, and has the answer in data[len]; what the
 * unit did not fill of it is 0. 0, or what virtio_scsi_judge() says. */
static int ask(struct scan *scan, const uint8_t *cdb, void *data, uint32_t len)
{
    int error = -EAGAIN;

    for (unsigned i = 0; i < TRIES && scan->fatal == 0; i++) {
        error = ask_once(scan, cdb, data, len);
        if (error != -EAGAIN && error != -EBUSY)
            return error;

        uint64_t pause_end = clock_ns() + (error == -EBUSY ? BUSY_NS : 0);
        while (clock_ns() < pause_end)
            ;
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

    if (len > LUNS_SIZE - SCSI_LUNS_HEADER)
        len = LUNS_SIZE - SCSI_LUNS_HEADER;
    for (uint32_t i = 0; i + SCSI_LUNS_ENTRY <= len; i += SCSI_LUNS_ENTRY) {
        unsigned lun = lun_number(scan->luns + SCSI_LUNS_HEADER + i);

        if (lun >= from && lun < least)
            least = lun;
    }
    return least;
}

static void not_used(const struct scan *scan, const char *why)
{
    log_line("%s, target %u, lun %u: not used: %s (sense %x/%02x/%02x)",
             scan->scsi->device->where, scan->target, scan->lun, why,
             scan->sense.key, scan->sense.asc, scan->sense.ascq);
}

static bool is_disk(struct scan *scan)
{
    uint8_t cdb[SCSI_CDB_MAX];

    scsi_inquiry(cdb, SCSI_INQUIRY_SIZE);
    int error = ask(scan, cdb, scan->answer, SCSI_INQUIRY_SIZE);
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

/* Into *last and *size; 0, or what ask() gives. */
static int ask_capacity(struct scan *scan, bool *wide, uint64_t *last,
                        uint32_t *size)
{
    uint8_t cdb[SCSI_CDB_MAX];

    *wide = false;
    scsi_read_capacity(cdb, *wide, SCSI_CAPACITY_10_SIZE);
    int error = ask(scan, cdb, scan->answer, SCSI_CAPACITY_10_SIZE);
    *last = scsi_get32(scan->answer);
    *size = scsi_get32(scan->answer + 4);
    if (error != 0 || *last != UINT32_MAX)
        return error;

    *wide = true;
    scsi_read_capacity(cdb, *wide, SCSI_CAPACITY_16_SIZE);
    error = ask(scan, cdb, scan->answer, SCSI_CAPACITY_16_SIZE);
    *last = scsi_get64(scan->answer);
    *size = scsi_get32(scan->answer + 8);
    return error;
}

/* 0, or not, and has said why. */
static int read_capacity(struct scan *scan, struct virtio_scsi_disk *disk)
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
static void read_mode(struct scan *scan, struct block_dev *block)
{
    uint8_t cdb[SCSI_CDB_MAX];
    const uint8_t *mode = scan->answer;

    scsi_mode_sense(cdb, SCSI_MODE_CACHING, ANSWER_SIZE);
    int error = ask(scan, cdb, scan->answer, ANSWER_SIZE);
    size_t page = SCSI_MODE_HEADER + mode[SCSI_MODE_DESCRIPTORS];

    block->can_flush = true;
    if (error != 0)
        return;
    block->read_only = (mode[SCSI_MODE_FLAGS] & SCSI_MODE_WRITE_PROTECTED) != 0;
    if (page + SCSI_CACHING_FLAGS < ANSWER_SIZE &&
        (mode[page] & 0x3f) == SCSI_MODE_CACHING)
        block->can_flush = (mode[page + SCSI_CACHING_FLAGS] &
                            SCSI_CACHING_WRITE_BACK) != 0;
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

    if (!is_disk(scan))
        return;
    struct virtio_scsi_disk *disk = heap_alloc_array(1, sizeof(*disk));
    if (disk == NULL) {
        scan->fatal = -ENOMEM;
        return;
    }
    if (read_capacity(scan, disk) != 0) {
        heap_free(disk);
        return;
    }
    read_mode(scan, &disk->block);
    disk->scsi = scsi;
    memcpy(disk->lun, scan->address, sizeof(disk->lun));
    append(scsi, disk);
}

/* A target that can't say which units it has may have one. */
static void look_at_target(struct scan *scan)
{
    uint8_t cdb[SCSI_CDB_MAX];

    set_address(scan->address, scan->target, 0);
    scsi_report_luns(cdb, LUNS_SIZE);
    int error = ask(scan, cdb, scan->luns, LUNS_SIZE);
    if (error != 0) {
        memset(scan->luns, 0, LUNS_SIZE);
        scan->luns[3] = SCSI_LUNS_ENTRY; /* one, all zero */
    }

    unsigned lun = 0;
    while (scan->fatal == 0 &&
           (lun = next_lun(scan, lun)) < scan->scsi->luns) {
        if (scan->looks++ == VIRTIO_SCSI_DISKS_MAX)
            log_line("%s: has more than %u disks: the others are let be",
                     scan->scsi->device->where, VIRTIO_SCSI_DISKS_MAX);
        if (scan->looks > VIRTIO_SCSI_DISKS_MAX)
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
    scan->deadline = clock_ns() + SCAN_LIMIT_NS;
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
