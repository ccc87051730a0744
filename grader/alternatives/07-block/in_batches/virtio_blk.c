/* SPDX-License-Identifier: MIT */
/* Another right program: what is done is first taken out of the ring, a batch
 * at a time, and then handed back. */
#include "drivers/virtio_blk/virtio_blk.h"

#include "lib/errno.h"
#include "lib/string.h"

enum { BATCH = 8 };

/* What the device does for each of our ops. */
static const struct kind {
    uint32_t type;
    bool device_writes, has_data;
} kinds[] = {
    [BLOCK_READ] = { VIRTIO_BLK_T_IN, true, true },
    [BLOCK_WRITE] = { VIRTIO_BLK_T_OUT, false, true },
    [BLOCK_FLUSH] = { VIRTIO_BLK_T_FLUSH, false, false },
};

int virtio_blk_submit(struct virtio_blk *blk, struct block_request *req)
{
    const struct kind *kind = &kinds[req->op];
    struct virtio_blk_room *room = virtio_blk_room(req);
    struct virtq_buffer buffers[2 + BLOCK_PIECES_MAX];
    unsigned count = 0;

    memset(room, 0, sizeof *room);
    room->header.type = cpu_to_le32(kind->type);
    if (kind->has_data)
        room->header.sector = cpu_to_le64(req->sector);
    room->status = VIRTIO_BLK_S_NONE;

    buffers[count].data = &room->header;
    buffers[count++].len = sizeof room->header;
    while (kind->has_data && count <= req->count) {
        buffers[count].data = req->pieces[count - 1].data;
        buffers[count].len = req->pieces[count - 1].len;
        count++;
    }
    buffers[count].data = &room->status;
    buffers[count++].len = sizeof room->status;

    unsigned out = kind->device_writes ? 1 : count - 1;
    return virtq_add(&blk->requestq, buffers, out, count - out, req);
}

static uint64_t bytes_due(const struct block_request *req)
{
    uint64_t bytes = 1; /* the status */

    if (kinds[req->op].device_writes)
        for (unsigned i = 0; i < req->count; i++)
            bytes += req->pieces[i].len;
    return bytes;
}

static int error_of(struct virtio_blk *blk, struct block_request *req,
                    uint32_t len)
{
    uint8_t status = virtio_blk_room(req)->status;

    if (len == 0) {
        virtq_break(&blk->requestq, "a used chain without a status");
        return -EIO;
    }
    if (status == VIRTIO_BLK_S_UNSUPP)
        return -ENOTSUP;
    return status == VIRTIO_BLK_S_OK && len >= bytes_due(req) ? 0 : -EIO;
}

unsigned virtio_blk_complete(struct virtio_blk *blk, unsigned limit)
{
    struct block_request *batch[BATCH];
    unsigned total = 0, count;

    do {
        uint32_t len;

        count = 0;
        while (count < BATCH && total + count < limit &&
               (batch[count] = virtq_poll(&blk->requestq, &len)) != NULL) {
            batch[count]->error = error_of(blk, batch[count], len);
            count++;
        }
        for (unsigned i = 0; i < count; i++)
            block_done(&blk->block, batch[i]);
        total += count;
    } while (count == BATCH);
    return total;
}
