/* SPDX-License-Identifier: MIT */
/*
 * scsi.c - commands of SCSI as bytes, and sense data as words.
 *
 * Pure: knows no device and no transport.
 */
#include "drivers/virtio_scsi/scsi.h"

#include "lib/string.h"

enum {
    MODE_SENSE_NO_DESCRIPTORS = 1 << 3,
    READ_CAPACITY_16 = 0x10, /* of SERVICE ACTION IN(16) */

    /* Sense data: the format, and where it has what. [SPC-4 §4.5] */
    RESPONSE_CODE = 0x7f,
    FIXED_CURRENT = 0x70,
    FIXED_DEFERRED = 0x71,
    DESCRIPTOR_CURRENT = 0x72,
    DESCRIPTOR_DEFERRED = 0x73,
    FIXED_SIZE = 14, /* as far as we read it */
    KEY = 0x0f,
};

static void begin(uint8_t *cdb, enum scsi_opcode opcode)
{
    memset(cdb, 0, SCSI_CDB_MAX);
    cdb[0] = (uint8_t)opcode;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

static void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

void scsi_test_unit_ready(uint8_t *cdb)
{
    begin(cdb, SCSI_TEST_UNIT_READY);
}

void scsi_report_luns(uint8_t *cdb, uint32_t room)
{
    begin(cdb, SCSI_REPORT_LUNS);
    put32(cdb + 6, room);
}

void scsi_inquiry(uint8_t *cdb, uint8_t room)
{
    begin(cdb, SCSI_INQUIRY);
    cdb[4] = room;
}

void scsi_mode_sense(uint8_t *cdb, uint8_t page, uint8_t room)
{
    begin(cdb, SCSI_MODE_SENSE_6);
    cdb[1] = MODE_SENSE_NO_DESCRIPTORS;
    cdb[2] = page;
    cdb[4] = room;
}

void scsi_read_capacity(uint8_t *cdb, bool wide, uint32_t room)
{
    begin(cdb, wide ? SCSI_SERVICE_ACTION_IN_16 : SCSI_READ_CAPACITY_10);
    if (wide) {
        cdb[1] = READ_CAPACITY_16;
        put32(cdb + 10, room);
    }
}

void scsi_transfer(uint8_t *cdb, bool write, bool wide, uint64_t first,
                   uint32_t blocks)
{
    if (wide) {
        begin(cdb, write ? SCSI_WRITE_16 : SCSI_READ_16);
        put64(cdb + 2, first);
        put32(cdb + 10, blocks);
    } else {
        begin(cdb, write ? SCSI_WRITE_10 : SCSI_READ_10);
        put32(cdb + 2, (uint32_t)first);
        put16(cdb + 7, blocks);
    }
}

/* From block 0 on, and no number of them: the whole disk. */
void scsi_synchronize_cache(uint8_t *cdb, bool wide)
{
    begin(cdb, wide ? SCSI_SYNCHRONIZE_CACHE_16 : SCSI_SYNCHRONIZE_CACHE_10);
}

struct scsi_sense scsi_sense(const uint8_t *bytes, size_t len)
{
    struct scsi_sense sense = { 0 };
    uint8_t all[FIXED_SIZE] = { 0 }; /* what is not there is 0 */

    memcpy(all, bytes, len < sizeof(all) ? len : sizeof(all));
    switch (all[0] & RESPONSE_CODE) {
    case FIXED_CURRENT:
    case FIXED_DEFERRED:
        sense = (struct scsi_sense){ all[2] & KEY, all[12], all[13], false };
        break;
    case DESCRIPTOR_CURRENT:
    case DESCRIPTOR_DEFERRED:
        sense = (struct scsi_sense){ all[1] & KEY, all[2], all[3], false };
        break;
    }
    sense.deferred = (all[0] & RESPONSE_CODE) == FIXED_DEFERRED ||
                     (all[0] & RESPONSE_CODE) == DESCRIPTOR_DEFERRED;
    return sense;
}

const char *scsi_key_name(uint8_t key)
{
    static const char *const names[16] = {
        "NO SENSE",        "RECOVERED ERROR", "NOT READY",
        "MEDIUM ERROR",    "HARDWARE ERROR",  "ILLEGAL REQUEST",
        "UNIT ATTENTION",  "DATA PROTECT",    "BLANK CHECK",
        "VENDOR SPECIFIC", "COPY ABORTED",    "ABORTED COMMAND",
        "RESERVED",        "VOLUME OVERFLOW", "MISCOMPARE",
        "COMPLETED",
    };

    return names[key & KEY];
}
