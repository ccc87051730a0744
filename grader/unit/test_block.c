/* SPDX-License-Identifier: MIT */
/*
 * test_block.c - what is the same for every disk: which requests are refused,
 * which wait, and what becomes of them.
 */
#include <string.h>

#include "block/block.h"
#include "event/event.h"
#include "fake_disk.h"
#include "lib/errno.h"
#include "unit.h"

enum { SECTORS = 64, REQUESTS = 200 };

static uint8_t memory[REQUESTS][BLOCK_SECTOR_SIZE];
static struct block_piece pieces[REQUESTS];
static struct block_request requests[REQUESTS];
static unsigned done_count, last_done;
static bool submitting;

static void is_done(struct block_request *req)
{
    CHECK(!submitting, "done() does not come from inside block_submit()");
    last_done = (unsigned)(req - requests);
    done_count++;
}

static struct block_request *request(unsigned i, enum block_op op,
                                     uint64_t sector)
{
    pieces[i] = (struct block_piece){ memory[i], BLOCK_SECTOR_SIZE };
    requests[i] = (struct block_request){
        .op = op,
        .sector = sector,
        .pieces = &pieces[i],
        .count = op == BLOCK_FLUSH ? 0 : 1,
        .error = 1,
        .done = is_done,
    };
    return &requests[i];
}

static int submit(struct block_request *req)
{
    submitting = true;
    int error = block_submit(&fake_disk.dev, req);
    submitting = false;
    return error;
}

TEST(test_disks_are_found_by_their_names)
{
    static struct block_dev many[101];

    CHECK(!block_find("blk0"), "there is no disk yet");
    for (unsigned i = 0; i < 11; i++)
        block_add(&many[i]);
    CHECK(!block_find("blk11"), "no other is there yet");
    for (unsigned i = 11; i < 101; i++)
        block_add(&many[i]);
    CHECK(block_find("blk0") == &many[0], "the first one is blk0");
    CHECK(block_find("blk9") == &many[9], "the tenth one is blk9");
    CHECK(block_find("blk10") == &many[10], "the eleventh one is blk10");
    CHECK(block_find("blk99") == &many[99] &&
              block_find("blk100") == &many[100], "and so on");
    CHECK(!block_find("blk101") && !block_find("net0") && !block_find(""),
          "no others are found");
}

TEST(test_the_first_and_the_last_sector_can_be_read)
{
    fake_disk_add(SECTORS);
    CHECK(submit(request(0, BLOCK_READ, 0)) == 0, "sector 0 is on the disk");
    CHECK(submit(request(1, BLOCK_READ, SECTORS - 1)) == 0,
          "sector %d is the last of the disk", SECTORS - 1);
    fake_disk_run();
    CHECK(done_count == 2 && requests[0].error == 0 && requests[1].error == 0,
          "both are done well");
    CHECK(memcmp(memory[1], fake_disk.bytes + (SECTORS - 1) * BLOCK_SECTOR_SIZE,
                 BLOCK_SECTOR_SIZE) == 0,
          "the last sector's content is what was read");
}

TEST(test_a_request_beyond_the_end_is_refused)
{
    static const struct { uint64_t sector; uint32_t bytes; } table[] = {
        { SECTORS, 512 },
        { SECTORS - 1, 1024 },
        { 0, (SECTORS + 1) * 512 },
        { UINT64_MAX, 512 },
        { UINT64_MAX - 1, 1024 },
        { 1ull << 55, 512 },
    };

    fake_disk_add(SECTORS);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct block_request *req = request(0, BLOCK_READ, table[i].sector);

        pieces[0].len = table[i].bytes;
        CHECK(submit(req) == -ERANGE,
              "%u bytes from sector %llu on are not on a disk of %d sectors",
              table[i].bytes, (unsigned long long)table[i].sector, SECTORS);
    }
    CHECK(fake_disk.reads == 0, "the driver has not seen them");
}

TEST(test_a_request_that_can_not_be_is_refused)
{
    struct block_piece many[BLOCK_PIECES_MAX + 1];
    struct block_request *req = request(0, BLOCK_READ, 0);

    fake_disk_add(SECTORS);
    for (unsigned i = 0; i <= BLOCK_PIECES_MAX; i++)
        many[i] = (struct block_piece){ memory[i], BLOCK_SECTOR_SIZE };
    req->count = 0;
    CHECK(submit(req) == -EINVAL, "one without pieces is refused");
    req->pieces = many;
    req->count = BLOCK_PIECES_MAX + 1;
    CHECK(submit(req) == -EINVAL, "one in too many pieces is refused");
    fake_disk.dev.pieces_max = 2;
    req->count = 3;
    CHECK(submit(req) == -EINVAL,
          "one in more pieces than this disk takes is refused");
    req->count = 2;
    many[1].len = 0;
    CHECK(submit(req) == -EINVAL, "one with an empty piece is refused");
    many[1].len = 511;
    CHECK(submit(req) == -EINVAL, "one with half a sector is refused");
    many[0].len = many[1].len = 0x80000000;
    CHECK(submit(req) == -EINVAL, "one of 4 GiB is refused");
    many[0].len = many[1].len = 8192;
    fake_disk.dev.piece_len_max = 4096;
    CHECK(submit(req) == -EINVAL, "one with a piece too long is refused");
    many[0].len = many[1].len = 4096;
    fake_disk.dev.len_max = 8191;
    CHECK(submit(req) == -EINVAL, "one that is too long as a whole is refused");
    CHECK(fake_disk.reads == 0 && done_count == 0, "nothing came of them");
}

TEST(test_a_disk_with_larger_sectors_of_its_own_is_read_by_whole_ones)
{
    uint8_t block[4096];
    struct block_request *req = request(0, BLOCK_READ, 8);

    fake_disk_add(SECTORS);
    fake_disk.dev.unit = 8;
    CHECK(submit(req) == -EINVAL, "512 bytes of a sector of 4096 are refused");
    pieces[0] = (struct block_piece){ block, 4096 };
    req->sector = 4;
    CHECK(submit(req) == -EINVAL, "4096 bytes across two of them are refused");
    req->sector = 8;
    CHECK(submit(req) == 0, "a whole one is read");
    fake_disk_run();
    CHECK(req->error == 0, "and read well");
}

TEST(test_a_disk_only_to_be_read_takes_no_writes)
{
    fake_disk_add(SECTORS);
    fake_disk.dev.read_only = true;
    CHECK(submit(request(0, BLOCK_WRITE, 0)) == -EROFS, "a write is refused");
    CHECK(submit(request(1, BLOCK_READ, 0)) == 0, "a read is not");
    CHECK(submit(request(2, BLOCK_FLUSH, 0)) == 0, "nor is a flush");
    fake_disk_run();
    CHECK(done_count == 2 && fake_disk.writes == 0, "two are done");
}

TEST(test_a_flush_on_a_disk_that_keeps_nothing_back_is_done_in_the_next_round)
{
    fake_disk_add(SECTORS);
    fake_disk.dev.can_flush = false;
    for (unsigned i = 0; i < 3; i++)
        CHECK(submit(request(i, BLOCK_FLUSH, 0)) == 0, "a flush is taken");
    CHECK(done_count == 0, "not before the next round");
    event_run_once(0);
    CHECK(done_count == 3 && requests[2].error == 0, "in it");
    CHECK(fake_disk.flushes == 0, "the driver has not seen them");
}

static void flush_again(struct block_request *req)
{
    if (++done_count < 100)
        CHECK(block_submit(&fake_disk.dev, req) == 0, "it is taken again");
}

TEST(test_a_flush_of_nothing_that_is_submitted_again_leaves_others_their_turn)
{
    fake_disk_add(SECTORS);
    fake_disk.dev.can_flush = false;
    request(0, BLOCK_FLUSH, 0)->done = flush_again;
    submit(&requests[0]);
    event_run_once(0);
    CHECK(done_count == 1, "it is done once a round, here %u times",
          done_count);
    fake_disk_run();
    CHECK(done_count == 100, "and so on");
}

TEST(test_requests_for_which_there_is_no_room_wait_their_turn)
{
    fake_disk_add(SECTORS);
    fake_disk.room = 3;
    fake_disk.by_hand = true;
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(submit(request(i, BLOCK_READ, i % SECTORS)) == 0,
              "request %u is taken, or waits", i);
    for (unsigned i = 0; i < REQUESTS; i++) {
        CHECK(done_count == i, "none is done by itself");
        CHECK(fake_disk.held == (i + 3 < REQUESTS ? 3 : REQUESTS - i),
              "the disk's ring is kept full");
        fake_disk_finish(0);
        CHECK(last_done == i, "they come to the disk in their order: request "
              "%u is done when %u should be", last_done, i);
    }
    CHECK(done_count == REQUESTS, "all are done");
}

TEST(test_a_new_request_does_not_overtake_those_that_wait)
{
    fake_disk_add(SECTORS);
    fake_disk.room = 1;
    fake_disk.by_hand = true;
    submit(request(0, BLOCK_WRITE, 1));
    submit(request(1, BLOCK_WRITE, 2));
    fake_disk.room = 2;
    submit(request(2, BLOCK_WRITE, 3));
    CHECK(fake_disk.held == 1, "request 2 waits behind request 1");
    fake_disk_finish(0);
    CHECK(fake_disk.held == 2 && fake_disk.requests[0] == &requests[1] &&
              fake_disk.requests[1] == &requests[2],
          "they come in their order");
}

/* Submits itself again as long as anybody takes it. */
static unsigned refused;
static void again(struct block_request *req)
{
    if (++done_count < 1000 && block_submit(&fake_disk.dev, req) != 0)
        refused++;
}

TEST(test_a_request_that_is_to_be_tried_again_goes_before_all_others)
{
    fake_disk_add(SECTORS);
    fake_disk.room = 1;
    fake_disk.by_hand = true;
    for (unsigned i = 0; i < 3; i++)
        CHECK(submit(request(i, BLOCK_READ, i)) == 0, "it is taken");
    for (unsigned i = 1; i <= BLOCK_TRIES_MAX; i++) {
        CHECK(fake_disk_again(0), "it has try %u", i);
        CHECK(fake_disk.held == 0, "and waits until there is room");
        block_room(&fake_disk.dev);
        CHECK(fake_disk.held == 1 && fake_disk.requests[0] == &requests[0],
              "it is the first again");
    }
    CHECK(!fake_disk_again(0), "but not for ever");
    fake_disk_finish(0);
    CHECK(done_count == 1 && fake_disk.requests[0] == &requests[1],
          "and then it is the next one's turn");
    fake_disk_finish(0);
    fake_disk_finish(0);
    CHECK(done_count == 3, "none is forgotten");
    submit(request(0, BLOCK_READ, 0));
    CHECK(fake_disk_again(0), "submitted anew, it has as many tries again");
}

TEST(test_a_broken_disk_fails_what_waits_and_what_comes)
{
    fake_disk_add(SECTORS);
    fake_disk.room = 2;
    fake_disk.by_hand = true;
    for (unsigned i = 0; i < 10; i++) {
        request(i, BLOCK_READ, i)->done = again;
        submit(&requests[i]);
    }
    fake_disk.broken = true;
    fake_disk_finish(0);
    fake_disk_finish(0);
    for (unsigned i = 0; i < 10; i++)
        CHECK(requests[i].error == -EIO, "request %u is done with -EIO, here "
              "%d", i, requests[i].error);
    /* The first one was taken again, to wait: nobody knew yet. */
    CHECK(done_count == 11 && refused == 10,
          "each is done once more than it is taken again: here %u and %u",
          done_count, refused);
    CHECK(submit(request(0, BLOCK_READ, 0)) == -EIO, "a new one is refused");
}

static void chain(struct block_request *req)
{
    if (++done_count < 5000)
        CHECK(block_submit(&fake_disk.dev, req) == 0, "it is taken again");
}

TEST(test_a_request_may_be_submitted_again_from_its_done)
{
    fake_disk_add(SECTORS);
    fake_disk.room = 2;
    for (unsigned i = 0; i < 5; i++) {
        request(i, BLOCK_READ, i)->done = chain;
        submit(&requests[i]);
    }
    fake_disk_run();
    CHECK(done_count == 5004, "each goes on until it stops, here %u",
          done_count);
}

TEST(test_a_simple_application_can_wait)
{
    fake_disk_add(SECTORS);
    CHECK(block_wait(&fake_disk.dev, request(0, BLOCK_READ, 5)) == 0 &&
              memcmp(memory[0], fake_disk.bytes + 5 * BLOCK_SECTOR_SIZE,
                     BLOCK_SECTOR_SIZE) == 0,
          "block_wait() comes back when the sector has been read");
    fake_disk.bad[6] = true;
    CHECK(block_wait(&fake_disk.dev, request(0, BLOCK_READ, 6)) == -EIO,
          "or could not be");
    CHECK(block_wait(&fake_disk.dev, request(0, BLOCK_READ, SECTORS)) ==
              -ERANGE, "or can't be");
}
