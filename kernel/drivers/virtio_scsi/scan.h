/* SPDX-License-Identifier: MIT */
/*
 * scan.h - the scan of a SCSI controller, for the two files that it is made
 * of: who is there (scan.c), and what they are (unit.c).
 */
#ifndef DRIVERS_VIRTIO_SCSI_SCAN_H
#define DRIVERS_VIRTIO_SCSI_SCAN_H

#include "drivers/virtio_scsi/virtio_scsi.h"

enum {
    SCAN_LUNS_SIZE = 4096,      /* of a list of LUNs: others are let be */
    SCAN_ANSWER_SIZE = 64,
};

/* On the heap, as the device writes into it. */
struct scan {
    struct virtio_scsi *scsi;
    int fatal;                  /* why the scan is over; or 0 */
    unsigned looks;             /* at logical units */
    unsigned pauses;            /* made for those that were busy */

    /* Where we are, for commands and for messages; what was wrong last. */
    unsigned target, lun;
    uint8_t address[8];
    struct scsi_sense sense;

    bool present[VIRTIO_SCSI_TARGETS];
    _Alignas(16) uint8_t luns[SCAN_LUNS_SIZE];
    uint8_t answer[SCAN_ANSWER_SIZE];
};

/* Asks the unit at scan->address, and has the answer in data[len]; what the
 * unit did not fill of it is 0. 0, or what virtio_scsi_judge() says. */
int scan_ask(struct scan *scan, const uint8_t *cdb, void *data, uint32_t len);

/* Whether the unit is a disk; if it is another thing, a line says which. */
bool scan_is_disk(struct scan *scan);

/* How large it is, and how its blocks are counted, into `disk`. 0; or not, and
 * a line says why the disk is not used. */
int scan_capacity(struct scan *scan, struct virtio_scsi_disk *disk);

/* Whether it is only to be read, and whether it has a cache to flush. */
void scan_mode(struct scan *scan, struct block_dev *block);

#endif
