/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_blk_chain.c - what a request looks like in the ring of a virtio
 * disk, before the device has done anything with it: nothing is taken out of
 * the ring here but by the test.
 */
#include <stdlib.h>
#include <string.h>

#include "block/block.h"
#include "drivers/virtio_blk/virtio_blk.h"
#include "fake_disk_virtio.h"
#include "lib/errno.h"
#include "unit.h"

enum { PIECES = BLOCK_PIECES_MAX, REQUESTS = 8 };

static struct virtio_blk *blk;
static struct test_request {
    struct block_request req;
    struct block_piece *pieces; /* not one more than it has */
    uint8_t data[PIECES][2 * BLOCK_SECTOR_SIZE];
} requests[REQUESTS];

static void is_done(struct block_request *req)
{
    FAIL("virtio_blk_submit() handed a request back: done() comes from "
         "virtio_blk_complete(), which the event loop calls");
}

static void up(void)
{
    disk_attach();
    struct block_dev *dev = block_find("blk0");
    CHECK(dev, "the disk is found, here: %s", unit_log_last());
    blk = container_of(dev, struct virtio_blk, block);
}

/* `count` pieces, of one sector and of two in turn; in its room is what the
 * request before has left. */
static struct block_request *request(unsigned i, enum block_op op,
                                     uint64_t sector, unsigned count)
{
    struct test_request *r = &requests[i];

    free(r->pieces);
    memset(r, 0, sizeof *r);
    memset(r->req.room, 0xa5, sizeof r->req.room);
    r->pieces = malloc(count * sizeof *r->pieces);
    for (unsigned p = 0; p < count; p++)
        r->pieces[p] = (struct block_piece){
            r->data[p], (1 + p % 2) * BLOCK_SECTOR_SIZE
        };
    r->req.op = op;
    r->req.sector = sector;
    r->req.pieces = r->pieces;
    r->req.count = op == BLOCK_FLUSH ? 0 : count;
    r->req.done = is_done;
    return &r->req;
}

/* What was on the stack while a request was submitted is gone. */
static void scribble(void)
{
    volatile uint8_t stack[4096];

    for (unsigned i = 0; i < sizeof stack; i++)
        stack[i] = 0x5a;
}

static int submit(struct block_request *req)
{
    int error = virtio_blk_submit(blk, req);

    scribble();
    return error;
}

/* The next request, as the device finds it. */
static void take(struct fake_chain *chain)
{
    virtq_kick(&blk->requestq);
    CHECK(fake_chain_take(0, chain), "virtio_blk_submit() gave 0, but the "
          "device finds no request in the ring");
}

static void submit_and_take(struct block_request *req, struct fake_chain *chain)
{
    int error = submit(req);

    CHECK(error == 0, "virtio_blk_submit() gave %d: expected 0", error);
    take(chain);
}

/* ---- 7.1 ---------------------------------------------------------------- */

static void check_header(const struct fake_chain *chain, uint32_t type,
                         uint64_t sector)
{
    struct virtio_blk_req header;
    uint32_t len = chain->out > 0 ? chain->pieces[0].len : 0;

    CHECK(len == sizeof header, "a chain should begin with the header, 16 "
          "bytes for the device to read; here are %u", len);
    memcpy(&header, chain->pieces[0].data, sizeof header);
    CHECK(header.type == type, "header.type is 0x%x: expected %u",
          header.type, type);
    CHECK(header.reserved == 0, "header.reserved is 0x%x: expected 0",
          header.reserved);
    CHECK(header.sector == sector, "header.sector is %llu: expected %llu",
          (unsigned long long)header.sector, (unsigned long long)sector);
}

TEST(test_header_of_a_read_says_so_and_names_its_first_sector)
{
    struct fake_chain chain;

    up();
    submit_and_take(request(0, BLOCK_READ, 77, 3), &chain);
    check_header(&chain, VIRTIO_BLK_T_IN, 77);
    submit_and_take(request(1, BLOCK_READ, 0, 1), &chain);
    check_header(&chain, VIRTIO_BLK_T_IN, 0);
}

TEST(test_header_of_a_write_says_so_and_names_its_first_sector)
{
    struct fake_chain chain;

    up();
    submit_and_take(request(0, BLOCK_WRITE, 254, 1), &chain);
    check_header(&chain, VIRTIO_BLK_T_OUT, 254);
}

TEST(test_header_of_a_flush_has_sector_0)
{
    struct fake_chain chain;

    up();
    submit_and_take(request(0, BLOCK_FLUSH, 1234, 0), &chain);
    check_header(&chain, VIRTIO_BLK_T_FLUSH, 0);
}

TEST(test_header_counts_sectors_in_64_bits)
{
    struct fake_chain chain;

    disk.capacity = 1ull << 50;
    up();
    submit_and_take(request(0, BLOCK_READ, 0x2345678912345, 1), &chain);
    check_header(&chain, VIRTIO_BLK_T_IN, 0x2345678912345);
}

TEST(test_status_is_none_before_the_device_has_written_one)
{
    struct fake_chain chain;

    up();
    for (unsigned op = BLOCK_READ; op <= BLOCK_FLUSH; op++) {
        struct block_request *req = request(op, op, 5, 1);

        memset(req->room, 0, sizeof req->room);
        submit_and_take(req, &chain);
        const struct virtq_buffer *last =
            &chain.pieces[chain.out + chain.in - 1];
        unsigned status = *(const uint8_t *)last->data;
        CHECK(status > VIRTIO_BLK_S_UNSUPP, "before the device has written a "
              "status it is %u already, which means something to "
              "virtio_blk_complete()", status);
    }
}

/* ---- 7.2 ---------------------------------------------------------------- */

static void check_counts(const struct fake_chain *chain, const char *what,
                         unsigned out, unsigned in)
{
    CHECK(chain->out == out && chain->in == in, "the chain of a %s: %u for the "
          "device to read, then %u for it to write; expected %u and %u", what,
          chain->out, chain->in, out, in);
}

static void check_pieces(const struct fake_chain *chain,
                         const struct block_request *req)
{
    for (unsigned p = 0; p < req->count; p++) {
        const struct virtq_buffer *found = &chain->pieces[1 + p];

        CHECK(found->data == req->pieces[p].data, "buffer %u of the chain is "
              "not piece %u of the request", 1 + p, p);
        CHECK(found->len == req->pieces[p].len, "buffer %u of the chain has "
              "%u bytes: piece %u of the request has %u", 1 + p, found->len, p,
              req->pieces[p].len);
    }
}

static void check_ends(const struct fake_chain *chain,
                       const struct block_request *req)
{
    const struct virtq_buffer *last =
        &chain->pieces[chain->out + chain->in - 1];
    const uint8_t *room = req->room, *end = room + BLOCK_DRIVER_ROOM;
    const uint8_t *header = chain->pieces[0].data, *status = last->data;

    CHECK(last->len == 1, "the chain should end with one byte for the status, "
          "here are %u", last->len);
    CHECK(header >= room && header + 16 <= end, "the header that the device "
          "is to read does not lie in the request's room");
    CHECK(status >= room && status < end, "the status byte that the device "
          "is to write does not lie in the request's room");
    CHECK(status >= header + 16 || status < header, "the status byte lies in "
          "the header");
}

static void check_op(enum block_op op, const char *what)
{
    struct fake_chain chain;

    up();
    for (unsigned count = op == BLOCK_FLUSH ? 0 : 1; count <= PIECES; count++) {
        struct block_request *req = request(0, op, 9, count);
        unsigned pieces = req->count;

        submit_and_take(req, &chain);
        check_counts(&chain, what, op == BLOCK_WRITE ? 1 + pieces : 1,
                     op == BLOCK_READ ? pieces + 1 : 1);
        check_pieces(&chain, req);
        check_ends(&chain, req);
        fake_chain_use(0, chain.head, chain.write_len, 1);
        virtq_poll(&blk->requestq, &(uint32_t){ 0 });
        if (op == BLOCK_FLUSH)
            break;
    }
}

TEST(test_chain_of_a_read_has_header_data_and_status)
{
    check_op(BLOCK_READ, "read");
}

TEST(test_chain_of_a_write_has_header_data_and_status)
{
    check_op(BLOCK_WRITE, "write");
}

TEST(test_chain_of_a_flush_has_header_and_status)
{
    check_op(BLOCK_FLUSH, "flush");
}

TEST(test_submit_makes_the_request_its_own_token)
{
    struct fake_chain chains[3];
    uint32_t len;

    up();
    for (unsigned i = 0; i < 3; i++)
        submit_and_take(request(i, i % 3, i, 1), &chains[i]);
    for (unsigned i = 3; i-- > 0;) {
        fake_chain_use(0, chains[i].head, 1, 1);
        CHECK(virtq_poll(&blk->requestq, &len) == &requests[i].req,
              "virtq_poll() does not give the request that was submitted with "
              "this chain");
    }
}

TEST(test_submit_takes_nothing_when_there_is_no_room)
{
    struct fake_chain chain;
    int error;

    disk.queue_max = 8;
    up();
    for (unsigned i = 0; i < 2; i++)
        CHECK(submit(request(i, BLOCK_READ, i, 1)) == 0, "a chain of three "
              "finds room in a ring of eight");
    error = submit(request(2, BLOCK_READ, 2, 1));
    CHECK(error == -ENOSPC, "a chain of three when two descriptors are free: "
          "virtio_blk_submit() gave %d, expected %d", error, -ENOSPC);
    error = submit(request(3, BLOCK_FLUSH, 0, 0));
    CHECK(error == 0, "a chain of two when two descriptors are free: "
          "virtio_blk_submit() gave %d, expected 0", error);
    for (unsigned i = 0; i < 3; i++)
        take(&chain);
    CHECK(!fake_chain_take(0, &chain), "what was refused is in the ring all "
          "the same");
}

TEST(test_submit_takes_nothing_when_the_queue_is_broken)
{
    up();
    virtq_break(&blk->requestq, "the test says so");
    int error = submit(request(0, BLOCK_READ, 2, 1));
    CHECK(error == -EIO, "with a broken queue virtio_blk_submit() gave %d, "
          "expected %d", error, -EIO);
}

TEST(test_submit_does_not_kick)
{
    up();
    fake.notified[0] = 0;
    submit(request(0, BLOCK_READ, 2, 1));
    CHECK(fake.notified[0] == 0, "virtio_blk_submit() has notified the device; "
          "it is told of all that a round of the event loop submits at once, "
          "by given code");
}

TEST(test_submit_hands_nothing_back_though_the_device_is_done)
{
    struct fake_chain chain;

    disk.queue_max = 8;
    up();
    submit_and_take(request(0, BLOCK_READ, 2, 1), &chain);
    fake_chain_use(0, chain.head, 513, 1);
    for (unsigned i = 1; i < 5; i++)
        submit(request(i, BLOCK_READ, 3, 1));
}
