/* SPDX-License-Identifier: MIT */
/*
 * scsi.h - the commands of SCSI that a disk's driver uses, and what a disk
 * answers. [SPC-4, SBC-3, SAM-5]
 *
 * A command is a command descriptor block (CDB) of 6, 10 or 16 bytes, which
 * goes to a logical unit (LUN) of a target. The answer is a status byte and,
 * with CHECK CONDITION, sense data that say why. How both get there, and the
 * data, is the transport's: virtio_scsi.h. All numbers are big-endian, and few
 * of them are aligned, so here they are bytes.
 *
 *      0        1        2    3    4    5        7    8    9
 *      +--------+--------+----+----+----+----+---+----+----+----+
 *      | opcode | flags  | logical block     |   | length  | 0  |  READ(10)
 *      +--------+--------+----+----+----+----+---+----+----+----+
 *      0        1        2        10       14   15
 *      +--------+--------+--------+--------+----+----+
 *      | opcode | flags  | block  | length | 0  | 0  |             READ(16)
 *      +--------+--------+--------+--------+----+----+
 */
#ifndef DRIVERS_SCSI_H
#define DRIVERS_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCSI_CDB_MAX = 16,          /* bytes of the longest of ours */
    SCSI_SENSE_MAX = 252,       /* of sense data, ever [SPC-4 §4.5.1] */
    SCSI_BLOCKS_MAX_10 = UINT16_MAX,    /* blocks in a READ(10) */
};

enum scsi_opcode {
    SCSI_TEST_UNIT_READY = 0x00,
    SCSI_INQUIRY = 0x12,
    SCSI_MODE_SENSE_6 = 0x1a,
    SCSI_READ_CAPACITY_10 = 0x25,
    SCSI_READ_10 = 0x28,
    SCSI_WRITE_10 = 0x2a,
    SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
    SCSI_READ_16 = 0x88,
    SCSI_WRITE_16 = 0x8a,
    SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
    SCSI_SERVICE_ACTION_IN_16 = 0x9e,   /* 0x10: READ CAPACITY(16) */
    SCSI_REPORT_LUNS = 0xa0,
};

enum scsi_status {              /* [SAM-5 §5.3.1] */
    SCSI_GOOD = 0x00,
    SCSI_CHECK_CONDITION = 0x02,
    SCSI_BUSY = 0x08,
    SCSI_TASK_SET_FULL = 0x28,
};

enum scsi_sense_key {           /* [SPC-4 §4.5.6] */
    SCSI_RECOVERED_ERROR = 0x1,
    SCSI_NOT_READY = 0x2,
    SCSI_ILLEGAL_REQUEST = 0x5,
    SCSI_UNIT_ATTENTION = 0x6,
};

enum scsi_asc {                 /* [SPC-4 §4.5.6] */
    SCSI_ASC_NOT_READY = 0x04,
    SCSI_ASC_NO_SUCH_COMMAND = 0x20,
    SCSI_ASC_MEDIUM_CHANGED = 0x28,     /* or may have */
};
enum { SCSI_ASCQ_BECOMING_READY = 0x01 };   /* with ASC_NOT_READY */

/* Why a command failed. */
struct scsi_sense {
    uint8_t key;                /* enum scsi_sense_key, 0 to 15 */
    uint8_t asc, ascq;          /* additional sense code, and its qualifier */
    bool deferred;              /* it is an earlier command that failed, after
                                   it was said to be done; this one was not
                                   executed [SPC-4 §4.5.7] */
};

/* The sense that `len` bytes hold, in either of its two formats; all 0 for
 * what is neither. What is not there is 0. */
struct scsi_sense scsi_sense(const uint8_t *bytes, size_t len);

/* "MEDIUM ERROR" */
const char *scsi_key_name(uint8_t key);

/*
 * Each writes its command into `cdb`, SCSI_CDB_MAX bytes. `room` is how many
 * bytes of an answer are taken.
 */
void scsi_test_unit_ready(uint8_t *cdb);
void scsi_report_luns(uint8_t *cdb, uint32_t room);
void scsi_inquiry(uint8_t *cdb, uint8_t room);
void scsi_mode_sense(uint8_t *cdb, uint8_t page, uint8_t room);
void scsi_read_capacity(uint8_t *cdb, bool wide, uint32_t room);

/* Reads, or writes, `blocks` logical blocks from `first` on. Wide: of 16
 * bytes, for disks whose blocks 32 bits can't count. */
void scsi_transfer(uint8_t *cdb, bool write, bool wide, uint64_t first,
                   uint32_t blocks);

/* All that was written is to stay. */
void scsi_synchronize_cache(uint8_t *cdb, bool wide);

/* Numbers in answers. */
static inline uint32_t scsi_get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t scsi_get64(const uint8_t *at)
{
    return (uint64_t)scsi_get32(at) << 32 | scsi_get32(at + 4);
}

/* ---- Answers ----------------------------------------------------------- */

/* INQUIRY. [SPC-4 §6.6.2] */
enum {
    SCSI_INQUIRY_SIZE = 36,
    SCSI_INQUIRY_QUALIFIER = 0xe0,  /* of byte 0: not 0, nobody is there */
    SCSI_INQUIRY_TYPE = 0x1f,
    SCSI_TYPE_DISK = 0x00,
    SCSI_TYPE_CDROM = 0x05,
};

/* REPORT LUNS: the length of the list, 4 bytes of nothing, 8 bytes for each.
 * [SPC-4 §6.33] */
enum { SCSI_LUNS_HEADER = 8, SCSI_LUNS_ENTRY = 8 };

/* READ CAPACITY: the last logical block's number, in 4 bytes or 8, and the
 * size of one in 4. [SBC-3 §5.15, §5.16] */
enum { SCSI_CAPACITY_10_SIZE = 8, SCSI_CAPACITY_16_SIZE = 32 };

/* MODE SENSE(6): a header of 4 bytes, block descriptors, of which we want
 * none, and the page. [SPC-4 §7.5.5, SBC-3 §6.5.4] */
enum {
    SCSI_MODE_HEADER = 4,
    SCSI_MODE_FLAGS = 2,            /* of the header: this byte says ... */
    SCSI_MODE_WRITE_PROTECTED = 0x80,
    SCSI_MODE_DESCRIPTORS = 3,      /* their length */
    SCSI_MODE_ALL = 0x3f,           /* every page that there is */
    SCSI_MODE_CACHING = 0x08,       /* the page that says */
    SCSI_CACHING_FLAGS = 2,         /*   in this byte of it ... */
    SCSI_CACHING_WRITE_BACK = 0x04, /* that it may keep back what is written */
};

#endif
