/* SPDX-License-Identifier: MIT */
/*
 * fake_scsi.h - a SCSI controller behind fake_virtio_device.h, and the disks
 * behind it. [virtio 1.2 §5.6]
 *
 * While the driver scans it executes what it is sent at once; from then on the
 * test says when, and in which order. It reads headers and data only when it
 * executes, long after submit; what is written is sure to stay only when the
 * disk has been flushed; and it can fail, be busy, and lie. What it finds
 * wrong with a command that it was sent ends the test with a sentence.
 */
#ifndef UNIT_FAKE_SCSI_H
#define UNIT_FAKE_SCSI_H

#include "fake_virtio_device.h"

enum { SCSI_UNITS = 8, SCSI_REQUESTQ = 2 };

/* A logical unit. The first `scsi.unit_count` are there. */
struct scsi_unit {
    uint8_t target;
    uint16_t lun;
    uint8_t inquiry;            /* byte 0: type and qualifier; 0: a disk */
    uint64_t blocks;            /* 256 to begin with */
    uint64_t last;              /* what READ CAPACITY says, if not 0 */
    uint32_t block_size;        /* 512 to begin with */
    bool read_only, writes_through, has_no_modes, is_not_ready;
    unsigned becomes_ready;     /* so many commands find it on its way there */
    bool has_no_caching_page;   /* but it has others */

    uint8_t *bytes, *stable;    /* as written; as sure to stay */
    unsigned attention;         /* so many commands meet a UNIT ATTENTION */
    bool is_changed;            /* and it is that the medium may be another */
    unsigned busy;              /* and then so many find it busy */
    unsigned tasks;             /* commands that it has room for; 0: any */
    unsigned in_flight, most;   /* commands, and at most so far */
    unsigned reads, writes, flushes;
};

/* The knobs and the counters. */
struct scsi {
    struct scsi_unit unit[SCSI_UNITS];
    unsigned unit_count;        /* 1 to begin with: target 0, LUN 0 */
    uint32_t seg_max, max_sectors, cmd_per_lun, sense_size, cdb_size, max_lun;
    uint16_t max_target;
    bool has_no_luns;           /* REPORT LUNS is refused */
    bool descriptor_sense, deferred_sense;
    bool is_silent;             /* executes nothing of itself */
    bool is_slow;               /* takes 100 ms for each, while it is scanned */

    /* What it says of the commands that follow, when it lies: of each -1 is
     * the right one. */
    int response, status, used_len, residual, sense_len;
    uint8_t key, asc, ascq;     /* with status 2 */

    unsigned commands;          /* executed so far */
};
extern struct scsi scsi;

/* A controller with the knobs as they are to begin with; then, with what they
 * say now, it is found as by a bus. */
void scsi_begin(void);
void scsi_attach(void);

/* Takes all commands that are announced; how many it has. */
unsigned scsi_take(void);

/* Executes command `i` of those that it has taken, and uses its chain. */
void scsi_use(unsigned i);

/* Takes and executes all that there is, in any order, and lets the event loop
 * run, until nothing is left to do. */
void scsi_run(void);

#endif
