/* SPDX-License-Identifier: MIT */
/*
 * virtio_blk.c - reads, writes and flushes of a virtio disk.
 *
 * Between struct block_dev, through which requests come down, and the one
 * virtqueue of the disk. When the functions here are called, which features
 * the disk has, and what is done with one that breaks its protocol is left to
 * drivers/virtio_blk; requests that can't be were refused, and those for which
 * the ring has no room are kept, by block/.
 */
#include "drivers/virtio_blk/virtio_blk.h"

#include "core/panic.h"
#include "lib/errno.h"

/* What the device shall do, and that it has said nothing about it yet. */
static inline void fill_room(struct block_request *req)
{
    /* TODO 7.1 fill_room: all of virtio_blk_room(req), which may hold what
     * was left by a request before it. Which types are there, and are they
     * enum block_op's numbers? What unit has `sector`, and what is it in a
     * flush? And what must `status` not look like before the device has
     * written it? [virtio 1.2 §5.2.6] */
    static const uint32_t types[] = {
        [BLOCK_READ] = VIRTIO_BLK_T_IN,
        [BLOCK_WRITE] = VIRTIO_BLK_T_OUT,
        [BLOCK_FLUSH] = VIRTIO_BLK_T_FLUSH,
    };

    *virtio_blk_room(req) = (struct virtio_blk_room){
        .header.type = cpu_to_le32(types[req->op]),
        .header.sector = cpu_to_le64(req->op == BLOCK_FLUSH ? 0 : req->sector),
        .status = VIRTIO_BLK_S_NONE,
    };
    /* END 7.1 */
}

int virtio_blk_submit(struct virtio_blk *blk, struct block_request *req)
{
    /* TODO 7.2 virtio_blk_submit: the chain that virtio_blk.h draws. Which of
     * its parts does the device read, and which does it write? The array of
     * buffers may go when virtq_add() returns; what they point to may not. */
    struct virtio_blk_room *room = virtio_blk_room(req);
    struct virtq_buffer buffers[BLOCK_PIECES_MAX + 2];
    unsigned pieces = req->op == BLOCK_FLUSH ? 0 : req->count;
    unsigned in = req->op == BLOCK_READ ? pieces + 1 : 1;

    fill_room(req);
    buffers[0] = (struct virtq_buffer){ &room->header, sizeof(room->header) };
    for (unsigned i = 0; i < pieces; i++)
        buffers[1 + i] =
            (struct virtq_buffer){ req->pieces[i].data, req->pieces[i].len };
    buffers[1 + pieces] = (struct virtq_buffer){ &room->status, 1 };

    return virtq_add(&blk->requestq, buffers, pieces + 2 - in, in, req);
    /* END 7.2 */
}

/* What became of `req`, of which the device says that it wrote `len` bytes. */
static inline int result(struct block_request *req, uint32_t len)
{
    /* TODO 7.3 result: 0, -ENOTSUP or -EIO, as virtio_blk_complete() is to
     * give it. How many bytes is a device to write that has done a read? A
     * status that no specification knows is no success. */
    uint64_t must = 1;

    for (unsigned i = 0; req->op == BLOCK_READ && i < req->count; i++)
        must += req->pieces[i].len;

    switch (virtio_blk_room(req)->status) {
    case VIRTIO_BLK_S_OK:
        return len >= must ? 0 : -EIO;
    case VIRTIO_BLK_S_UNSUPP:
        return -ENOTSUP;
    default:
        return -EIO;
    }
    /* END 7.3 */
}

unsigned virtio_blk_complete(struct virtio_blk *blk, unsigned limit)
{
    /* TODO 7.4 virtio_blk_complete: they come in any order; how do you know
     * which one it was? From block_done() on a request is its owner's, who
     * may submit it again before block_done() returns. And what do you hold
     * when `limit` is reached? */
    struct block_request *req;
    unsigned count = 0;
    uint32_t len;

    while (count < limit && (req = virtq_poll(&blk->requestq, &len)) != NULL) {
        count++;
        if (len == 0)
            virtq_break(&blk->requestq, "a request came back with no status");
        req->error = len == 0 ? -EIO : result(req, len);
        block_done(&blk->block, req);
    }
    return count;
    /* END 7.4 */
}
