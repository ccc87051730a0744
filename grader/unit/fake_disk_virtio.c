/* SPDX-License-Identifier: MIT */
/*
 * fake_disk_virtio.c - the disk of fake_disk_virtio.h.
 */
#include "fake_disk_virtio.h"

#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "unit.h"

enum { SECTOR = 512, TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4,
       TAKEN_MAX = 256 };

struct disk disk = {
    .features = DISK_SEG_MAX | DISK_BLK_SIZE | DISK_FLUSH,
    .capacity = 256,
    .seg_max = 126,
    .blk_size = SECTOR,
    .queue_max = 128,
    .status = -1,
    .used_len = -1,
};

static struct fake_chain taken[TAKEN_MAX];
static unsigned taken_count;

/* How often each id was used by a lie before there was such a chain. The driver
 * may add it before it looks, and then it takes the lie for the truth. */
static uint8_t lied[UINT16_MAX + 1];

/* ---- Finding it --------------------------------------------------------- */

static void at_once(unsigned q)
{
    (void)q;
    while (disk_take() > 0)
        disk_use(0);
}

/* What it does not offer is there as well, and is nonsense.
 * [virtio 1.2 §5.2.4] */
static void configure(void)
{
    uint32_t size_max = disk.features & DISK_SIZE_MAX ? disk.size_max : 1;
    uint32_t seg_max = disk.features & DISK_SEG_MAX ? disk.seg_max : 0;
    uint32_t blk_size = disk.features & DISK_BLK_SIZE ? disk.blk_size : 7;

    memcpy(fake.config, &disk.capacity, sizeof disk.capacity);
    memcpy(fake.config + 8, &size_max, sizeof size_max);
    memcpy(fake.config + 12, &seg_max, sizeof seg_max);
    memcpy(fake.config + 20, &blk_size, sizeof blk_size);
}

static void fill(void)
{
    /* A capacity that can't be needs no bytes behind it. */
    size_t size = disk.capacity < 1 << 20 ? disk.capacity * SECTOR : 0;

    free(disk.bytes);
    free(disk.stable);
    disk.bytes = malloc(size + 1);
    disk.stable = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        disk.bytes[i] = (uint8_t)(i / SECTOR * 7 + i + (i >> 16));
    memcpy(disk.stable, disk.bytes, size);
}

void disk_attach(void)
{
    const uint64_t known = DISK_SIZE_MAX | DISK_SEG_MAX | DISK_RO |
                           DISK_BLK_SIZE | DISK_FLUSH | VIRTIO_F_VERSION_1 |
                           VIRTIO_F_EVENT_IDX;

    fake_virtio_begin(VIRTIO_ID_BLOCK);
    fake.device.legacy = disk.legacy;
    fake.offered |= disk.features;
    fake.refuses = disk.refuses;
    fake.queue_max[0] = disk.queue_max;
    fake.memory_fails_at = disk.memory_fails_at;
    if (disk.at_once)
        fake.on_notify = at_once;
    configure();
    fill();
    taken_count = 0;
    memset(lied, 0, sizeof lied);
    virtio_devices = NULL;
    virtio_attach(&fake.device);
    CHECK((fake.accepted & ~known) == 0, "only features that the driver knows "
          "are taken, here %llx", (unsigned long long)fake.accepted);
}

/* ---- Requests ----------------------------------------------------------- */

/* Moves data between the disk and pieces [from, to). */
static void move(const struct fake_chain *chain, unsigned from, unsigned to,
                 uint64_t sector, bool in)
{
    uint64_t at = sector * SECTOR;

    for (unsigned i = from; i < to; i++) {
        uint32_t len = chain->pieces[i].len;

        CHECK(sector < disk.capacity && at + len <= disk.capacity * SECTOR,
              "sector %llu and so many bytes lie on the disk",
              (unsigned long long)sector);
        if (in)
            memcpy(chain->pieces[i].data, disk.bytes + at, len);
        else
            memcpy(disk.bytes + at, chain->pieces[i].data, len);
        at += len;
    }
}

/* [virtio 1.2 §5.2.6] */
static uint8_t execute(const struct fake_chain *chain)
{
    struct { uint32_t type, reserved; uint64_t sector; } header;
    unsigned n = chain->out + chain->in;

    CHECK(chain->out >= 1 && chain->pieces[0].len == sizeof header,
          "a request begins with a header of 16 bytes for the device to read; "
          "here %u bytes", chain->out ? chain->pieces[0].len : 0);
    CHECK(chain->in >= 1 && chain->pieces[n - 1].len == 1,
          "a request ends with one byte for the device to write its status "
          "into; here %u bytes", chain->in ? chain->pieces[n - 1].len : 0);
    CHECK(!(fake.accepted & DISK_SEG_MAX) || n - 2 <= (disk.seg_max ?: 1),
          "a request has at most seg_max pieces, %u, here %u", disk.seg_max,
          n - 2);
    memcpy(&header, chain->pieces[0].data, sizeof header);
    CHECK(header.reserved == 0, "reserved is 0, here %x: is the header still "
          "there?", header.reserved);

    switch (header.type) {
    case TYPE_IN:
        CHECK(chain->out == 1, "a read gives the device nothing to read but "
              "the header: its data are for the device to write");
        disk.reads++;
        move(chain, 1, n - 1, header.sector, true);
        break;
    case TYPE_OUT:
        CHECK(chain->in == 1, "a write gives the device nothing to write but "
              "the status: its data are for the device to read");
        CHECK(!(disk.features & DISK_RO), "nothing is written to a disk only "
              "to be read");
        disk.writes++;
        move(chain, 1, n - 1, header.sector, false);
        break;
    case TYPE_FLUSH:
        CHECK(fake.accepted & DISK_FLUSH, "a disk is flushed that can be");
        CHECK(n == 2 && header.sector == 0, "a flush should have no data, and "
              "sector 0; here are %u pieces, and sector %llu", n - 2,
              (unsigned long long)header.sector);
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
    struct fake_chain chain;

    if (disk_is_reset())
        return 0;
    while (fake_chain_take(0, &chain)) {
        CHECK(taken_count < TAKEN_MAX, "no more chains than descriptors");
        if (lied[chain.head] > 0)
            lied[chain.head]--; /* it is over already, and won't be executed */
        else
            taken[taken_count++] = chain;
    }
    return taken_count;
}

void disk_lie(uint32_t id, uint32_t len)
{
    unsigned count = disk_take();

    if (disk_is_reset())
        return;
    unsigned i = 0;
    while (i < count && taken[i].head != id)
        i++;
    if (i < count)
        taken[i] = taken[--taken_count]; /* it won't be executed */
    else if (id <= UINT16_MAX)
        lied[id]++;
    fake_chain_use(0, id, len, 1);
}

void disk_use(unsigned i)
{
    CHECK(i < taken_count, "there is a request to execute");
    struct fake_chain chain = taken[i];
    uint32_t len = chain.write_len;

    taken[i] = taken[--taken_count];
    uint8_t result = disk.status < 0 ? execute(&chain) : (uint8_t)disk.status;
    if (disk.status != -2)
        *(uint8_t *)chain.pieces[chain.out + chain.in - 1].data = result;
    if (disk.used_len >= 0)
        len = (uint32_t)disk.used_len;
    fake_chain_use(0, chain.head, len, 1);
}

void disk_interrupt(void)
{
    if (fake.work[0] != NULL)
        event_post(fake.work[0]);
    fake_loop();
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
    return fake.queue[0] == NULL;
}

void disk_needs_reset(void)
{
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    fake_config_interrupt();
}
