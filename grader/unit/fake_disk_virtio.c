/* SPDX-License-Identifier: MIT */
/*
 * fake_disk_virtio.c - the disk of fake_disk_virtio.h.
 */
#include "fake_disk_virtio.h"

#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "unit.h"

enum { SECTOR = 512, TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, PARTS = 64 };

struct disk disk = {
    .features = DISK_SEG_MAX | DISK_BLK_SIZE | DISK_FLUSH,
    .capacity = 256,
    .seg_max = 126,
    .blk_size = SECTOR,
    .queue_max = 128,
    .status = -1,
    .used_len = -1,
};

/* What the driver has told us. */
static uint8_t status;
static uint64_t chosen;
static struct virtq *vq;
static struct event_work *queue_work, *config_work;

static uint16_t avail_idx, used_idx;    /* how far we have come */
static uint16_t *taken;                 /* heads, `taken_count` of them */
static unsigned taken_count;

/* How often each id was used by a lie before there was such a chain. The driver
 * may add it before it looks, and then it takes the lie for the truth. */
static uint8_t lied[UINT16_MAX + 1];

/* ---- The transport ------------------------------------------------------ */

static uint8_t get_status(struct virtio_device *dev)
{
    (void)dev;
    return status;
}

static void set_status(struct virtio_device *dev, uint8_t value)
{
    (void)dev;
    if (value != 0) {
        if (disk.refuses)
            value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
        status = value;
        return;
    }
    disk.resets++;
    if (disk.never_resets)
        return;
    status = 0;
    vq = NULL; /* from here on it touches no memory of the driver's */
}

static uint64_t get_features(struct virtio_device *dev)
{
    (void)dev;
    return disk.features | VIRTIO_F_VERSION_1;
}

static void set_features(struct virtio_device *dev, uint64_t features)
{
    (void)dev;
    chosen = features;
}

static void put32(uint8_t *config, unsigned offset, uint32_t value)
{
    memcpy(config + offset, &value, sizeof value);
}

/* [virtio 1.2 §5.2.4] */
static void read_config(struct virtio_device *dev, unsigned offset, void *out,
                        unsigned len)
{
    uint8_t config[64] = { 0 };

    (void)dev;
    memcpy(config, &disk.capacity, sizeof disk.capacity);
    put32(config, 8, disk.size_max);
    put32(config, 12, disk.seg_max);
    put32(config, 20, disk.blk_size);
    CHECK(offset + len <= sizeof config, "the configuration is read as far as "
          "it goes");
    CHECK(offset != 8 || chosen & DISK_SIZE_MAX, "size_max is there only if "
          "VIRTIO_BLK_F_SIZE_MAX");
    CHECK(offset != 12 || chosen & DISK_SEG_MAX, "seg_max is there only if "
          "VIRTIO_BLK_F_SEG_MAX");
    CHECK(offset != 20 || chosen & DISK_BLK_SIZE, "blk_size is there only if "
          "VIRTIO_BLK_F_BLK_SIZE");
    memcpy(out, config + offset, len);
}

static uint32_t config_generation(struct virtio_device *dev)
{
    (void)dev;
    return 0;
}

static uint16_t queue_max(struct virtio_device *dev, unsigned index)
{
    (void)dev;
    return index == 0 ? disk.queue_max : 0;
}

static void notify(struct virtq *which)
{
    (void)which;
    disk.notified++;
    if (!disk.at_once)
        return;
    while (disk_take() > 0)
        disk_use(0);
    event_post(queue_work); /* all that a handler does */
}

static int queue_enable(struct virtio_device *dev, struct virtq *queue,
                        struct event_work *work)
{
    (void)dev;
    vq = queue;
    vq->notify = notify;
    queue_work = work;
    taken = calloc(queue->num, sizeof *taken);
    return 0;
}

static int config_changed(struct virtio_device *dev, struct event_work *work)
{
    (void)dev;
    config_work = work;
    return 0;
}

static const struct virtio_transport transport = {
    .get_status = get_status,
    .set_status = set_status,
    .get_features = get_features,
    .set_features = set_features,
    .read_config = read_config,
    .config_generation = config_generation,
    .queue_max = queue_max,
    .queue_enable = queue_enable,
    .config_changed = config_changed,
};

void disk_attach(void)
{
    /* A capacity that can't be needs no bytes behind it. */
    size_t size = disk.capacity < 1 << 20 ? disk.capacity * SECTOR : 0;

    vq = NULL;
    queue_work = config_work = NULL;
    status = 0;
    chosen = 0;
    avail_idx = used_idx = 0;
    taken_count = 0;
    memset(lied, 0, sizeof lied);
    virtio_devices = disk.device.next = NULL;
    free(disk.bytes);
    free(disk.stable);
    disk.bytes = malloc(size + 1);
    disk.stable = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        disk.bytes[i] = (uint8_t)(i / SECTOR * 7 + i + (i >> 16));
    memcpy(disk.stable, disk.bytes, size);
    disk.device.transport = &transport;
    disk.device.id = VIRTIO_ID_BLOCK;
    strcpy(disk.device.where, "fake 1");
    virtio_attach(&disk.device);
    CHECK((chosen & ~(uint64_t)(DISK_SIZE_MAX | DISK_SEG_MAX | DISK_RO |
                                DISK_BLK_SIZE | DISK_FLUSH)) ==
              VIRTIO_F_VERSION_1 || chosen == 0,
          "only features that the driver knows are taken, here %llx",
          (unsigned long long)chosen);
}

/* ---- Requests ----------------------------------------------------------- */

/* A chain's parts, as they lie in memory. */
struct parts {
    struct virtq_buffer part[PARTS];
    unsigned out, in;
};

static void walk(uint16_t head, struct parts *parts)
{
    uint16_t i = head;

    parts->out = parts->in = 0;
    for (;;) {
        const struct virtq_desc *d = &vq->desc[i];
        unsigned n = parts->out + parts->in;

        CHECK(i < vq->num && n < PARTS, "a chain comes to its end");
        parts->part[n] =
            (struct virtq_buffer){ (void *)(uintptr_t)d->addr, d->len };
        if (d->flags & VIRTQ_DESC_F_WRITE)
            parts->in++;
        else
            parts->out++;
        CHECK(d->flags & VIRTQ_DESC_F_WRITE || parts->in == 0,
              "what the device reads comes before what it writes");
        if (!(d->flags & VIRTQ_DESC_F_NEXT))
            break;
        i = d->next;
    }
    unsigned pieces = parts->out + parts->in - 2;
    CHECK(!(chosen & DISK_SEG_MAX) || pieces <= (disk.seg_max ?: 1),
          "a request has at most seg_max pieces, %u, here %u", disk.seg_max,
          pieces);
}

/* Moves data between the disk and parts [from, to). */
static void move(const struct parts *parts, unsigned from, unsigned to,
                 uint64_t sector, bool in)
{
    uint64_t at = sector * SECTOR;

    for (unsigned i = from; i < to; i++) {
        uint32_t len = parts->part[i].len;

        CHECK(sector < disk.capacity && at + len <= disk.capacity * SECTOR,
              "sector %llu and so many bytes lie on the disk",
              (unsigned long long)sector);
        if (in)
            memcpy(parts->part[i].data, disk.bytes + at, len);
        else
            memcpy(disk.bytes + at, parts->part[i].data, len);
        at += len;
    }
}

/* [virtio 1.2 §5.2.6] */
static uint8_t execute(const struct parts *parts)
{
    struct { uint32_t type, reserved; uint64_t sector; } header;
    unsigned n = parts->out + parts->in;

    CHECK(parts->out >= 1 && parts->part[0].len == sizeof header,
          "a request begins with a header of 16 bytes for the device to read; "
          "here %u bytes", parts->out ? parts->part[0].len : 0);
    CHECK(parts->in >= 1 && parts->part[n - 1].len == 1,
          "a request ends with one byte for the device to write its status "
          "into; here %u bytes", parts->in ? parts->part[n - 1].len : 0);
    memcpy(&header, parts->part[0].data, sizeof header);
    CHECK(header.reserved == 0, "reserved is 0, here %x: is the header still "
          "there?", header.reserved);

    switch (header.type) {
    case TYPE_IN:
        CHECK(parts->out == 1, "a read gives the device nothing to read but "
              "the header: its data are for the device to write");
        disk.reads++;
        move(parts, 1, n - 1, header.sector, true);
        break;
    case TYPE_OUT:
        CHECK(parts->in == 1, "a write gives the device nothing to write but "
              "the status: its data are for the device to read");
        CHECK(!(disk.features & DISK_RO), "nothing is written to a disk only "
              "to be read");
        disk.writes++;
        move(parts, 1, n - 1, header.sector, false);
        break;
    case TYPE_FLUSH:
        CHECK(chosen & DISK_FLUSH, "a disk is flushed that can be");
        CHECK(n == 2 && header.sector == 0, "a flush has no data, and sector "
              "0");
        disk.flushes++;
        memcpy(disk.stable, disk.bytes, disk.capacity * SECTOR);
        break;
    default:
        FAIL("type %u is none of a request: is the header still there?",
             header.type);
    }
    return 0;
}

unsigned disk_take(void)
{
    while (vq && avail_idx != vq->avail->idx) {
        CHECK(taken_count < vq->num, "no more chains than descriptors");
        uint16_t head = vq->avail->ring[avail_idx++ % vq->num];
        if (lied[head] > 0)
            lied[head]--;       /* it is over already, and won't be executed */
        else
            taken[taken_count++] = head;
    }
    return vq ? taken_count : 0;
}

/* Puts an element into the used ring. */
static void put_used(uint32_t id, uint32_t len)
{
    /* What the driver only reads is ours to write. */
    struct virtq_used *used = (struct virtq_used *)(uintptr_t)vq->used;

    used->ring[used_idx++ % vq->num] = (struct virtq_used_elem){ id, len };
    used->idx = used_idx;
}

void disk_lie(uint32_t id, uint32_t len)
{
    unsigned count = disk_take();

    if (!vq)
        return;
    unsigned i = 0;
    while (i < count && taken[i] != id)
        i++;
    if (i < count)
        taken[i] = taken[--taken_count]; /* it won't be executed */
    else if (id <= UINT16_MAX)
        lied[id]++;
    put_used(id, len);
}

void disk_rush(uint16_t count)
{
    struct virtq_used *used = (struct virtq_used *)(uintptr_t)vq->used;

    used_idx = (uint16_t)(used_idx + count);
    used->idx = used_idx;
}

void disk_use(unsigned i)
{
    uint16_t head = taken[i];
    struct parts parts;
    uint32_t len = 0;

    CHECK(i < taken_count, "there is a request to execute");
    taken[i] = taken[--taken_count];
    walk(head, &parts);
    unsigned n = parts.out + parts.in;
    uint8_t result = disk.status < 0 ? execute(&parts) : (uint8_t)disk.status;
    if (disk.status != -2)
        *(uint8_t *)parts.part[n - 1].data = result;
    for (unsigned p = parts.out; p < n; p++)
        len += parts.part[p].len;
    put_used(head, disk.used_len < 0 ? len : (uint32_t)disk.used_len);
}

void disk_interrupt(void)
{
    disk.interrupts++;
    if (queue_work)
        event_post(queue_work);
    while (event_loop.ready > 0)
        event_run_once(0);
}

void disk_run(void)
{
    do {
        disk_interrupt();
        while (disk_take() > 0) {
            disk_use(unit_random_below(taken_count));
            if (unit_random_below(2))
                disk_interrupt();
        }
        disk_interrupt();
    } while (disk_take() > 0);
}

bool disk_is_reset(void)
{
    return vq == NULL;
}

void disk_needs_reset(void)
{
    status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    event_post(config_work);
}
