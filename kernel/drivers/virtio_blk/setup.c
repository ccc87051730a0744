/* SPDX-License-Identifier: MIT */
/*
 * setup.c - a virtio disk from its discovery to its first request, the work
 * that its interrupts post, and its end should it break its protocol.
 * [virtio 1.2 §5.2.3, §5.2.4, §5.2.5]
 *
 * What is put into its queue and taken out of it is lab 07's.
 */
#include "console/format.h"
#include "console/log.h"
#include "drivers/virtio_blk/virtio_blk.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mem/heap.h"

#define VIRTIO_BLK_F_SIZE_MAX (1ull << 1) /* says how long a piece may be */
#define VIRTIO_BLK_F_SEG_MAX (1ull << 2)  /* and how many in a request */
#define VIRTIO_BLK_F_RO (1ull << 5)       /* only to be read */
#define VIRTIO_BLK_F_BLK_SIZE (1ull << 6) /* says how large its sectors are */
#define VIRTIO_BLK_F_FLUSH (1ull << 9)    /* may keep back what is written */

/* All that we know how to use, by name. Refused on purpose: more queues (MQ),
 * which one processor has no use for, and a cache that the driver may switch
 * (CONFIG_WCE). Without FLUSH a device writes through. [virtio 1.2 §5.2.5.1] */
#define FEATURES                                                               \
    (VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO |          \
     VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH)

/* The part of it that we read. [virtio 1.2 §5.2.4]
 *      0           8          12        16         20         24
 *      +-----------+----------+---------+----------+----------+
 *      | capacity  | size_max | seg_max | geometry | blk_size |
 *      +-----------+----------+---------+----------+----------+             */
struct virtio_blk_config {
    le64 capacity; /* in sectors of 512 bytes, whatever blk_size is */
    le32 size_max;
    le32 seg_max;
    struct {
        le16 cylinders;
        uint8_t heads;
        uint8_t sectors;
    } geometry;
    le32 blk_size;
};
_Static_assert(sizeof(struct virtio_blk_config) == 24, "virtio 1.2 §5.2.4");

enum {
    REQUESTQ = 0,
    ENDS = 2,             /* descriptors of a chain that are not pieces */
    REQUESTS_A_TURN = 64, /* finished before others have their turn */
};

/* The bytes of a larger one could not be counted. */
#define SECTORS_MAX (UINT64_MAX / BLOCK_SECTOR_SIZE)

static bool has(const struct virtio_blk *blk, uint64_t feature)
{
    return (blk->device->features & feature) != 0;
}

/* ---- When the device breaks its protocol --------------------------------- */

/* Once the queue is broken. */
static void stop(struct virtio_blk *blk)
{
    if (blk->stopped)
        return;
    blk->stopped = true;
    if (virtio_reset(blk->device)) {
        struct block_request *req;

        while ((req = virtq_take_back(&blk->requestq)) != NULL) {
            req->error = -EIO;
            block_done(&blk->block, req);
        }
    }
    block_broken(&blk->block);
}

/* ---- Work that interrupts post ------------------------------------------- */

static void requests_done(struct event_work *work)
{
    struct virtio_blk *blk = container_of(work, struct virtio_blk, done_work);

    if (virtio_blk_complete(blk, REQUESTS_A_TURN) == REQUESTS_A_TURN ||
        virtq_listen(&blk->requestq, 1))
        event_post(work);
    if (blk->requestq.broken)
        stop(blk);
}

/* A disk that has another size now keeps the one that we know: what is beyond
 * its end it answers with an error. */
static void config_changed(struct event_work *work)
{
    struct virtio_blk *blk = container_of(work, struct virtio_blk, config_work);

    if (!blk->stopped && virtio_needs_reset(blk->device, &blk->requestq))
        stop(blk);
}

static void kick(struct event_work *work)
{
    struct virtio_blk *blk = container_of(work, struct virtio_blk, kick_work);

    virtq_kick(&blk->requestq);
    virtio_watch(&blk->watch);
}

/* ---- The disk, for block/ ------------------------------------------------ */

static int submit(struct block_dev *dev, struct block_request *req)
{
    struct virtio_blk *blk = container_of(dev, struct virtio_blk, block);
    uint16_t head = blk->requestq.free_head;
    int error = virtio_blk_submit(blk, req);

    if (error != 0)
        return error;
    if (blk->device->legacy) /* may count too much [virtio 1.2 §5.2.6.3] */
        virtq_allow(&blk->requestq, head, UINT32_MAX);
    event_post(&blk->kick_work);
    return 0;
}

/* ---- Bringing it up ------------------------------------------------------ */

/* 0, or -EINVAL after it has said what can't be. */
static int read_sizes(struct virtio_blk *blk)
{
    struct block_dev *block = &blk->block;
    const char *where = blk->device->where;
    le64 capacity;
    uint32_t blk_size = BLOCK_SECTOR_SIZE;

    virtio_config(blk->device, offsetof(struct virtio_blk_config, capacity),
                  &capacity, sizeof(capacity));
    block->sectors = le64_to_cpu(capacity);
    block->piece_len_max = UINT32_MAX;
    if (has(blk, VIRTIO_BLK_F_SIZE_MAX))
        block->piece_len_max = virtio_config32(
            blk->device, offsetof(struct virtio_blk_config, size_max));
    if (has(blk, VIRTIO_BLK_F_BLK_SIZE))
        blk_size = virtio_config32(
            blk->device, offsetof(struct virtio_blk_config, blk_size));

    if (block->sectors > SECTORS_MAX) {
        log_line("%s: a disk of %llu sectors can't be", where,
                 (unsigned long long)block->sectors);
        return -EINVAL;
    }
    if (blk_size < BLOCK_SECTOR_SIZE || blk_size > BLOCK_UNIT_MAX ||
        (blk_size & (blk_size - 1)) != 0) {
        log_line("%s: not used: its sectors are of %u bytes; 512 to %u can "
                 "be dealt with",
                 where, blk_size, BLOCK_UNIT_MAX);
        return -EINVAL;
    }
    if (block->piece_len_max < BLOCK_UNIT_MAX) {
        log_line("%s: not used: it takes no more than %u bytes in a piece; "
                 "%u are needed",
                 where, block->piece_len_max, BLOCK_UNIT_MAX);
        return -EINVAL;
    }
    block->unit = blk_size / BLOCK_SECTOR_SIZE;
    block->sectors -= block->sectors % block->unit; /* only whole ones */
    return 0;
}

/* However few pieces it takes, one it must; and any request must find room in
 * a ring that is empty. */
static int choose_pieces(struct virtio_blk *blk)
{
    uint32_t room = blk->requestq.num;
    uint32_t max = BLOCK_PIECES_MAX;

    if (room <= ENDS) {
        log_line("%s: not used: a queue of %u descriptors has no room for a "
                 "request",
                 blk->device->where, room);
        return -EINVAL;
    }
    if (max > room - ENDS)
        max = room - ENDS;
    if (has(blk, VIRTIO_BLK_F_SEG_MAX)) {
        uint32_t seg_max = virtio_config32(
            blk->device, offsetof(struct virtio_blk_config, seg_max));
        if (max > seg_max)
            max = seg_max > 0 ? seg_max : 1;
    }
    blk->block.pieces_max = max;
    return 0;
}

static int set_up(struct virtio_device *dev, void *ctx)
{
    struct virtio_blk *blk = ctx;
    int error = read_sizes(blk);

    if (error == 0)
        error = virtio_queue(dev, REQUESTQ, VIRTIO_BLK_QUEUE_MAX,
                             &blk->requestq, &blk->done_work, blk->queue_name);
    if (error == 0)
        error = dev->transport->config_changed(dev, &blk->config_work);
    if (error == 0)
        error = choose_pieces(blk);
    return error;
}

static void introduce(struct virtio_blk *blk)
{
    struct block_dev *dev = &blk->block;

    dev->read_only = has(blk, VIRTIO_BLK_F_RO);
    dev->can_flush = has(blk, VIRTIO_BLK_F_FLUSH);
    dev->submit = submit;
    block_add(dev);
    format(blk->queue_name, sizeof(blk->queue_name), "%s requests", dev->name);
    log_line("%s: %llu sectors%s, %s", dev->name,
             (unsigned long long)dev->sectors,
             dev->read_only ? ", only to be read" : "", blk->device->where);
}

static int virtio_blk_probe(struct virtio_device *dev)
{
    struct virtio_blk *blk = heap_alloc_array(1, sizeof(*blk));
    if (blk == NULL) {
        log_line("%s: no memory for a disk", dev->where);
        return -ENOMEM;
    }
    blk->device = dev;
    blk->done_work.run = requests_done;
    blk->config_work.run = config_changed;
    blk->kick_work.run = kick;
    blk->watch = (struct virtio_watch){ .vq = &blk->requestq,
                                        .work = &blk->done_work,
                                        .config_work = &blk->config_work };
    format(blk->queue_name, sizeof(blk->queue_name), "blk requests");

    int error = virtio_handshake(dev, FEATURES | virtio_ring_features(),
                                 set_up, blk);
    if (error != 0) {
        /* Not freed: its interrupts may lead here already. */
        blk->stopped = true;
        virtio_not_up(dev, "the disk", error);
        return error;
    }
    introduce(blk);
    event_post(&blk->done_work);
    event_post(&blk->config_work);
    return 0;
}

static const struct virtio_driver virtio_blk_driver = {
    .name = "virtio_blk",
    .id = VIRTIO_ID_BLOCK,
    .probe = virtio_blk_probe,
};
VIRTIO_DRIVER(virtio_blk_driver);
