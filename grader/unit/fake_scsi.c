/* SPDX-License-Identifier: MIT */
/*
 * fake_scsi.c - the controller of fake_scsi.h.
 */
#include "fake_scsi.h"

#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "unit.h"

enum { HEADER = 19, RESPONSE = 12, TAKEN_MAX = 256, SECTOR = 512 };

struct scsi scsi;

static struct fake_chain taken[TAKEN_MAX];
static unsigned taken_count;

/* One command, while it is executed. */
struct command {
    const uint8_t *header, *cdb;
    struct scsi_unit *unit;     /* NULL: nobody there */
    const struct virtq_buffer *data;    /* `count` pieces */
    unsigned count;
    bool to_device;
    uint32_t room, moved;       /* bytes in them */
    uint8_t status, key, asc, ascq;
};

/* ---- Numbers ------------------------------------------------------------ */

static uint64_t get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

static void put(uint8_t *at, unsigned bytes, uint64_t value)
{
    while (bytes-- > 0) {
        at[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

/* ---- Data --------------------------------------------------------------- */

/* Moves `len` bytes between `at` and the command's pieces. */
static void move(struct command *c, uint8_t *at, uint32_t len)
{
    c->moved = len < c->room ? len : c->room;
    uint32_t left = c->moved;

    for (unsigned i = 0; left > 0; i++) {
        uint32_t n = c->data[i].len < left ? c->data[i].len : left;

        if (c->to_device)
            memcpy(at, c->data[i].data, n);
        else
            memcpy(c->data[i].data, at, n);
        at += n;
        left -= n;
    }
}

static void fail(struct command *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
    c->status = 2;
    c->key = key;
    c->asc = asc;
    c->ascq = ascq;
}

/* ---- Commands ----------------------------------------------------------- */

static void transfer(struct command *c, bool write, uint64_t first,
                     uint64_t blocks)
{
    struct scsi_unit *u = c->unit;

    CHECK(c->room == blocks * u->block_size, "%u bytes of memory are for %llu "
          "blocks of %u", c->room, (unsigned long long)blocks, u->block_size);
    CHECK(c->to_device == write, "what is written the device reads, and the "
          "other way round");
    CHECK(first < u->blocks && blocks <= u->blocks - first,
          "block %llu and so many lie on the disk", (unsigned long long)first);
    CHECK(c->count <= (scsi.seg_max ? scsi.seg_max : 1),
          "no more pieces than seg_max, here %u", c->count);
    CHECK(c->room <= 4096 || c->room / SECTOR <= scsi.max_sectors,
          "no more than max_sectors, here %u bytes", c->room);
    CHECK(!write || !u->read_only, "nothing is written to a disk only to be "
          "read");
    *(write ? &u->writes : &u->reads) += 1;
    move(c, u->bytes + first * u->block_size, c->room);
}

static void report_luns(struct command *c)
{
    uint8_t list[8 + 8 * SCSI_UNITS] = { 0 };
    unsigned n = 0;

    if (scsi.has_no_luns) {
        fail(c, 5, 0x20, 0);
        return;
    }
    for (unsigned i = scsi.unit_count; i-- > 0;) {  /* the last one first */
        uint8_t *entry = list + 8 + 8 * n;

        if (scsi.unit[i].target != c->header[1])
            continue;
        put(entry, 2, scsi.unit[i].lun);
        if (scsi.unit[i].lun >= 256)
            entry[0] |= 0x40;
        n++;
    }
    put(list, 4, 8 * n);
    CHECK(get(c->cdb + 6, 4) == c->room, "REPORT LUNS says how much room "
          "there is");
    move(c, list, sizeof list);
}

static void read_capacity(struct command *c, bool wide)
{
    uint64_t last = c->unit->last ? c->unit->last : c->unit->blocks - 1;
    uint8_t answer[32] = { 0 };

    if (c->unit->becomes_ready > 0) {
        c->unit->is_not_ready = --c->unit->becomes_ready > 0;
        fail(c, 2, 0x04, 0x01);
        return;
    }
    if (c->unit->is_not_ready) {
        fail(c, 2, 0x3a, 0);
        return;
    }
    if (wide) {
        put(answer, 8, last);
        put(answer + 8, 4, c->unit->block_size);
    } else {
        put(answer, 4, last > UINT32_MAX ? UINT32_MAX : last);
        put(answer + 4, 4, c->unit->block_size);
    }
    move(c, answer, wide ? 32 : 8);
}

static void mode_sense(struct command *c)
{
    uint8_t answer[24] = { 23, 0, 0, 0, 0x08, 18 };

    if (c->unit->has_no_modes ||
        (c->unit->has_no_caching_page && c->cdb[2] == 0x08)) {
        fail(c, 5, 0x24, 0);
        return;
    }
    answer[2] = c->unit->read_only ? 0x80 : 0;
    answer[6] = c->unit->writes_through ? 0 : 0x04;
    if (c->unit->has_no_caching_page)
        answer[4] = 0x0a;
    move(c, answer, sizeof answer);
}

static void execute_one(struct command *c)
{
    struct scsi_unit *u = c->unit;
    uint8_t answer[36] = { u->inquiry };

    switch (c->cdb[0]) {
    case 0x00:
        break;
    case 0x12:
        move(c, answer, sizeof answer);
        break;
    case 0x1a:
        mode_sense(c);
        break;
    case 0x25:
        read_capacity(c, false);
        break;
    case 0x9e:
        CHECK(c->cdb[1] == 0x10, "SERVICE ACTION IN(16) is READ CAPACITY(16)");
        read_capacity(c, true);
        break;
    case 0x28:
    case 0x2a:
        transfer(c, c->cdb[0] == 0x2a, get(c->cdb + 2, 4), get(c->cdb + 7, 2));
        break;
    case 0x88:
    case 0x8a:
        transfer(c, c->cdb[0] == 0x8a, get(c->cdb + 2, 8),
                 get(c->cdb + 10, 4));
        break;
    case 0x35:
    case 0x91:
        CHECK(c->count == 0, "a flush has no data");
        u->flushes++;
        memcpy(u->stable, u->bytes, u->blocks * u->block_size);
        break;
    default:
        FAIL("%02x is no command of a disk: is the header still there?",
             c->cdb[0]);
    }
}

static void execute(struct command *c)
{
    struct scsi_unit *u = c->unit;
    bool asks = c->cdb[0] == 0x12 || c->cdb[0] == 0xa0;

    if (!asks && u->attention > 0) {
        u->attention--;
        fail(c, 6, u->is_changed ? 0x28 : 0x29, 0);
    } else if (u->tasks > 0 && u->in_flight >= u->tasks) {
        c->status = 0x28;
    } else if (u->busy > 0) {
        u->busy--;
        c->status = u->busy % 2 ? 0x08 : 0x28;
    } else if (c->cdb[0] == 0xa0) {
        report_luns(c);
    } else {
        execute_one(c);
    }
}

/* ---- Chains ------------------------------------------------------------- */

/* The unit that a header names; any of a target for what every target
 * answers; NULL when there is nobody. */
static struct scsi_unit *find(const uint8_t *header)
{
    struct scsi_unit *any = NULL;
    unsigned lun = (header[2] & 0x3f) << 8 | header[3];

    CHECK(header[0] == 1 && (header[2] & 0xc0) == 0x40 &&
              get(header + 4, 4) == 0, "a LUN begins with 1, the target, 0x40 "
          "and the number: is the header still there?");
    CHECK(header[1] <= scsi.max_target && lun <= scsi.max_lun,
          "target %u and LUN %u can be", header[1], lun);
    for (unsigned i = 0; i < scsi.unit_count; i++) {
        if (scsi.unit[i].target != header[1])
            continue;
        any = &scsi.unit[i];
        if (scsi.unit[i].lun == lun)
            return any;
    }
    return header[HEADER] == 0x00 || header[HEADER] == 0xa0 ? any : NULL;
}

static struct command decode(const struct fake_chain *chain)
{
    struct command c = { .header = chain->pieces[0].data };

    CHECK(chain->out >= 1 && chain->pieces[0].len == HEADER + scsi.cdb_size,
          "a command begins with a header of %u bytes", HEADER + scsi.cdb_size);
    CHECK(chain->in >= 1 &&
              chain->pieces[chain->out].len == RESPONSE + scsi.sense_size,
          "the first that the device writes is a response of %u bytes",
          RESPONSE + scsi.sense_size);
    CHECK(get(c.header + 16, 3) == 0, "task_attr, prio and crn are 0");
    for (uint32_t i = 16; i < scsi.cdb_size; i++)
        CHECK(c.header[HEADER + i] == 0, "what is behind a CDB is 0");
    c.cdb = c.header + HEADER;
    c.unit = find(c.header);
    c.to_device = chain->out > 1;
    CHECK(chain->out == 1 || chain->in == 1, "data move one way");
    c.data = chain->pieces + (c.to_device ? 1 : 2);
    c.count = chain->out + chain->in - 2;
    for (unsigned i = 0; i < c.count; i++)
        c.room += c.data[i].len;
    return c;
}

static uint8_t *sense(const struct command *c)
{
    static uint8_t bytes[18];

    memset(bytes, 0, sizeof bytes);
    if (scsi.descriptor_sense) {
        bytes[0] = 0x72 + scsi.deferred_sense;
        bytes[1] = c->key;
        bytes[2] = c->asc;
        bytes[3] = c->ascq;
    } else {
        bytes[0] = 0x70 + scsi.deferred_sense;
        bytes[2] = c->key;
        bytes[7] = 10;
        bytes[12] = c->asc;
        bytes[13] = c->ascq;
    }
    return bytes;
}

static void respond(const struct command *c, const struct fake_chain *chain)
{
    uint8_t *at = chain->pieces[chain->out].data;
    uint32_t sense_len = c->status != 2 ? 0 : scsi.descriptor_sense ? 8 : 18;
    uint32_t residual = c->room - c->moved;
    uint32_t len = RESPONSE + scsi.sense_size;

    /* Some count what they have read, which they should not. */
    if (!c->to_device || unit_random_below(2) == 0)
        len += c->moved;
    if (sense_len > scsi.sense_size)
        sense_len = scsi.sense_size;
    memcpy(at + RESPONSE, sense(c), sense_len);
    if (scsi.sense_len >= 0)
        sense_len = (uint32_t)scsi.sense_len;
    if (scsi.residual >= 0)
        residual = (uint32_t)scsi.residual;
    memcpy(at, &sense_len, 4);          /* little-endian, as we are */
    memcpy(at + 4, &residual, 4);
    at[10] = c->status;
    at[11] = scsi.response >= 0 ? (uint8_t)scsi.response : c->unit ? 0 : 3;
    if (scsi.used_len >= 0)
        len = (uint32_t)scsi.used_len;
    fake_chain_use(SCSI_REQUESTQ, chain->head, len, 1);
}

static void check_id(const struct fake_chain *chain)
{
    for (unsigned i = 0; i < taken_count; i++)
        CHECK(memcmp((uint8_t *)taken[i].pieces[0].data + 8,
                     (uint8_t *)chain->pieces[0].data + 8, 8) != 0,
              "each command in flight has an id of its own");
}

unsigned scsi_take(void)
{
    struct fake_chain chain;

    if (fake.queue[SCSI_REQUESTQ] == NULL)
        return 0;
    while (fake_chain_take(SCSI_REQUESTQ, &chain)) {
        CHECK(taken_count < TAKEN_MAX, "no more commands than descriptors");
        check_id(&chain);
        struct scsi_unit *unit = decode(&chain).unit;
        if (unit != NULL && ++unit->in_flight > unit->most)
            unit->most = unit->in_flight;
        taken[taken_count++] = chain;
    }
    return taken_count;
}

void scsi_use(unsigned i)
{
    CHECK(i < taken_count, "there is a command to execute");
    struct fake_chain chain = taken[i];
    struct command c = decode(&chain);

    taken[i] = taken[--taken_count];
    scsi.commands++;
    if (c.unit != NULL)
        c.unit->in_flight--;
    if (scsi.status >= 0) {
        fail(&c, scsi.key, scsi.asc, scsi.ascq);
        c.status = (uint8_t)scsi.status;
    } else if (c.unit != NULL && scsi.response <= 0) {
        execute(&c);
    }
    respond(&c, &chain);
}

void scsi_run(void)
{
    do {
        fake_loop();
        while (scsi_take() > 0) {
            scsi_use(unit_random_below(taken_count));
            if (unit_random_below(2))
                fake_loop();
        }
        fake_loop();
    } while (scsi_take() > 0);
}

/* ---- The controller ----------------------------------------------------- */

static void one(void)
{
    if (scsi_take() > 0)
        scsi_use(unit_random_below(taken_count));
}

static void at_once(unsigned q)
{
    CHECK(q == SCSI_REQUESTQ, "commands go to the first request queue");
    while (!scsi.is_silent && !scsi.is_slow && scsi_take() > 0)
        scsi_use(unit_random_below(taken_count));
}

void scsi_begin(void)
{
    memset(&scsi, 0, sizeof scsi);
    for (unsigned i = 0; i < SCSI_UNITS; i++)
        scsi.unit[i] = (struct scsi_unit){
            .target = (uint8_t)i, .blocks = 256, .block_size = SECTOR
        };
    scsi.unit_count = 1;
    scsi.seg_max = 126;
    scsi.max_sectors = 0xffff;
    scsi.cmd_per_lun = 128;
    scsi.sense_size = 96;
    scsi.cdb_size = 32;
    scsi.max_lun = 16383;
    scsi.max_target = 255;
    scsi.response = scsi.status = scsi.used_len = scsi.residual = -1;
    scsi.sense_len = -1;
    fake_virtio_begin(VIRTIO_ID_SCSI);
    fake.queue_max[SCSI_REQUESTQ] = 128;
}

/* [virtio 1.2 §5.6.4] */
static void configure(void)
{
    memcpy(fake.config + 4, &scsi.seg_max, 4);
    memcpy(fake.config + 8, &scsi.max_sectors, 4);
    memcpy(fake.config + 12, &scsi.cmd_per_lun, 4);
    memcpy(fake.config + 20, &scsi.sense_size, 4);
    memcpy(fake.config + 24, &scsi.cdb_size, 4);
    memcpy(fake.config + 30, &scsi.max_target, 2);
    memcpy(fake.config + 32, &scsi.max_lun, 4);
}

void scsi_attach(void)
{
    for (unsigned i = 0; i < scsi.unit_count; i++) {
        struct scsi_unit *u = &scsi.unit[i];
        size_t size = u->blocks < 1 << 20 ? u->blocks * u->block_size : 0;

        free(u->bytes);
        free(u->stable);
        u->bytes = malloc(size + 1);
        u->stable = malloc(size + 1);
        for (size_t b = 0; b < size; b++)
            u->bytes[b] = (uint8_t)(b / SECTOR * 7 + b + (b >> 16) + i * 31);
        memcpy(u->stable, u->bytes, size);
    }
    configure();
    taken_count = 0;
    virtio_devices = NULL;
    fake.on_notify = at_once;
    fake.on_clock = scsi.is_slow ? one : NULL;
    fake.clock_step = scsi.is_slow ? 100000000 : 1000000;
    virtio_attach(&fake.device);
    CHECK((fake.accepted & ~(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)) == 0 ||
              fake.refuses ||
              fake.status & VIRTIO_STATUS_FAILED || fake.status == 0,
          "of the features only those with a name are chosen");
    fake.on_notify = NULL;
    fake.on_clock = NULL;
    fake.clock_step = 0;
}
