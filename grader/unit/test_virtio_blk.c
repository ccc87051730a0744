/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_blk.c - the driver of a virtio disk, from its discovery to its
 * end, with the queue and the handshake beneath it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/block.h"
#include "drivers/virtio_blk/virtio_blk.h"
#include "fake_disk_virtio.h"
#include "lib/errno.h"
#include "unit.h"

enum { SECTORS = 256, REQUESTS = 300, ROOM_MAX = BLOCK_PIECES_MAX,
       NOT_SET = 1 };

/* ---- Requests ----------------------------------------------------------- */

static struct block_dev *blk0;
static struct test_request {
    struct block_request req;
    struct block_piece pieces[ROOM_MAX];
    uint8_t data[ROOM_MAX * 2 * BLOCK_SECTOR_SIZE];
    unsigned done;
} requests[REQUESTS];
static bool submitting;
static unsigned done_count;
/* So many requests are with a device that will break, and this one it gives
 * back with a lie. */
static unsigned held;
static struct test_request *lie;
static uint8_t order[REQUESTS * 4];

static void is_done(struct block_request *req)
{
    struct test_request *r = container_of(req, struct test_request, req);

    CHECK(!submitting, "done() came from inside block_submit()");
    CHECK(r->done == 0, "done() came twice for one request");
    CHECK(r->req.error != NOT_SET, "done() came before req->error was set");
    CHECK(r >= requests + held || r->req.error == 0 || disk_is_reset() ||
              r == lie, "request %u, which the broken device held, was handed "
          "back before that device was reset", (unsigned)(r - requests));
    r->done++;
    if (done_count < sizeof order)
        order[done_count] = (uint8_t)(r - requests);
    done_count++;
}

/* `count` pieces of one sector each. */
static struct test_request *request(unsigned i, enum block_op op,
                                    uint64_t sector, unsigned count)
{
    struct test_request *r = &requests[i];

    memset(r, 0, sizeof *r);
    memset(r->req.room, 0xa5, sizeof r->req.room);
    for (unsigned p = 0; p < count; p++)
        r->pieces[p] = (struct block_piece){
            r->data + 2 * p * BLOCK_SECTOR_SIZE, BLOCK_SECTOR_SIZE
        };
    r->req.op = op;
    r->req.sector = sector;
    r->req.pieces = r->pieces;
    r->req.count = op == BLOCK_FLUSH ? 0 : count;
    r->req.error = NOT_SET;
    r->req.done = is_done;
    return r;
}

/* What was on the stack while a request was submitted is gone. */
static void scribble(void)
{
    volatile uint8_t stack[4096];

    for (unsigned i = 0; i < sizeof stack; i++)
        stack[i] = 0x5a;
}

static int submit(struct test_request *r)
{
    submitting = true;
    int error = block_submit(blk0, &r->req);
    submitting = false;
    scribble();
    return error;
}

/* One that can be. */
static void submit_good(struct test_request *r)
{
    int error = submit(r);

    CHECK(error == 0, "block_submit() gave %d for request %u, which can be: "
          "expected 0", error, (unsigned)(r - requests));
}

static void up(void)
{
    disk_attach();
    blk0 = block_find("blk0");
    CHECK(blk0, "the disk is found, here: %s", unit_log_last());
    disk_run();
}

static const uint8_t *on_disk(uint64_t sector)
{
    return disk.bytes + sector * BLOCK_SECTOR_SIZE;
}

static void check_done(const struct test_request *r)
{
    CHECK(r->done == 1, "request %u was handed back %u times: expected once",
          (unsigned)(r - requests), r->done);
}

static void check_done_well(const struct test_request *r)
{
    check_done(r);
    CHECK(r->req.error == 0, "request %u was handed back with error %d: "
          "expected 0", (unsigned)(r - requests), r->req.error);
}

static void check_all_done(unsigned count)
{
    CHECK(done_count == count, "%u of %u requests were handed back, and "
          "nothing more came", done_count, count);
}

static void check_read(struct test_request *r)
{
    check_done_well(r);
    for (unsigned p = 0; p < r->req.count; p++)
        CHECK(memcmp(r->pieces[p].data, on_disk(r->req.sector + p),
                     BLOCK_SECTOR_SIZE) == 0,
              "piece %u of a read from sector %llu on holds sector %llu", p,
              (unsigned long long)r->req.sector,
              (unsigned long long)r->req.sector + p);
}

/* ---- Bringing it up ----------------------------------------------------- */

TEST(test_a_disk_says_how_large_it_is)
{
    up();
    CHECK(blk0->sectors == SECTORS && blk0->unit == 1 && !blk0->read_only &&
              blk0->can_flush && blk0->pieces_max == BLOCK_PIECES_MAX,
          "blk0 is what the device says");
    CHECK(strstr(unit_log_last(), "blk0: 256 sectors"), "and so does the "
          "console, here: %s", unit_log_last());
}

TEST(test_only_features_with_a_name_are_taken)
{
    disk.features |= DISK_RO | DISK_SIZE_MAX | DISK_GEOMETRY | DISK_TOPOLOGY |
                     DISK_CONFIG_WCE | DISK_MQ | 0xffffffu << 12;
    disk.size_max = 65536;
    up();
    CHECK(blk0->read_only && blk0->piece_len_max == 65536,
          "those with a name are");
}

TEST(test_without_features_a_disk_is_a_disk)
{
    disk.features = 0;
    up();
    CHECK(!blk0->can_flush && blk0->pieces_max == BLOCK_PIECES_MAX,
          "it has nothing to flush");
    submit(request(0, BLOCK_READ, 1, 2));
    disk_run();
    check_read(&requests[0]);
}

TEST(test_a_disk_with_sectors_of_4096_bytes_is_read_by_whole_ones)
{
    disk.blk_size = 4096;
    disk.capacity = SECTORS + 3;
    up();
    CHECK(blk0->unit == 8, "8 sectors of 512 bytes are the least");
    CHECK(blk0->sectors == SECTORS, "what is no whole one is not there");
    CHECK(submit(request(0, BLOCK_READ, 8, 1)) == -EINVAL, "one is refused");
    CHECK(submit(request(0, BLOCK_READ, 8, 8)) == 0, "8 are not");
    disk_run();
    check_read(&requests[0]);
}

static void check_refused(const char *words)
{
    disk_attach();
    CHECK(!block_find("blk0"), "the disk is not used");
    CHECK(unit_log_count() == 2, "it is told in two lines, here %u",
          unit_log_count());
    CHECK(strstr(unit_log_last(), "could not be brought up"),
          "the second says so, here: %s", unit_log_last());
    CHECK(fake.status & VIRTIO_STATUS_FAILED, "the device is told (%s)", words);
    disk_run();
}

TEST(test_a_disk_that_refuses_our_features_is_not_used)
{
    disk.refuses = true;
    disk_attach();
    CHECK(!block_find("blk0"), "without FEATURES_OK the disk is not used");
    CHECK(unit_log_count() == 1, "one line says so, here %u",
          unit_log_count());
    CHECK(fake.status & VIRTIO_STATUS_FAILED, "the device is told");
    disk_run();
}

TEST(test_a_disk_with_absurd_sectors_is_refused)
{
    disk.blk_size = 520;
    check_refused("520 bytes");
}

TEST(test_a_disk_with_sectors_of_no_bytes_is_refused)
{
    disk.blk_size = 0;
    check_refused("0 bytes");
}

TEST(test_a_disk_with_sectors_of_64_kibibytes_is_refused)
{
    disk.blk_size = 65536;
    check_refused("64 KiB");
}

TEST(test_a_disk_of_absurd_size_is_refused)
{
    disk.capacity = UINT64_MAX;
    check_refused("too large");
}

TEST(test_a_disk_that_takes_only_tiny_pieces_is_refused)
{
    disk.features |= DISK_SIZE_MAX;
    disk.size_max = 4095;
    check_refused("size_max");
}

TEST(test_a_queue_without_room_for_a_request_is_refused)
{
    disk.queue_max = 2;
    check_refused("queue of 2");
}

TEST(test_a_disk_of_no_sectors_is_a_disk_of_which_nothing_can_be_read)
{
    disk.capacity = 0;
    up();
    CHECK(submit(request(0, BLOCK_READ, 0, 1)) == -ERANGE, "it has no sector");
}

static void check_without_memory(unsigned i)
{
    disk.memory_fails_at = i;
    disk_attach();
    CHECK(!block_find("blk0"), "the disk is not used");
    CHECK(unit_log_count() == 1, "and that is told");
    disk_run();
}

TEST(test_without_memory_for_the_driver_there_is_no_disk)
{
    check_without_memory(1);
}

TEST(test_without_memory_for_the_ring_there_is_no_disk)
{
    check_without_memory(2);
}

TEST(test_without_memory_for_the_chains_there_is_no_disk)
{
    check_without_memory(3);
}

/* ---- Reading and writing ------------------------------------------------ */

TEST(test_a_read_brings_the_sectors_that_were_asked_for)
{
    up();
    submit_good(request(0, BLOCK_READ, 77, 1));
    CHECK(requests[0].done == 0, "done() came before the device had read");
    disk_run();
    check_read(&requests[0]);
}

TEST(test_the_first_and_the_last_sector_are_read)
{
    up();
    submit_good(request(0, BLOCK_READ, 0, 1));
    CHECK(submit(request(1, BLOCK_READ, SECTORS - 1, 1)) == 0,
          "a read of the last sector was refused");
    disk_run();
    check_read(&requests[0]);
    check_read(&requests[1]);
}

TEST(test_pieces_are_filled_in_their_order)
{
    up();
    submit(request(0, BLOCK_READ, 100, 16));
    disk_run();
    check_read(&requests[0]);
}

TEST(test_a_write_brings_the_pieces_to_the_disk)
{
    uint8_t wanted[16][BLOCK_SECTOR_SIZE];

    up();
    struct test_request *r = request(0, BLOCK_WRITE, 40, 16);
    for (unsigned i = 0; i < 16; i++) {
        memset(wanted[i], 0x80 + i, sizeof wanted[i]);
        memcpy(r->pieces[i].data, wanted[i], sizeof wanted[i]);
    }
    submit_good(r);
    disk_run();
    check_done_well(r);
    CHECK(memcmp(on_disk(40), wanted, sizeof wanted) == 0,
          "the disk does not hold what was written, or not in its order");
    for (unsigned i = 0; i < 16; i++)
        CHECK(memcmp(r->pieces[i].data, wanted[i], sizeof wanted[i]) == 0,
              "piece %u was changed in memory while it was written", i);
}

TEST(test_a_flush_makes_what_was_written_stay)
{
    up();
    struct test_request *r = request(0, BLOCK_WRITE, 9, 1);
    memset(r->pieces[0].data, 0x77, BLOCK_SECTOR_SIZE);
    submit(r);
    disk_run();
    CHECK(disk.stable[9 * 512] != 0x77, "without a flush it need not stay");
    submit_good(request(1, BLOCK_FLUSH, 1234, 1));
    disk_run();
    check_done_well(&requests[1]);
    CHECK(disk.flushes == 1 && disk.stable[9 * 512] == 0x77,
          "of one flush the device was told %u times", disk.flushes);
}

TEST(test_what_the_flush_of_a_disk_says_is_what_is_told)
{
    up();
    disk.status = 1;
    submit(request(0, BLOCK_FLUSH, 0, 1));
    disk_run();
    check_done(&requests[0]);
    CHECK(requests[0].req.error == -EIO, "a flush with status 0x01: req->error "
          "is %d, expected %d", requests[0].req.error, -EIO);
}

/* ---- Many at a time ----------------------------------------------------- */

TEST(test_many_requests_are_in_flight_and_finish_in_any_order)
{
    bool overtaken = false;

    up();
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(submit(request(i, BLOCK_READ, i % 240, 1 + i % 5)) == 0,
              "request %u is taken, or waits", i);
    event_run_once(0);
    CHECK(disk_take() > 16, "the device has many at a time, here %u",
          disk_take());
    disk_run();
    for (unsigned i = 0; i < REQUESTS; i++)
        check_read(&requests[i]);
    for (unsigned i = 1; i < REQUESTS; i++)
        overtaken |= order[i] < order[i - 1];
    CHECK(overtaken, "the fake disk shuffles");
    CHECK(disk.reads == REQUESTS, "%u reads were submitted, and the device was "
          "asked for %u", REQUESTS, disk.reads);
}

TEST(test_each_request_has_its_own_status)
{
    up();
    for (unsigned i = 0; i < 10; i++)
        submit(request(i, BLOCK_READ, i, 1));
    event_run_once(0);
    disk_take();
    disk.status = 1;
    disk_use(4);
    disk.status = -1;
    disk_run();
    for (unsigned i = 0; i < 10; i++) {
        check_done(&requests[i]);
        CHECK(requests[i].req.error == (i == 4 ? -EIO : 0),
              "of ten requests number 4 was done first and failed; number %u "
              "has error %d", i, requests[i].req.error);
    }
}

TEST(test_a_ring_of_four_is_enough)
{
    disk.queue_max = 4;
    up();
    CHECK(blk0->pieces_max == 2, "requests of two pieces find room");
    CHECK(submit(request(0, BLOCK_READ, 0, 3)) == -EINVAL,
          "one of three never would, and is refused");
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(submit(request(i, i % 7 == 0 ? BLOCK_FLUSH : BLOCK_READ, i % 250,
                             1 + i % 2)) == 0, "request %u was refused", i);
    disk_run();
    check_all_done(REQUESTS);
}

TEST(test_a_disk_that_takes_one_piece_gets_one)
{
    disk.seg_max = 1;
    up();
    CHECK(blk0->pieces_max == 1, "that is what it says");
    CHECK(submit(request(0, BLOCK_READ, 0, 2)) == -EINVAL, "two are refused");
    submit(request(0, BLOCK_READ, 0, 1));
    disk_run();
    check_read(&requests[0]);
}

TEST(test_a_disk_that_takes_no_piece_gets_one_all_the_same)
{
    disk.seg_max = 0;
    up();
    CHECK(blk0->pieces_max == 1, "less than one is of no use");
}

TEST(test_a_long_queue_is_used_as_far_as_we_want)
{
    disk.queue_max = 1024;
    up();
    for (unsigned i = 0; i < REQUESTS; i++)
        submit(request(i, BLOCK_READ, i % 250, 1));
    event_run_once(0);
    CHECK(disk_take() == VIRTIO_BLK_QUEUE_MAX / 3,
          "85 chains of three fit into 256 descriptors, here %u", disk_take());
    disk_run();
    check_all_done(REQUESTS);
}

TEST(test_what_is_submitted_in_a_round_is_announced_together)
{
    up();
    fake.notified[0] = 0;
    for (unsigned i = 0; i < 30; i++)
        submit(request(i, BLOCK_READ, i, 1));
    CHECK(fake.notified[0] == 0, "not while there may be more");
    event_run_once(0);
    CHECK(fake.notified[0] == 1, "30 requests are announced once, here %u "
          "times", fake.notified[0]);
}

TEST(test_done_comes_from_the_event_loop_even_from_a_device_that_is_quick)
{
    disk.at_once = true;
    up();
    for (unsigned i = 0; i < 100; i++)
        submit_good(request(i, BLOCK_READ, i, 1));
    CHECK(done_count == 0, "%u requests were handed back before the event loop "
          "ran", done_count);
    disk_run();
    check_all_done(100);
}

TEST(test_others_have_their_turn_while_many_requests_are_done)
{
    disk.queue_max = 1024;
    up();
    for (unsigned i = 0; i < 85; i++)
        submit(request(i, BLOCK_READ, i, 1));
    event_run_once(0);
    while (disk_take() > 0)
        disk_use(0);
    struct virtio_blk *blk = container_of(blk0, struct virtio_blk, block);
    event_post(&blk->done_work);
    event_run_once(0);
    CHECK(done_count < 85, "all %u were done in one round of the loop",
          done_count);
    while (event_loop.ready > 0)
        event_run_once(0);
    check_all_done(85);
}

TEST(test_complete_takes_no_more_than_its_limit_and_says_how_many)
{
    static const unsigned wanted[] = { 3, 3, 1, 0 };

    up();
    for (unsigned i = 0; i < 7; i++)
        submit(request(i, BLOCK_READ, i, 1));
    event_run_once(0);
    while (disk_take() > 0)
        disk_use(0);
    struct virtio_blk *blk = container_of(blk0, struct virtio_blk, block);
    for (unsigned i = 0; i < 4; i++) {
        unsigned before = done_count;
        unsigned count = virtio_blk_complete(blk, 3);

        CHECK(count == wanted[i] && done_count - before == wanted[i],
              "of 7 requests that the device is done with, call %u with limit "
              "3 hands back %u and returns %u: expected %u", i + 1,
              done_count - before, count, wanted[i]);
    }
}

static unsigned resubmits;
static void once_more(struct block_request *req)
{
    if (resubmits < 500 && ++resubmits)
        CHECK(block_submit(blk0, req) == 0, "a request was refused that was "
              "submitted again in its done()");
    else
        done_count++;
}

TEST(test_a_request_is_submitted_again_from_its_done)
{
    disk.queue_max = 8;
    up();
    for (unsigned i = 0; i < 10; i++) {
        request(i, BLOCK_READ, i, 1)->req.done = once_more;
        submit(&requests[i]);
    }
    disk_run();
    CHECK(done_count == 10 && disk.reads == 510, "of 510 reads, 500 of them "
          "submitted in a done(), %u came to the device; of 10 requests %u "
          "came to their end", disk.reads, done_count);
}

static void free_it(struct block_request *req)
{
    free(req);
    done_count++;
}

TEST(test_a_request_may_be_freed_in_its_done)
{
    up();
    for (unsigned i = 0; i < 10; i++) {
        struct block_request *req = malloc(sizeof *req);

        *req = request(i, i % 3, i, 1)->req;
        req->done = free_it;
        CHECK(block_submit(blk0, req) == 0, "request %u was refused", i);
    }
    disk_run();
    check_all_done(10);
}

/* The disk, as the requests of this test make it. */
static uint8_t model[SECTORS * BLOCK_SECTOR_SIZE];

static void make_random(struct test_request *r, unsigned i)
{
    unsigned count = 1 + unit_random_below(16);
    bool write = unit_random_below(2);
    uint64_t sector = i * 16; /* each in a part of the disk of its own */

    request((unsigned)(r - requests), write ? BLOCK_WRITE : BLOCK_READ,
            sector + unit_random_below(17 - count), count);
    for (unsigned p = 0; write && p < count; p++) {
        uint8_t *data = r->pieces[p].data;

        for (unsigned b = 0; b < BLOCK_SECTOR_SIZE; b++)
            data[b] = (uint8_t)unit_random();
        memcpy(model + (r->req.sector + p) * BLOCK_SECTOR_SIZE, data,
               BLOCK_SECTOR_SIZE);
    }
}

TEST(test_reads_and_writes_at_random_agree_with_a_model)
{
    disk.queue_max = 32;
    up();
    memcpy(model, disk.bytes, sizeof model);
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 16; i++) {
            make_random(&requests[i], i);
            submit_good(&requests[i]);
        }
        disk_run();
        for (unsigned i = 0; i < 16; i++) {
            struct test_request *r = &requests[i];
            check_done_well(r);
            if (r->req.op == BLOCK_READ)
                check_read(r);
        }
        CHECK(memcmp(model, disk.bytes, sizeof model) == 0,
              "the disk does not hold what was written");
    }
}

/* ---- Errors ------------------------------------------------------------- */

static void check_status(enum block_op op, int status, int expected)
{
    static const char *const ops[] = { "read", "write", "flush" };
    char words[32] = "no status written";

    if (status >= 0)
        snprintf(words, sizeof words, "status 0x%02x", status);
    disk.status = status;
    submit(request(0, op, 5, 1));
    disk_run();
    check_done(&requests[0]);
    CHECK(requests[0].req.error == expected, "a %s with %s: req->error is %d, "
          "expected %d", ops[op], words, requests[0].req.error, expected);
}

TEST(test_the_status_byte_decides)
{
    static const struct { int status, error; } table[] = {
        { 0, 0 }, { 1, -EIO }, { 2, -ENOTSUP }, { 3, -EIO }, { 0x80, -EIO },
        { 0xff, -EIO }, { -2, -EIO },
    };

    up();
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        for (unsigned op = BLOCK_READ; op <= BLOCK_FLUSH; op++)
            check_status(op, table[i].status, table[i].error);
    disk.status = -1;
    submit(request(0, BLOCK_READ, 5, 1));
    disk_run();
    check_read(&requests[0]);
    CHECK(!disk_is_reset(), "the device was reset for an error, though it kept "
          "to the protocol");
}

static void check_len(enum block_op op, int status, int len, int expected)
{
    disk.status = status;
    disk.used_len = len;
    submit(request(0, op, 5, 2));
    disk_run();
    check_done(&requests[0]);
    CHECK(requests[0].req.error == expected, "a %s of two sectors with status "
          "%d and len %d: req->error is %d, expected %d",
          op == BLOCK_READ ? "read" : "write", status, len,
          requests[0].req.error, expected);
}

TEST(test_the_status_byte_decides_which_error_it_is_without_any_data)
{
    up();
    check_len(BLOCK_READ, VIRTIO_BLK_S_UNSUPP, 1, -ENOTSUP);
    check_len(BLOCK_READ, VIRTIO_BLK_S_IOERR, 1, -EIO);
    check_len(BLOCK_READ, 3, 1, -EIO);
}

TEST(test_a_read_of_which_the_device_wrote_only_a_part_has_failed)
{
    up();
    check_len(BLOCK_READ, VIRTIO_BLK_S_OK, 1, -EIO);
    check_len(BLOCK_READ, VIRTIO_BLK_S_OK, 1024, -EIO);
    check_len(BLOCK_WRITE, VIRTIO_BLK_S_OK, 1, 0);
}

/* [virtio 1.2 §5.2.6.3] */
TEST(test_a_legacy_disk_may_count_too_much)
{
    disk.legacy = true;
    up();
    for (unsigned i = 0; i < 100; i++) {
        disk.used_len = i % 2 ? 16 + 2 * BLOCK_SECTOR_SIZE + 1 : INT32_MAX;
        submit(request(0, i % 4 < 2 ? BLOCK_READ : BLOCK_WRITE, i, 2));
        disk_run();
        check_done(&requests[0]);
        CHECK(requests[0].req.error == 0, "a legacy disk that says it wrote %d "
              "bytes, more than there are: req->error is %d, expected 0; the "
              "console's last line: %s", disk.used_len, requests[0].req.error,
              unit_log_last());
    }
}

TEST(test_a_legacy_disk_is_held_to_its_status_all_the_same)
{
    disk.legacy = true;
    up();
    disk.used_len = INT32_MAX;
    disk.status = 1;
    submit(request(0, BLOCK_READ, 5, 1));
    disk_run();
    CHECK(requests[0].req.error == -EIO, "a read with status 0x01, of a "
          "legacy disk: req->error is %d, expected %d", requests[0].req.error,
          -EIO);
}

/* ---- A device that breaks its protocol ---------------------------------- */

/* 100 requests, most of them waiting; the device has taken what it could. */
static void crowd(void)
{
    disk.queue_max = 32;
    up();
    for (unsigned i = 0; i < 100; i++)
        submit(request(i, BLOCK_READ, i, 1));
    event_run_once(0);
    held = disk_take();
    CHECK(held == 10, "in a ring of 32 are %u reads of one piece: expected 10",
          held);
}

static void check_broken(const char *words)
{
    disk_interrupt();
    CHECK(disk_is_reset(), "the device was not reset");
    for (unsigned i = 0; i < 100; i++)
        CHECK(requests[i].done == 1 && requests[i].req.error == -EIO,
              "request %u is done %u times, with %d: expected once, with %d",
              i, requests[i].done, requests[i].req.error, -EIO);
    CHECK(unit_log_count() == 2, "%u lines on the console tell of the broken "
          "device: expected one", unit_log_count() - 1);
    CHECK(strstr(unit_log_last(), words), "the console's line on the broken "
          "device is \"%s\": expected \"%s\" in it", unit_log_last(), words);
    CHECK(submit(request(0, BLOCK_READ, 0, 1)) == -EIO,
          "a read that came after the device was reset was not refused");
    CHECK(submit(request(0, BLOCK_FLUSH, 0, 1)) == -EIO,
          "a flush that came after the device was reset was not refused");
    disk_interrupt();
    CHECK(unit_log_count() == 2, "the console was told of the broken device a "
          "second time: %s", unit_log_last());
}

TEST(test_a_status_that_was_not_written_breaks_the_device)
{
    crowd();
    disk.used_len = 0;
    lie = &requests[0];
    disk_use(0);
    check_broken("blk0 requests: ");
}

TEST(test_a_status_that_was_not_written_is_not_believed)
{
    crowd();
    disk.used_len = 0;
    disk.status = VIRTIO_BLK_S_UNSUPP;
    lie = &requests[0];
    disk_use(0);
    check_broken("blk0 requests: ");
}

static int in_done;
static void submit_in_done(struct block_request *req)
{
    done_count++;
    in_done = block_submit(blk0, req);
}

TEST(test_a_status_that_was_not_written_breaks_the_queue_first)
{
    up();
    request(0, BLOCK_READ, 5, 1)->req.done = submit_in_done;
    submit(&requests[0]);
    event_run_once(0);
    disk_take();
    disk.used_len = 0;
    disk_use(0);
    struct virtio_blk *blk = container_of(blk0, struct virtio_blk, block);
    unsigned count = virtio_blk_complete(blk, 3);

    CHECK(done_count == 1, "a request that came back with len 0 was handed "
          "back %u times: expected once", done_count);
    CHECK(in_done == -EIO, "a request that came back with len 0 was handed "
          "back before the queue was declared broken: in its done() it could "
          "be submitted again");
    CHECK(count == 1, "one request, which came back with len 0, was taken out "
          "of the ring, and virtio_blk_complete() returned %u: expected 1",
          count);
}

TEST(test_a_used_id_that_can_not_be_breaks_the_device)
{
    crowd();
    disk_lie(700, 513);
    check_broken("blk0 requests: ");
}

TEST(test_a_used_id_that_is_not_in_flight_breaks_the_device)
{
    crowd();
    disk_lie(31, 513);          /* ten requests of three take 0 to 29 */
    check_broken("used id");
}

TEST(test_a_used_index_too_far_breaks_the_device)
{
    crowd();
    fake_chain_use(0, 0, 513, 11);
    check_broken("used idx is further");
}

TEST(test_a_used_id_given_twice_breaks_the_device)
{
    up();
    for (unsigned i = 0; i < 5; i++)
        submit(request(i, BLOCK_READ, i, 1));
    disk_lie(0, 513);
    disk_lie(0, 513);
    disk_interrupt();
    check_all_done(5);
    CHECK(disk_is_reset(), "the device was not reset");
    CHECK(unit_log_count() == 2, "%u lines on the console tell of the broken "
          "device: expected one", unit_log_count() - 1);
}

TEST(test_a_length_beyond_the_request_breaks_the_device)
{
    crowd();
    disk.used_len = 514;
    disk_use(0);
    check_broken("blk0 requests: ");
}

TEST(test_a_device_that_needs_a_reset_is_broken)
{
    crowd();
    disk_needs_reset();
    check_broken("needs a reset");
}

TEST(test_a_configuration_that_changes_is_no_reason_to_break_a_device)
{
    up();
    disk.capacity = 5;
    disk.features |= 1;
    struct virtio_blk *blk = container_of(blk0, struct virtio_blk, block);
    event_post(&blk->config_work);
    submit(request(0, BLOCK_READ, 1, 1));
    disk_run();
    check_read(&requests[0]);
}

TEST(test_memory_stays_with_a_device_that_does_not_come_out_of_its_reset)
{
    crowd();
    fake.reset_looks = FAKE_NEVER;
    disk_needs_reset();
    disk_interrupt();
    for (unsigned i = 0; i < 100; i++)
        CHECK(requests[i].done == (i < 10 ? 0 : 1),
              "the 10 requests that it holds are not given back, what only "
              "waited is: %u", i);
    CHECK(strstr(unit_log_last(), "stays with it"), "a line says so, here: %s",
          unit_log_last());
    CHECK(submit(request(50, BLOCK_READ, 0, 1)) == -EIO,
          "what comes later is refused");
}

/* ---- Lost interrupts ----------------------------------------------------- */

TEST(test_a_lost_interrupt_delays_a_request_and_no_more)
{
    up();
    fake.loses_interrupts = true;
    for (unsigned i = 0; i < 20; i++) {
        submit(request(i, BLOCK_READ, i, 1));
        event_run_once(0);
        CHECK(disk_take() == 1, "the disk has the request");
        disk_use(0); /* and says nothing */
        fake_loop();
        CHECK(requests[i].done == 0, "nobody has noticed");
        fake_pass_time(1000);
        check_read(&requests[i]);
    }
}

TEST(test_nobody_is_woken_for_an_idle_disk)
{
    up();
    CHECK(event_next_timer() == NULL, "nothing was asked of it yet");
    submit(request(0, BLOCK_READ, 0, 1));
    disk_run();
    check_read(&requests[0]);
    fake_pass_time(1000);
    CHECK(event_next_timer() == NULL, "and what was asked is done");
}

/* ---- At random ---------------------------------------------------------- */

/* One request is dealt with, or said to be. */
static void use_somehow(unsigned honesty)
{
    unsigned count = disk_take();

    if (count == 0)
        return;
    if (unit_random_below(honesty) == 0) {
        disk.status = unit_random_below(4) - 2;
        if (unit_random_below(3) > 0)
            disk.used_len = 1 + unit_random_below(600);
    }
    if (unit_random_below(4 * honesty) == 0)
        disk_lie(unit_random_below(2 * disk.queue_max), unit_random_below(520));
    else
        disk_use(unit_random_below(count));
    disk.status = disk.used_len = -1;
}

static unsigned act(unsigned submitted, unsigned honesty)
{
    switch (unit_random_below(8)) {
    case 0:
        event_run_once(0);
        break;
    case 1:
        disk_interrupt();
        break;
    case 2:
    case 3:
    case 4:
        use_somehow(honesty);
        break;
    case 5:
        if (unit_random_below(8 * honesty) == 0)
            disk_needs_reset();
        break;
    default:
        if (submit(request(submitted, unit_random_below(3),
                           unit_random_below(SECTORS - 2),
                           1 + unit_random_below(blk0->pieces_max > 1 ? 2 : 1)))
            == 0)
            return submitted + 1;
    }
    return submitted;
}

TEST(test_whatever_a_device_does_each_request_is_done_once)
{
    unsigned broken = 0;

    for (unsigned round = 0; round < 99; round++) {
        char name[8] = { 'b', 'l', 'k', '0' + round % 10, 0 };
        unsigned submitted = 0, honesty = 4 << unit_random_below(8);

        if (round >= 10)
            name[3] = '0' + round / 10, name[4] = '0' + round % 10;
        disk.queue_max = 4 << unit_random_below(6);
        disk_attach();
        blk0 = block_find(name);
        CHECK(blk0, "%s is found", name);
        for (unsigned i = 0; i < 1000 && submitted < REQUESTS; i++)
            submitted = act(submitted, honesty);
        disk_run();
        for (unsigned i = 0; i < submitted; i++)
            CHECK(requests[i].done == 1, "request %u of %u is done %u times", i,
                  submitted, requests[i].done);
        broken += disk_is_reset();
    }
    CHECK(broken > 10 && broken < 98, "some devices break, others do not: "
          "here %u of 99 did", broken);
}
