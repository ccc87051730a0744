/* SPDX-License-Identifier: MIT */
/*
 * test_host_blk.c - files of the host as disks.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/upcalls.h"
#include "block/block.h"
#include "core/start.h"
#include "event/event.h"
#include "unit.h"

enum { SECTOR = BLOCK_SECTOR_SIZE, REQUESTS = 200 };

extern const struct initcall __start_initcalls[], __stop_initcalls[];

static jmp_buf refused;
static char sentence[600];

void core_refuse(const char *why)
{
    snprintf(sentence, sizeof sentence, "%s", why);
    longjmp(refused, 1);
}

/* ---- Files, and disks made of them --------------------------------------- */

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 7 + at / SECTOR + 1);
}

/* A new file of `size` such bytes, which LODGE_BLK0 names. Its descriptor; the
 * one who opens the disk takes the name away. */
static int make_file(size_t size)
{
    static char name[] = "/tmp/test_host_blk.XXXXXX";
    int fd = mkstemp(name);
    FILE *file = fdopen(dup(fd), "w");

    CHECK(fd >= 0 && file, "there is a file: %s", strerror(errno));
    for (size_t i = 0; i < size; i++)
        fputc(byte_at(i), file);
    fclose(file);
    setenv("LODGE_BLK0", name, 1);
    return fd;
}

/* What start-up does; the sentence with which it refused, or NULL. */
static const char *start(void)
{
    if (setjmp(refused))
        return sentence;
    for (const struct initcall *c = __start_initcalls; c < __stop_initcalls;
         c++)
        if (c->level == INIT_BUSES)
            c->run();
    return NULL;
}

static struct block_dev *open_disk(void)
{
    const char *why = start();
    struct block_dev *dev = block_find("blk0");

    CHECK(!why && dev, "the disk is there: %s", why ? why : "nobody said why");
    unlink(getenv("LODGE_BLK0"));
    return dev;
}

/* ---- Requests ------------------------------------------------------------ */

static uint8_t data[REQUESTS][2 * SECTOR];
static struct block_piece pieces[REQUESTS];
static struct block_request requests[REQUESTS];
static unsigned done_count;
static bool submitting;

static void is_done(struct block_request *req)
{
    (void)req;
    CHECK(!submitting, "done() does not come from inside block_submit()");
    done_count++;
}

static int submit(struct block_dev *dev, unsigned i, enum block_op op,
                  uint64_t sector)
{
    pieces[i] = (struct block_piece){ data[i], SECTOR };
    requests[i] = (struct block_request){
        .op = op, .sector = sector, .pieces = &pieces[i],
        .count = op == BLOCK_FLUSH ? 0 : 1, .error = 1, .done = is_done,
    };
    submitting = true;
    int error = block_submit(dev, &requests[i]);
    submitting = false;
    return error;
}

static void wait_for(unsigned count)
{
    while (done_count < count)
        event_run_once(0);
}

static int one(struct block_dev *dev, enum block_op op, uint64_t sector)
{
    unsigned before = done_count;
    int error = submit(dev, 0, op, sector);

    if (error)
        return error;
    wait_for(before + 1);
    return requests[0].error;
}

/* ---- Tests --------------------------------------------------------------- */

TEST(test_a_file_is_a_disk_of_as_many_sectors)
{
    make_file(5 * SECTOR);
    struct block_dev *dev = open_disk();

    CHECK(dev->sectors == 5 && dev->unit == 1, "5 sectors of 512 bytes, not "
          "%llu units of %u", (unsigned long long)dev->sectors, dev->unit);
    CHECK(!dev->read_only, "it can be written");
    for (unsigned s = 0; s < 5; s++) {
        CHECK(one(dev, BLOCK_READ, s) == 0, "sector %u can be read", s);
        for (unsigned i = 0; i < SECTOR; i++)
            CHECK(data[0][i] == byte_at(s * SECTOR + i),
                  "byte %u of sector %u is the file's", i, s);
    }
}

TEST(test_the_missing_bytes_of_the_last_sector_are_zeros)
{
    make_file(2 * SECTOR + 100);
    struct block_dev *dev = open_disk();

    memset(data[0], 0xaa, SECTOR);
    CHECK(dev->sectors == 3, "the last one, of 100 bytes, is a sector too");
    CHECK(one(dev, BLOCK_READ, 2) == 0, "it can be read");
    CHECK(data[0][99] == byte_at(2 * SECTOR + 99) && data[0][100] == 0 &&
          data[0][SECTOR - 1] == 0, "100 bytes of the file, and then zeros");
}

TEST(test_an_empty_file_is_a_disk_without_sectors)
{
    make_file(0);
    struct block_dev *dev = open_disk();

    CHECK(dev->sectors == 0, "it has none");
    CHECK(one(dev, BLOCK_READ, 0) == -ERANGE, "and none can be read");
}

TEST(test_requests_are_in_flight_together_and_all_are_done)
{
    make_file(REQUESTS * SECTOR);
    struct block_dev *dev = open_disk();

    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(submit(dev, i, BLOCK_READ, REQUESTS - 1 - i) == 0,
              "request %u is taken", i);
    CHECK(done_count == 0, "none is done before the loop has its turn");
    wait_for(REQUESTS);
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK(requests[i].error == 0 &&
              data[i][0] == byte_at((REQUESTS - 1 - i) * SECTOR),
              "request %u has its own sector", i);
}

static struct block_dev *again_on;

static void ask_again(struct block_request *req)
{
    is_done(req);
    if (done_count < 5) {
        submitting = true;
        CHECK(block_submit(again_on, req) == 0, "it is taken again");
        submitting = false;
    }
}

TEST(test_a_request_may_be_submitted_again_when_it_is_done)
{
    make_file(SECTOR);
    again_on = open_disk();
    pieces[0] = (struct block_piece){ data[0], SECTOR };
    requests[0] = (struct block_request){
        .op = BLOCK_READ, .pieces = pieces, .count = 1, .done = ask_again,
    };
    CHECK(block_submit(again_on, &requests[0]) == 0, "it is taken");
    wait_for(5);
    CHECK(requests[0].error == 0, "and done well");
}

TEST(test_a_request_in_pieces_is_read_in_their_order)
{
    struct block_piece three[] = {
        { data[2], SECTOR }, { data[0], 2 * SECTOR }, { data[1], SECTOR },
    };
    struct block_request req = {
        .op = BLOCK_READ, .sector = 1, .pieces = three, .count = 3,
    };

    make_file(6 * SECTOR);
    CHECK(block_wait(open_disk(), &req) == 0, "it is done well");
    CHECK(data[2][0] == byte_at(SECTOR) && data[0][0] == byte_at(2 * SECTOR) &&
          data[0][SECTOR] == byte_at(3 * SECTOR) &&
          data[1][0] == byte_at(4 * SECTOR),
          "each piece has what comes behind the one before it");
}

TEST(test_what_is_written_is_in_the_file)
{
    uint8_t there[SECTOR];
    int fd = make_file(2 * SECTOR + 100);
    struct block_dev *dev = open_disk();

    memset(data[0], 0x5a, SECTOR);
    CHECK(one(dev, BLOCK_WRITE, 1) == 0, "sector 1 can be written");
    CHECK(pread(fd, there, SECTOR, SECTOR) == SECTOR &&
          memcmp(there, data[0], SECTOR) == 0, "and the file has it");
    CHECK(pread(fd, there, 1, 0) == 1 && there[0] == byte_at(0) &&
          pread(fd, there, 1, 2 * SECTOR) == 1 &&
          there[0] == byte_at(2 * SECTOR), "what is beside it is unharmed");
    CHECK(one(dev, BLOCK_WRITE, 2) == 0, "so can the last one");
    CHECK(lseek(fd, 0, SEEK_END) == 3 * SECTOR, "which is whole then");
    CHECK(one(dev, BLOCK_WRITE, 3) == -ERANGE, "there is none behind it");
}

TEST(test_a_flush_is_done)
{
    make_file(SECTOR);
    struct block_dev *dev = open_disk();

    CHECK(dev->can_flush && one(dev, BLOCK_FLUSH, 0) == 0, "and well");
}

TEST(test_a_disk_that_is_only_to_be_read_is_not_written)
{
    make_file(SECTOR);
    setenv("LODGE_BLK0_READ_ONLY", "on", 1);
    struct block_dev *dev = open_disk();

    CHECK(dev->read_only && one(dev, BLOCK_WRITE, 0) == -EROFS,
          "a write is refused");
    CHECK(one(dev, BLOCK_READ, 0) == 0 && data[0][0] == byte_at(0),
          "it can be read");
    CHECK(one(dev, BLOCK_FLUSH, 0) == 0, "there is nothing to flush");
}

/* The host lets nobody write to a program that runs. */
TEST(test_a_file_that_the_host_protects_is_only_to_be_read)
{
    setenv("LODGE_BLK0", "/proc/self/exe", 1);
    const char *why = start();

    CHECK(!why, "it is a disk all the same: %s", why);
    CHECK(block_find("blk0")->read_only, "which is only to be read");
    CHECK(one(block_find("blk0"), BLOCK_READ, 0) == 0 &&
          memcmp(data[0], "\177ELF", 4) == 0, "and can be");
}

TEST(test_a_file_that_becomes_shorter_is_an_error_and_told_once)
{
    int fd = make_file(4 * SECTOR + 100);
    struct block_dev *dev = open_disk();
    unsigned before = unit_log_count();

    CHECK(ftruncate(fd, SECTOR) == 0, "it can become shorter");
    CHECK(one(dev, BLOCK_READ, 0) == 0, "what is still there can be read");
    CHECK(one(dev, BLOCK_READ, 2) == -EIO, "what is gone can not");
    CHECK(one(dev, BLOCK_READ, 4) == -EIO, "nor what is left of the last");
    CHECK(unit_log_count() == before + 1 &&
          strstr(unit_log_last(), "blk0: sector 2: the host says: "),
          "the first of them was told, in words: %s", unit_log_last());
}

TEST(test_a_write_that_the_host_refuses_is_an_error)
{
    int fd = make_file(4 * SECTOR);
    struct block_dev *dev = open_disk();
    struct rlimit limit = { 2 * SECTOR + 10, 2 * SECTOR + 10 };

    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0, "files have a limit");
    CHECK(one(dev, BLOCK_WRITE, 1) == 0, "below it a write goes well");
    CHECK(one(dev, BLOCK_WRITE, 2) == -EIO, "across it there is an error");
    CHECK(one(dev, BLOCK_WRITE, 3) == -EIO, "and so there is beyond it");
    (void)fd;
}

TEST(test_every_disk_that_is_named_is_there_in_its_place)
{
    make_file(SECTOR);
    char first[64];

    snprintf(first, sizeof first, "%s", getenv("LODGE_BLK0"));
    setenv("LODGE_BLK1", "/proc/self/exe", 1);
    const char *why = start();
    unlink(first);
    CHECK(!why && block_find("blk0")->sectors == 1 && block_find("blk1") &&
          block_find("blk1")->sectors > 1 && !block_find("blk2"),
          "blk0 and blk1, and no others");
}

static void expect_sentence(const char *words)
{
    const char *why = start();

    CHECK(why && strstr(why, words), "start-up is refused, with a sentence in "
          "which \"%s\" stands, not \"%s\"", words, why ? why : "");
}

TEST(test_a_file_that_is_not_there_is_told)
{
    setenv("LODGE_BLK0", "/nowhere/disk.img", 1);
    expect_sentence("LODGE_BLK0: \"/nowhere/disk.img\" can't be used as a "
                    "disk: No such file or directory.");
}

TEST(test_what_is_no_file_is_told)
{
    setenv("LODGE_BLK0", "/dev/null", 1);
    expect_sentence("it is neither a file nor a disk");
}

TEST(test_a_fifo_is_told_and_nobody_waits_for_it)
{
    char name[] = "/tmp/test_host_blk.XXXXXX", fifo[64];

    snprintf(fifo, sizeof fifo, "%s/fifo", mkdtemp(name));
    CHECK(mkfifo(fifo, 0600) == 0, "there is one");
    setenv("LODGE_BLK0", fifo, 1);
    setenv("LODGE_BLK0_READ_ONLY", "on", 1);
    const char *why = start();
    unlink(fifo);
    rmdir(name);
    CHECK(why && strstr(why, "it is neither a file nor a disk"), "not: %s",
          why ? why : "");
}

TEST(test_a_gap_between_disks_is_told)
{
    setenv("LODGE_BLK1", "/proc/self/exe", 1);
    expect_sentence("LODGE_BLK1: ");
}

TEST(test_a_word_that_is_not_on_or_off_is_told)
{
    setenv("LODGE_BLK0", "/proc/self/exe", 1);
    setenv("LODGE_BLK0_READ_ONLY", "yes", 1);
    expect_sentence("LODGE_BLK0_READ_ONLY: \"yes\"");
}
