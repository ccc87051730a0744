/* SPDX-License-Identifier: MIT */
/* Another right program: the status lies in front of the header, the chain is
 * built from its end, and the answer is looked up in a table. */
#include "drivers/virtio_blk/virtio_blk.h"

#include "lib/errno.h"

enum { STATUS_AT = 3, HEADER_AT = 8 };

static struct virtio_blk_req *header_of(struct block_request *req)
{
    return (void *)(req->room + HEADER_AT);
}

int virtio_blk_submit(struct virtio_blk *blk, struct block_request *req)
{
    struct virtq_buffer chain[BLOCK_PIECES_MAX + 2];
    struct virtio_blk_req *header = header_of(req);
    struct virtq_buffer *at = chain + BLOCK_PIECES_MAX + 2;
    unsigned out = 1, in = 1;

    header->reserved = 0;
    header->sector = cpu_to_le64(req->sector);
    *--at = (struct virtq_buffer){ req->room + STATUS_AT, 1 };
    req->room[STATUS_AT] = 0x7f;
    if (req->op == BLOCK_FLUSH) {
        header->type = cpu_to_le32(VIRTIO_BLK_T_FLUSH);
        header->sector = 0;
    } else {
        for (unsigned i = req->count; i-- > 0;)
            *--at = (struct virtq_buffer){ req->pieces[i].data,
                                           req->pieces[i].len };
        if (req->op == BLOCK_WRITE) {
            header->type = cpu_to_le32(VIRTIO_BLK_T_OUT);
            out += req->count;
        } else {
            header->type = cpu_to_le32(VIRTIO_BLK_T_IN);
            in += req->count;
        }
    }
    *--at = (struct virtq_buffer){ header, sizeof *header };
    return virtq_add(&blk->requestq, at, out, in, req);
}

static bool is_complete(const struct block_request *req, uint64_t len)
{
    if (req->op == BLOCK_READ)
        for (unsigned i = 0; i < req->count; i++) {
            if (len <= req->pieces[i].len)
                return false;
            len -= req->pieces[i].len;
        }
    return len > 0;
}

static int judge(const struct block_request *req, uint32_t len)
{
    static const int errors[] = { 0, -EIO, -ENOTSUP };
    uint8_t status = req->room[STATUS_AT];

    if (status >= sizeof errors / sizeof *errors)
        return -EIO;
    return errors[status] == 0 && !is_complete(req, len) ? -EIO
                                                         : errors[status];
}

unsigned virtio_blk_complete(struct virtio_blk *blk, unsigned limit)
{
    for (unsigned done = 0; done < limit; done++) {
        uint32_t len;
        struct block_request *req = virtq_poll(&blk->requestq, &len);

        if (req == NULL)
            return done;
        if (len > 0) {
            req->error = judge(req, len);
        } else {
            virtq_break(&blk->requestq, "nothing was written, no status even");
            req->error = -EIO;
        }
        block_done(&blk->block, req);
    }
    return limit;
}
