/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_scsi.c - the driver of a SCSI controller and its disks, from
 * their discovery to their end, with the queue and the handshake beneath it.
 */
#include <string.h>

#include "block/block.h"
#include "core/clock.h"
#include "drivers/virtio_scsi/virtio_scsi.h"
#include "fake_scsi.h"
#include "lib/errno.h"
#include "unit.h"

enum { BLOCKS = 256, REQUESTS = 300, ROOM_MAX = BLOCK_PIECES_MAX };

/* ---- Requests ----------------------------------------------------------- */

static struct test_request {
    struct block_request req;
    struct block_piece pieces[ROOM_MAX];
    uint8_t data[ROOM_MAX * 2 * BLOCK_SECTOR_SIZE];
    struct block_dev *dev;
    unsigned done;
} requests[REQUESTS];
static bool submitting;
static unsigned done_count;
static unsigned order[REQUESTS * 4];

static void is_done(struct block_request *req)
{
    struct test_request *r = container_of(req, struct test_request, req);

    CHECK(!submitting, "done() does not come from inside block_submit()");
    CHECK(r->done == 0, "done() comes once");
    r->done++;
    if (done_count < sizeof order / sizeof *order)
        order[done_count] = (unsigned)(r - requests);
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
    r->req.error = 1;
    r->req.done = is_done;
    return r;
}

static int submit_to(const char *name, struct test_request *r)
{
    r->dev = block_find(name);
    CHECK(r->dev, "%s is there", name);
    submitting = true;
    int error = block_submit(r->dev, &r->req);
    submitting = false;
    return error;
}

static int submit(struct test_request *r)
{
    return submit_to("blk0", r);
}

static struct block_dev *up(void)
{
    scsi_attach();
    CHECK(block_find("blk0"), "the disk is found, here: %s", unit_log_last());
    scsi_run();
    return block_find("blk0");
}

static const uint8_t *on_disk(unsigned unit, uint64_t sector)
{
    return scsi.unit[unit].bytes + sector * BLOCK_SECTOR_SIZE;
}

static void check_read_of(unsigned unit, struct test_request *r)
{
    CHECK(r->done == 1 && r->req.error == 0, "request %u is done well, here "
          "%d", (unsigned)(r - requests), r->req.error);
    for (unsigned p = 0; p < r->req.count; p++)
        CHECK(memcmp(r->pieces[p].data, on_disk(unit, r->req.sector + p),
                     BLOCK_SECTOR_SIZE) == 0,
              "piece %u of a read from sector %llu on holds sector %llu", p,
              (unsigned long long)r->req.sector,
              (unsigned long long)r->req.sector + p);
}

static void check_read(struct test_request *r)
{
    check_read_of(0, r);
}

/* A round of the loop, so that all is announced; then it has been taken. */
static unsigned announce(void)
{
    event_run_once(0);
    return scsi_take();
}

/* ---- Which disks there are ---------------------------------------------- */

TEST(test_a_disk_says_how_large_it_is)
{
    scsi_begin();
    struct block_dev *blk0 = up();
    CHECK(blk0->sectors == BLOCKS && blk0->unit == 1 && !blk0->read_only &&
              blk0->can_flush && blk0->pieces_max == BLOCK_PIECES_MAX,
          "blk0 is what the device says");
    CHECK(strcmp(unit_log_last(), "blk0: 256 sectors, fake 0, target 0, lun 0")
              == 0, "and so does the console, here: %s", unit_log_last());
}

TEST(test_disks_are_found_in_the_order_of_targets_and_luns)
{
    static const struct { uint8_t target; uint16_t lun; } at[] = {
        { 255, 0 }, { 7, 16383 }, { 7, 300 }, { 7, 2 }, { 0, 1 },
    };

    scsi_begin();
    scsi.unit_count = 5;
    for (unsigned i = 0; i < 5; i++) {
        scsi.unit[i].target = at[i].target;
        scsi.unit[i].lun = at[i].lun;
        scsi.unit[i].blocks = 100 + i;
    }
    up();
    for (unsigned i = 0; i < 5; i++) {
        char name[] = { 'b', 'l', 'k', (char)('0' + i), 0 };
        struct block_dev *dev = block_find(name);
        CHECK(dev && dev->sectors == 104 - i, "%s is the disk at target %u, "
              "LUN %u", name, at[4 - i].target, at[4 - i].lun);
        submit_to(name, request(i, BLOCK_READ, 3, 2));
    }
    CHECK(!block_find("blk5"), "there are five");
    scsi_run();
    for (unsigned i = 0; i < 5; i++)
        check_read_of(4 - i, &requests[i]);
}

TEST(test_a_target_that_can_not_list_its_units_may_have_one)
{
    scsi_begin();
    scsi.has_no_luns = true;
    up();
    submit(request(0, BLOCK_READ, 3, 2));
    scsi_run();
    check_read(&requests[0]);
}

TEST(test_max_target_and_max_lun_are_the_last_that_are_asked)
{
    scsi_begin();
    scsi.unit_count = 3;
    scsi.unit[2].target = 0;
    scsi.unit[2].lun = 5;
    scsi.max_lun = 4;           /* the fake ends the test if it is asked */
    scsi.max_target = 1;
    up();
    CHECK(block_find("blk1") && !block_find("blk2"), "two disks are left");
}

TEST(test_what_is_no_disk_is_let_be)
{
    scsi_begin();
    scsi.unit_count = 4;
    scsi.unit[0].inquiry = 0x05;        /* a CD-ROM */
    scsi.unit[1].inquiry = 0x3f;        /* nobody there, though it has a LUN */
    scsi.unit[2].inquiry = 0x01;        /* a tape */
    up();
    CHECK(!block_find("blk1"), "there is one disk");
    CHECK(unit_log_count() == 3, "a line each, but for who is not there, here "
          "%u", unit_log_count());
}

TEST(test_a_controller_without_disks_says_so)
{
    scsi_begin();
    scsi.unit_count = 0;
    scsi_attach();
    CHECK(!block_find("blk0") && unit_log_count() == 1, "a line, and no disk");
    CHECK(strstr(unit_log_last(), "no disk behind it"), "here: %s",
          unit_log_last());
    scsi_run();
}

TEST(test_unit_attention_and_business_do_not_hide_a_disk)
{
    scsi_begin();
    scsi.unit[0].attention = 5;
    scsi.unit[0].busy = 7;
    up();
    CHECK(unit_log_count() == 1, "nobody need know");
}

TEST(test_a_disk_that_is_never_done_with_unit_attention_is_not_used)
{
    scsi_begin();
    scsi.unit[0].attention = 100000;
    scsi_attach();
    CHECK(!block_find("blk0"), "it comes to an end");
    CHECK(scsi.commands < 1000, "soon, here after %u commands", scsi.commands);
}

TEST(test_disks_that_are_busy_for_ever_do_not_hide_the_others)
{
    scsi_begin();
    scsi.unit_count = 6;
    for (unsigned i = 0; i < 5; i++)
        scsi.unit[i].busy = 100000;
    uint64_t began = clock_ns();
    up();
    CHECK(clock_ns() - began < 8 * NS_PER_S, "it waits for some seconds in "
          "all");
    CHECK(!block_find("blk1"), "what is busy is not used");
    CHECK(strstr(unit_log_last(), "target 5, lun 0"), "here: %s",
          unit_log_last());
}

TEST(test_a_controller_that_is_slow_has_its_disks_all_the_same)
{
    scsi_begin();
    scsi.unit_count = SCSI_UNITS;
    scsi.is_slow = true;
    up();
    CHECK(block_find("blk7"), "all are found, here: %s", unit_log_last());
}

TEST(test_a_disk_that_becomes_ready_is_waited_for)
{
    scsi_begin();
    scsi.unit[0].is_not_ready = true;
    scsi.unit[0].becomes_ready = 20;
    up();
    CHECK(unit_log_count() == 1, "nobody need know");
}

TEST(test_a_scan_takes_a_few_turns_of_the_queue)
{
    scsi_begin();
    up();
    CHECK(scsi.commands < 256 + 10, "one question a target, here %u in all",
          scsi.commands);
    CHECK(fake.notified[SCSI_REQUESTQ] < 16, "announced together, here %u "
          "times", fake.notified[SCSI_REQUESTQ]);
}

TEST(test_a_disk_with_blocks_of_4096_bytes_is_read_by_whole_ones)
{
    scsi_begin();
    scsi.unit[0].block_size = 4096;
    struct block_dev *blk0 = up();
    CHECK(blk0->unit == 8 && blk0->sectors == 8 * BLOCKS, "8 sectors each");
    CHECK(submit(request(0, BLOCK_READ, 8, 1)) == -EINVAL, "one is refused");
    CHECK(submit(request(0, BLOCK_READ, 8, 8)) == 0, "8 are not");
    scsi_run();
    check_read(&requests[0]);
}

TEST(test_a_disk_larger_than_32_bits_can_count_has_longer_commands)
{
    scsi_begin();
    scsi.unit[0].last = 0x123456789;
    struct block_dev *blk0 = up();
    CHECK(blk0->sectors == 0x12345678a, "it is that large, here %llx",
          (unsigned long long)blk0->sectors);
    submit(request(0, BLOCK_READ, 3, 2));
    submit(request(1, BLOCK_WRITE, 8, 2));
    submit(request(2, BLOCK_FLUSH, 0, 0));
    scsi_run();
    check_read(&requests[0]);
    CHECK(scsi.unit[0].writes == 1 && scsi.unit[0].flushes == 1,
          "it is written and flushed");
}

TEST(test_a_disk_only_to_be_read_is_not_written)
{
    scsi_begin();
    scsi.unit[0].read_only = true;
    CHECK(up()->read_only, "it says so");
    CHECK(submit(request(0, BLOCK_WRITE, 0, 1)) == -EROFS, "and is not");
}

TEST(test_a_disk_only_to_be_read_may_have_no_caching_page)
{
    scsi_begin();
    scsi.unit[0].read_only = scsi.unit[0].has_no_caching_page = true;
    up();
    CHECK(submit(request(0, BLOCK_WRITE, 7, 1)) == -EROFS, "it is not written");
}

TEST(test_a_disk_that_writes_through_is_not_flushed)
{
    scsi_begin();
    scsi.unit[0].writes_through = true;
    CHECK(!up()->can_flush, "it has nothing to flush");
}

TEST(test_a_disk_without_modes_is_written_and_flushed)
{
    scsi_begin();
    scsi.unit[0].has_no_modes = true;
    CHECK(up()->can_flush && !block_find("blk0")->read_only, "to be safe");
}

/* ---- Disks that can't be ------------------------------------------------ */

/* The first disk is not used, and said to be; the second is. */
static void check_let_be(void)
{
    scsi.unit_count = 2;
    scsi_attach();
    CHECK(unit_log_count() == 2, "two lines, here %u", unit_log_count());
    CHECK(strstr(unit_log_last(), "blk0: 256 sectors, fake 0, target 1"),
          "the other is used, here: %s", unit_log_last());
    CHECK(!block_find("blk1"), "and no other");
    scsi_run();
}

TEST(test_a_disk_that_is_not_ready_is_let_be)
{
    scsi_begin();
    scsi.unit[0].is_not_ready = true;
    check_let_be();
}

TEST(test_a_disk_with_absurd_blocks_is_let_be)
{
    scsi_begin();
    scsi.unit[0].block_size = 520;
    check_let_be();
}

TEST(test_a_disk_with_blocks_of_no_bytes_is_let_be)
{
    scsi_begin();
    scsi.unit[0].block_size = 0;
    check_let_be();
}

TEST(test_a_disk_with_blocks_of_64_kibibytes_is_let_be)
{
    scsi_begin();
    scsi.unit[0].block_size = 65536;
    check_let_be();
}

TEST(test_a_disk_of_absurd_size_is_let_be)
{
    scsi_begin();
    scsi.unit[0].last = UINT64_MAX;
    check_let_be();
}

TEST(test_a_disk_that_is_just_too_large_is_let_be)
{
    scsi_begin();
    scsi.unit[0].block_size = 4096;
    scsi.unit[0].last = UINT64_MAX / 4096;
    check_let_be();
}

/* ---- Controllers that can't be ------------------------------------------ */

static void check_refused(unsigned lines)
{
    scsi_attach();
    CHECK(!block_find("blk0"), "there is no disk");
    CHECK(unit_log_count() == lines, "it is told in %u lines, here %u: %s",
          lines, unit_log_count(), unit_log_last());
    CHECK(strstr(unit_log_last(), "could not be brought up"),
          "the last says so, here: %s", unit_log_last());
    CHECK(fake.status & VIRTIO_STATUS_FAILED || fake.status == 0,
          "the device is told");
    if (fake.work[SCSI_REQUESTQ] != NULL)
        event_post(fake.work[SCSI_REQUESTQ]);
    fake_config_interrupt();
    fake_loop();
}

TEST(test_commands_too_short_for_us_are_refused)
{
    scsi_begin();
    scsi.cdb_size = 12;
    check_refused(2);
}

TEST(test_commands_longer_than_any_are_refused)
{
    scsi_begin();
    scsi.cdb_size = 33;
    check_refused(2);
}

TEST(test_more_sense_than_there_is_is_refused)
{
    scsi_begin();
    scsi.sense_size = 0xffffffff;
    check_refused(2);
}

TEST(test_a_queue_without_room_for_a_request_is_refused)
{
    scsi_begin();
    fake.queue_max[SCSI_REQUESTQ] = 2;
    check_refused(2);
}

TEST(test_a_controller_that_never_answers_is_given_up)
{
    scsi_begin();
    scsi.is_silent = true;
    check_refused(1);
    CHECK(strstr(unit_log_last(), "does not answer"), "here: %s",
          unit_log_last());
    CHECK(strstr(fake.story, "f 0"), "it is reset, here: %s", fake.story);
}

TEST(test_a_controller_that_writes_no_response_is_given_up)
{
    scsi_begin();
    scsi.used_len = 11;
    check_refused(2);
}

TEST(test_a_controller_that_gives_more_than_it_can_is_given_up)
{
    scsi_begin();
    scsi.used_len = 5000;
    check_refused(2);
}

TEST(test_without_memory_there_is_no_disk)
{
    unsigned fails_at = 1;

    for (; fails_at < 20; fails_at++) {
        scsi_begin();
        fake.memory_fails_at = fails_at;
        scsi_attach();
        if (fake.memory_fails_at > 0)
            break;
        CHECK(!block_find("blk0"), "without allocation %u there is no disk",
              fails_at);
        CHECK(unit_log_count() == fails_at, "and that is told in a line");
        fake_loop();
    }
    CHECK(fails_at == 7, "there are six that can fail, here %u", fails_at - 1);
    CHECK(block_find("blk0"), "with all of them there is");
}

/* ---- Reading and writing ------------------------------------------------ */

TEST(test_the_first_and_the_last_sector_are_read)
{
    scsi_begin();
    up();
    CHECK(submit(request(0, BLOCK_READ, 0, 1)) == 0, "the first is taken");
    CHECK(submit(request(1, BLOCK_READ, BLOCKS - 1, 1)) == 0, "and the last");
    CHECK(done_count == 0, "not done before the device has read");
    scsi_run();
    check_read(&requests[0]);
    check_read(&requests[1]);
}

TEST(test_a_write_brings_the_pieces_to_the_disk)
{
    uint8_t wanted[16][BLOCK_SECTOR_SIZE];

    scsi_begin();
    up();
    struct test_request *r = request(0, BLOCK_WRITE, 40, 16);
    for (unsigned i = 0; i < 16; i++) {
        memset(wanted[i], 0x80 + i, sizeof wanted[i]);
        memcpy(r->pieces[i].data, wanted[i], sizeof wanted[i]);
    }
    CHECK(submit(r) == 0, "it is taken");
    scsi_run();
    CHECK(r->done == 1 && r->req.error == 0, "it is done well");
    CHECK(memcmp(on_disk(0, 40), wanted, sizeof wanted) == 0,
          "the disk has what was written, in its order");
}

TEST(test_a_flush_makes_what_was_written_stay)
{
    scsi_begin();
    up();
    struct test_request *r = request(0, BLOCK_WRITE, 9, 1);
    memset(r->pieces[0].data, 0x77, BLOCK_SECTOR_SIZE);
    submit(r);
    scsi_run();
    CHECK(scsi.unit[0].stable[9 * 512] != 0x77, "without one it need not");
    CHECK(submit(request(1, BLOCK_FLUSH, 1234, 1)) == 0, "a flush is taken");
    scsi_run();
    CHECK(requests[1].done == 1 && requests[1].req.error == 0, "and done");
    CHECK(scsi.unit[0].flushes == 1 && scsi.unit[0].stable[9 * 512] == 0x77,
          "the disk was told to flush");
}

TEST(test_many_requests_are_in_flight_and_finish_in_any_order)
{
    bool overtaken = false;

    scsi_begin();
    up();
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(submit(request(i, BLOCK_READ, i % 240, 1 + i % 5)) == 0,
              "request %u is taken, or waits", i);
    CHECK(announce() > 16, "the device has many at a time, here %u",
          scsi_take());
    scsi_run();
    for (unsigned i = 0; i < REQUESTS; i++)
        check_read(&requests[i]);
    for (unsigned i = 1; i < REQUESTS; i++)
        overtaken |= order[i] < order[i - 1];
    CHECK(overtaken, "the fake disk shuffles");
    CHECK(done_count == REQUESTS && scsi.unit[0].reads == REQUESTS,
          "each once");
}

TEST(test_what_is_submitted_in_a_round_is_announced_together)
{
    scsi_begin();
    up();
    fake.notified[SCSI_REQUESTQ] = 0;
    for (unsigned i = 0; i < 30; i++)
        submit(request(i, BLOCK_READ, i, 1));
    CHECK(fake.notified[SCSI_REQUESTQ] == 0, "not while there may be more");
    event_run_once(0);
    CHECK(fake.notified[SCSI_REQUESTQ] == 1, "30 are announced once, here %u "
          "times", fake.notified[SCSI_REQUESTQ]);
}

TEST(test_a_queue_of_four_is_enough)
{
    scsi_begin();
    fake.queue_max[SCSI_REQUESTQ] = 4;
    CHECK(up()->pieces_max == 2, "requests of two pieces find room");
    CHECK(submit(request(0, BLOCK_READ, 0, 3)) == -EINVAL,
          "one of three never would, and is refused");
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(submit(request(i, i % 7 == 0 ? BLOCK_FLUSH : BLOCK_READ, i % 250,
                             1 + i % 2)) == 0, "request %u is taken", i);
    scsi_run();
    CHECK(done_count == REQUESTS, "all are done, here %u", done_count);
}

TEST(test_a_lost_interrupt_costs_a_second)
{
    scsi_begin();
    up();
    fake.loses_interrupts = true;
    submit(request(0, BLOCK_READ, 0, 1));
    scsi_run();
    CHECK(done_count == 0, "nobody has looked");
    fake_pass_time(1100);
    check_read(&requests[0]);
}

/* ---- Limits ------------------------------------------------------------- */

TEST(test_seg_max_and_max_sectors_are_the_most_of_a_request)
{
    scsi_begin();
    scsi.seg_max = 3;
    scsi.max_sectors = 9;
    struct block_dev *blk0 = up();
    CHECK(blk0->pieces_max == 3 && blk0->len_max == 9 * 512, "they are told");
    struct test_request *r = request(0, BLOCK_READ, 0, 2);
    r->pieces[1].len = 9 * 512;
    CHECK(submit(r) == -EINVAL, "ten sectors are refused");
    r->pieces[1].len = 8 * 512;
    CHECK(submit(r) == 0, "nine are not");
    scsi_run();
    CHECK(r->done == 1 && r->req.error == 0, "and are read");
}

TEST(test_limits_of_nothing_leave_one_of_each)
{
    scsi_begin();
    scsi.seg_max = scsi.max_sectors = scsi.cmd_per_lun = 0;
    struct block_dev *blk0 = up();
    CHECK(blk0->pieces_max == 1 && blk0->len_max == 4096, "one piece, and one "
          "unit of the largest kind");
    for (unsigned i = 0; i < 10; i++)
        submit(request(i, BLOCK_READ, i, 1));
    scsi_run();
    CHECK(done_count == 10 && scsi.unit[0].most == 1, "one after the other, "
          "here %u at a time", scsi.unit[0].most);
}

TEST(test_each_unit_has_its_own_cmd_per_lun)
{
    scsi_begin();
    scsi.unit_count = 2;
    scsi.cmd_per_lun = 5;
    up();
    for (unsigned i = 0; i < 100; i++)
        submit_to(i % 2 ? "blk1" : "blk0", request(i, BLOCK_READ, i, 1));
    CHECK(announce() == 10, "five of each are in flight, here %u",
          scsi_take());
    scsi_run();
    CHECK(done_count == 100 && scsi.unit[0].most == 5 &&
              scsi.unit[1].most == 5, "and never more");
}

TEST(test_a_disk_of_ten_byte_commands_gets_no_longer_request)
{
    scsi_begin();
    scsi.max_sectors = 0xffffffff;
    CHECK(up()->len_max == 65535 * 512, "65535 blocks are the most");
}

/* blk0's requests submit themselves again, for ever. */
static unsigned resubmits, other_done;
static void once_more(struct block_request *req)
{
    if (++resubmits < 5000)
        CHECK(block_submit(block_find("blk0"), req) == 0, "taken again");
}
static void other_is_done(struct block_request *req)
{
    CHECK(req->error == 0, "it is done well");
    other_done++;
}

TEST(test_a_disk_that_fills_the_queue_does_not_keep_others_out)
{
    scsi_begin();
    scsi.unit_count = 3;
    fake.queue_max[SCSI_REQUESTQ] = 16;
    up();
    for (unsigned i = 0; i < 40; i++) {
        request(i, BLOCK_READ, i, 1)->req.done = once_more;
        submit(&requests[i]);
    }
    for (unsigned i = 40; i < 60; i++) {    /* one large, the others small */
        request(i, BLOCK_READ, i, i == 40 ? 14 : 1)->req.done = other_is_done;
        submit_to(i % 2 ? "blk1" : "blk2", &requests[i]);
    }
    unsigned taken;
    while ((taken = announce()) > 0 && other_done < 20) {
        scsi_use(unit_random_below(taken));
        fake_loop();
    }
    CHECK(other_done == 20 && resubmits < 500, "theirs are done while it goes "
          "on, here %u of 20 after %u", other_done, resubmits);
    scsi_run();
}

TEST(test_nothing_is_left_waiting_when_several_disks_share_a_queue)
{
    scsi_begin();
    scsi.unit_count = 4;
    scsi.cmd_per_lun = 6;
    fake.queue_max[SCSI_REQUESTQ] = 32;
    up();
    for (unsigned round = 0; round < 50; round++) {
        done_count = 0;
        for (unsigned i = 0; i < REQUESTS; i++) {
            char name[] = { 'b', 'l', 'k', '0', 0 };
            name[3] += (char)unit_random_below(4);
            unsigned count = 1 + unit_random_below(16);
            CHECK(submit_to(name, request(i, unit_random_below(3),
                                          unit_random_below(BLOCKS - 16),
                                          count)) == 0, "it is taken");
            if (unit_random_below(4) == 0)
                announce();
            if (scsi_take() > 0 && unit_random_below(2) == 0)
                scsi_use(unit_random_below(scsi_take()));
            scsi.unit[name[3] - '0'].busy += unit_random_below(60) == 0;
            scsi.unit[name[3] - '0'].attention += unit_random_below(30) == 0;
        }
        for (unsigned i = 0; i < 100 && done_count < REQUESTS; i++) {
            scsi_run();
            fake_pass_time(10);
        }
        CHECK(done_count == REQUESTS, "all are done, here %u", done_count);
        for (unsigned i = 0; i < REQUESTS; i++)
            CHECK(requests[i].req.error == 0, "and done well");
    }
}

/* ---- Errors ------------------------------------------------------------- */

/* What a request comes to, of each kind, in a disk that says this. */
static void check_error(int error, unsigned lines)
{
    unsigned before = unit_log_count();

    for (unsigned op = BLOCK_READ; op <= BLOCK_FLUSH; op++) {
        submit(request(0, op, 5, 1));
        scsi_run();
        fake_pass_time(2000);
        for (unsigned i = 0; i < 200 && requests[0].done == 0; i++) {
            scsi_run();
            fake_pass_time(10);
        }
        CHECK(requests[0].done == 1 && requests[0].req.error == error,
              "response %d, status %d, key %d end with %d, here %d",
              scsi.response, scsi.status, scsi.key, error,
              requests[0].req.error);
    }
    CHECK(unit_log_count() - before == lines, "it is told %u times, here %u: "
          "%s", lines, unit_log_count() - before, unit_log_last());
}

TEST(test_a_response_that_is_not_ok_is_an_error)
{
    scsi_begin();
    up();
    for (scsi.response = 1; scsi.response < 16; scsi.response++)
        check_error(-EIO, 1);
    CHECK(strstr(unit_log_last(), "blk0: a read at sector 5 failed: response "
                 "15"), "here: %s", unit_log_last());
    scsi.response = 255;
    check_error(-EIO, 0);       /* 15 and 255 count as one */
    scsi.response = -1;
    submit(request(0, BLOCK_READ, 5, 1));
    scsi_run();
    check_read(&requests[0]);
    CHECK(strstr(fake.story, "f 0") == NULL, "no reason to reset the device");
}

TEST(test_each_sense_key_is_told_once)
{
    scsi_begin();
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.asc = 0x11;
    scsi.ascq = 0x04;
    for (scsi.key = 2; scsi.key < 16; scsi.key++)
        check_error(-EIO, 1);
    scsi.descriptor_sense = true;
    for (scsi.key = 2; scsi.key < 16; scsi.key++)
        check_error(-EIO, 0);
}

TEST(test_sense_says_what_is_wrong)
{
    scsi_begin();
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.key = 3;
    scsi.asc = 0x11;
    scsi.ascq = 0x04;
    check_error(-EIO, 1);
    CHECK(strcmp(unit_log_last(), "blk0: a read at sector 5 failed: MEDIUM "
                 "ERROR (sense 3/11/04)") == 0, "here: %s", unit_log_last());
}

TEST(test_a_command_that_the_disk_does_not_know_is_not_supported)
{
    scsi_begin();
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.key = 5;
    scsi.asc = 0x20;
    check_error(-ENOTSUP, 1);
}

TEST(test_a_recovered_error_is_none)
{
    scsi_begin();
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.key = 1;
    scsi.residual = 0;
    scsi.descriptor_sense = true;
    submit(request(0, BLOCK_WRITE, 5, 1));
    scsi_run();
    CHECK(requests[0].req.error == 0, "it was written");
}

TEST(test_an_error_of_an_earlier_command_is_not_taken_for_success)
{
    scsi_begin();
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.deferred_sense = true;
    scsi.residual = 0;
    for (unsigned format = 0; format < 2; format++) {
        scsi.descriptor_sense = format == 1;
        scsi.key = 3;
        check_error(-EIO, format == 0);
        CHECK(strstr(unit_log_last(), "deferred"), "here: %s",
              unit_log_last());
        scsi.key = 1; /* this one was not executed either */
        check_error(-EIO, format == 0);
    }
    submit(request(0, BLOCK_WRITE, 5, 1));
    announce();
    scsi_use(0);
    scsi.status = -1;
    scsi.residual = -1;
    scsi_run();
    CHECK(requests[0].req.error == 0 && scsi.unit[0].writes == 1,
          "after a recovered one it is tried again");
}

TEST(test_sense_may_end_before_it_says_more_than_its_key)
{
    scsi_begin();
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.key = 3;
    scsi.sense_len = 8;
    check_error(-EIO, 1);
    CHECK(strstr(unit_log_last(), "MEDIUM ERROR (sense 3/00/00)"), "here: %s",
          unit_log_last());
}

TEST(test_a_legacy_device_may_count_as_it_likes)
{
    scsi_begin();
    fake.device.legacy = true;
    scsi.used_len = 0;
    up();
    submit(request(0, BLOCK_READ, 5, 2));
    submit(request(1, BLOCK_WRITE, 9, 2));
    scsi_run();
    check_read(&requests[0]);
    check_read(&requests[1]);
    scsi.used_len = 0x7fffffff;
    submit(request(2, BLOCK_READ, 5, 2));
    scsi_run();
    check_read(&requests[2]);
    scsi.residual = 512;
    submit(request(3, BLOCK_READ, 5, 2));
    scsi_run();
    CHECK(requests[3].req.error == -EIO, "the residual is believed");
}

TEST(test_sense_that_is_not_there_is_not_read)
{
    scsi_begin();
    scsi.sense_size = 0;
    up();
    scsi.status = SCSI_CHECK_CONDITION;
    scsi.key = 6;
    scsi.sense_len = 0x7fffffff;
    check_error(-EIO, 1);
    CHECK(strstr(unit_log_last(), "NO SENSE"), "here: %s", unit_log_last());
}

TEST(test_a_unit_attention_is_tried_again_and_not_told)
{
    scsi_begin();
    up();
    scsi.unit[0].attention = 3;
    submit(request(0, BLOCK_READ, 5, 2));
    scsi_run();
    check_read(&requests[0]);
    CHECK(unit_log_count() == 1, "nobody need know");
}

/* What is known of the medium, and what is to be written to it, is of the one
 * that was there. */
TEST(test_a_medium_that_was_changed_is_not_written)
{
    scsi_begin();
    scsi.unit_count = 2;
    up();
    for (unsigned i = 0; i < 40; i++)
        submit(request(i, BLOCK_WRITE, i, 1));
    announce();
    scsi.unit[0].attention = 1;
    scsi.unit[0].is_changed = true;
    scsi_use(0);
    fake_loop();
    unsigned announced = scsi_take();
    scsi_run();
    for (unsigned i = 0; i < 40; i++)
        CHECK(requests[i].done == 1 && requests[i].req.error == -EIO,
              "request %u has failed, here %d", i, requests[i].req.error);
    CHECK(scsi.unit[0].writes == announced, "nothing more is sent to it");
    CHECK(strcmp(unit_log_last(), "blk0: its medium was changed: it is not "
                 "used any more") == 0, "here: %s", unit_log_last());
    CHECK(submit(request(0, BLOCK_READ, 0, 1)) == -EIO, "and never again");
    submit_to("blk1", request(1, BLOCK_READ, 3, 1));
    scsi_run();
    check_read_of(1, &requests[1]);
}

TEST(test_a_disk_with_room_for_few_commands_does_all_of_them)
{
    scsi_begin();
    scsi.unit_count = 2;
    fake.queue_max[SCSI_REQUESTQ] = 256;
    up();
    for (unsigned tasks = 1; tasks < 20; tasks += 4) {
        scsi.unit[0].tasks = tasks;
        done_count = 0;
        unsigned before = scsi.commands;
        for (unsigned i = 0; i < REQUESTS; i++)
            submit_to(i % 8 ? "blk0" : "blk1",
                      request(i, BLOCK_READ, i % BLOCKS, 1));
        scsi_run();
        CHECK(done_count == REQUESTS, "with room for %u all are done, here %u",
              tasks, done_count);
        for (unsigned i = 0; i < REQUESTS; i++)
            CHECK(requests[i].req.error == 0, "and done well");
        CHECK(scsi.commands - before < 3 * REQUESTS,
              "with few that it has no room for, here %u commands",
              scsi.commands - before);
    }
}

TEST(test_a_disk_that_is_busy_is_asked_again_after_a_pause)
{
    scsi_begin();
    up();
    scsi.unit[0].busy = 3;
    submit(request(0, BLOCK_READ, 5, 2));
    scsi_run();
    unsigned commands = scsi.commands;
    scsi_run();
    CHECK(requests[0].done == 0 && scsi.commands == commands, "not at once");
    for (unsigned i = 0; i < 3; i++) {
        fake_pass_time(10);
        scsi_run();
    }
    check_read(&requests[0]);
    CHECK(unit_log_count() == 1, "nobody need know");
}

TEST(test_a_disk_that_is_busy_for_ever_fails)
{
    scsi_begin();
    up();
    scsi.status = SCSI_BUSY;
    check_error(-EIO, 1);
}

TEST(test_what_moved_too_little_has_failed)
{
    scsi_begin();
    up();
    scsi.residual = 512;
    submit(request(0, BLOCK_READ, 5, 2));
    submit(request(1, BLOCK_WRITE, 9, 2));
    submit(request(2, BLOCK_FLUSH, 0, 0));
    scsi_run();
    CHECK(requests[0].req.error == -EIO && requests[1].req.error == -EIO &&
              requests[2].req.error == 0, "by the residual");
    scsi.residual = -1;
    scsi.used_len = 12 + 1023;
    submit(request(0, BLOCK_READ, 5, 2));
    scsi_run();
    CHECK(requests[0].req.error == -EIO, "by what was written");
    scsi.used_len = 12;
    submit(request(0, BLOCK_WRITE, 5, 2));
    scsi_run();
    CHECK(requests[0].req.error == 0, "of a write the response is all");
}

/* ---- A device that breaks its protocol ---------------------------------- */

/* 100 requests for two disks, most of them waiting; the device has taken what
 * it could. */
static unsigned crowd(void)
{
    scsi_begin();
    scsi.unit_count = 2;
    fake.queue_max[SCSI_REQUESTQ] = 32;
    up();
    for (unsigned i = 0; i < 100; i++)
        submit_to(i % 2 ? "blk1" : "blk0", request(i, BLOCK_READ, i, 1));
    unsigned held = announce();
    CHECK(held == 10, "ten of them are in a ring of 32, here %u", held);
    return held;
}

static void check_broken(const char *words)
{
    fake_loop();
    CHECK(strstr(fake.story, "f 0"), "the device is reset: %s", fake.story);
    for (unsigned i = 0; i < 100; i++)
        CHECK(requests[i].done == 1 && requests[i].req.error == -EIO,
              "request %u is done, with -EIO, here %d", i,
              requests[i].req.error);
    CHECK(unit_log_count() == 3, "one line says it, here %u",
          unit_log_count() - 2);
    CHECK(strstr(unit_log_last(), words), "it says \"%s\", here \"%s\"", words,
          unit_log_last());
    CHECK(submit(request(0, BLOCK_READ, 0, 1)) == -EIO,
          "what comes later is refused");
    CHECK(submit_to("blk1", request(0, BLOCK_FLUSH, 0, 1)) == -EIO,
          "a flush of the other disk as well");
    fake_pass_time(3000);
    CHECK(unit_log_count() == 3, "and that is all that is said");
}

TEST(test_a_response_that_was_not_written_breaks_the_device)
{
    crowd();
    scsi.used_len = 0;
    scsi_use(0);
    check_broken("scsi at fake 0: the device broke the protocol: a command "
                 "came back with no response");
}

TEST(test_a_used_id_that_can_not_be_breaks_the_device)
{
    crowd();
    fake_chain_use(SCSI_REQUESTQ, 700, 108, 1);
    check_broken("used id");
}

TEST(test_a_used_index_too_far_breaks_the_device)
{
    crowd();
    fake_chain_use(SCSI_REQUESTQ, 0, 108, 11);
    check_broken("used idx is further");
}

TEST(test_a_length_beyond_the_command_breaks_the_device)
{
    crowd();
    scsi.used_len = 12 + 96 + 513;
    scsi_use(0);
    check_broken("used len");
}

TEST(test_a_device_that_needs_a_reset_is_broken)
{
    crowd();
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    fake_config_interrupt();
    check_broken("needs a reset");
}

TEST(test_what_is_busy_when_a_device_breaks_is_given_back_too)
{
    crowd();
    scsi.unit[0].busy = scsi.unit[1].busy = 100;
    for (unsigned i = 0; i < 5; i++)
        scsi_use(0);
    fake_loop();
    scsi.used_len = 0;
    scsi_use(0);
    check_broken("no response");
}

TEST(test_memory_stays_with_a_device_that_does_not_come_out_of_its_reset)
{
    crowd();
    fake.reset_looks = FAKE_NEVER;
    fake.clock_step = 1000000;
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    fake_config_interrupt();
    fake_loop();
    for (unsigned i = 0; i < 100; i++)
        CHECK(requests[i].done == (i < 10 ? 0 : 1),
              "the requests that it holds are not given back, what only "
              "waited is: %u", i);
    CHECK(strstr(unit_log_last(), "stays with it"), "a line says so, here: %s",
          unit_log_last());
}

/* ---- At random ---------------------------------------------------------- */

static void use_somehow(unsigned honesty)
{
    unsigned count = scsi_take();

    if (count == 0)
        return;
    if (unit_random_below(honesty) == 0) {
        scsi.response = (int)unit_random_below(12) - 1;
        scsi.status = (int)unit_random_below(50) - 1;
        scsi.key = (uint8_t)unit_random_below(20);
        scsi.residual = (int)unit_random_below(3) - 1;
        scsi.sense_len = (int)unit_random_below(300) - 1;
        if (unit_random_below(3) > 0)
            scsi.used_len = 12 + (int)unit_random_below(600);
    }
    if (unit_random_below(16 * honesty) == 0)
        scsi.used_len = (int)unit_random_below(5000);
    scsi_use(unit_random_below(count));
    scsi.response = scsi.status = scsi.residual = -1;
    scsi.sense_len = scsi.used_len = -1;
}

static unsigned act(unsigned submitted, unsigned honesty, const char *name)
{
    switch (unit_random_below(8)) {
    case 0:
        event_run_once(0);
        break;
    case 1:
        fake_pass_time(unit_random_below(20));
        break;
    case 2:
    case 3:
    case 4:
        use_somehow(honesty);
        break;
    default:
        if (submit_to(name, request(submitted, unit_random_below(3),
                                    unit_random_below(BLOCKS - 2),
                                    1 + unit_random_below(2))) == 0)
            return submitted + 1;
    }
    return submitted;
}

TEST(test_whatever_a_device_does_each_request_is_done_once)
{
    unsigned broken = 0;

    for (unsigned round = 0; round < 99; round++) {
        char name[8] = { 'b', 'l', 'k', (char)('0' + round % 10), 0 };
        unsigned submitted = 0, honesty = 4 << unit_random_below(8);

        if (round >= 10)
            name[3] = (char)('0' + round / 10),
            name[4] = (char)('0' + round % 10);
        scsi_begin();
        fake.queue_max[SCSI_REQUESTQ] = 4 << unit_random_below(6);
        scsi_attach();
        for (unsigned i = 0; i < 1000 && submitted < REQUESTS; i++)
            submitted = act(submitted, honesty, name);
        for (unsigned i = 0; i < 400; i++) {
            scsi_run();
            fake_pass_time(10);
        }
        for (unsigned i = 0; i < submitted; i++)
            CHECK(requests[i].done == 1, "request %u of %u is done %u times", i,
                  submitted, requests[i].done);
        broken += strstr(fake.story, "f 0") != NULL;
    }
    CHECK(broken > 10 && broken < 98, "some devices break, others do not: "
          "here %u of 99 did", broken);
}
