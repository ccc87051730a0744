/* SPDX-License-Identifier: MIT */
/*
 * hexdump - lab 07's application: shows what is on a disk, reads all over it,
 * and writes to it. Without DISK=FILE it has one whose sectors say which they
 * are (disk.sh), and which is only to be read.
 *
 * The challenge may say, each as key=number:
 *   disk    which one: 1 is blk1                                    (0)
 *   disks   how many, from that one on: of each the same            (1)
 *   sector  the first sector to show                                (0)
 *   count   how many, at most 64                                    (1)
 *   times   how often to show them                                  (1)
 *   reads   how many reads to make all over the disk                (0)
 *   seed    which ones                                              (1)
 *   depth   how many to have in flight at a time, at most 64       (32)
 *   copy    how many sectors to write, at most 64                   (0)
 *   from,to the first sector to take them from, and to write to  (0, 0)
 *
 * A disk with larger sectors of its own is read and written by those: what is
 * counted below are units, each of disk->unit sectors; from and to are rounded
 * down to a whole one.
 *
 * Read i of the reads begins with unit x(i+1) / 2^33 % units, where x(0) is the
 * seed and x(i+1) = x(i) * 6364136223846793005 + 1442695040888963407, modulo
 * 2^64; but read 0 begins with the first unit and read 1 with the last. It has
 * 1 + i % 8 units, or as many as are left of the disk, or as it takes in a
 * request. Their check is
 *     the sum of (i + 1) * fold over all that went well, modulo 2^32,
 * where fold = fold * 31 + byte, from 0, over the bytes of the read.
 *
 * What is written is each unit with its bytes in reverse order. Then the disk
 * is flushed, and what is there now is read back.
 */
#include "apps/hexdump/bytes.h"
#include "block/block.h"
#include "console/format.h"
#include "core/challenge.h"
#include "core/start.h"
#include "event/event.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mem/heap.h"

enum { JOBS = 64, UNITS_MAX = 8 };

/* A request, and memory for UNITS_MAX units. */
static struct job {
    struct block_request req;
    struct block_piece pieces[UNITS_MAX];
    uint8_t *data;
    unsigned long number; /* which of the reads */
    void (*then)(struct job *job);
    bool in_flight;
} jobs[JOBS];

static struct block_dev *disk;
static uint32_t unit;  /* in bytes */
static uint64_t units; /* on the disk */
static unsigned in_flight;
static int worst; /* the last error that was met */

/* ---- Requests ----------------------------------------------------------- */

static void done(struct block_request *req)
{
    struct job *job = container_of(req, struct job, req);

    job->in_flight = false;
    in_flight--;
    if (req->error != 0)
        worst = req->error;
    if (job->then != NULL)
        job->then(job);
}

/* One that is refused has its error too, and is not in flight. */
static void start(struct job *job, enum block_op op, uint64_t first, unsigned n)
{
    unsigned count = n < disk->pieces_max ? n : disk->pieces_max;

    for (unsigned i = 0; i < count; i++)
        job->pieces[i] = (struct block_piece){ job->data + i * unit, unit };
    job->pieces[count - 1].len = (n - count + 1) * unit;
    job->req = (struct block_request){
        .op = op,
        .sector = first * disk->unit,
        .pieces = job->pieces,
        .count = count,
        .done = done,
    };
    job->req.error = block_submit(disk, &job->req);
    job->in_flight = job->req.error == 0;
    if (job->in_flight)
        in_flight++;
    else
        worst = job->req.error;
}

static void wait_for_all(void)
{
    while (in_flight > 0)
        event_run_once(UINT64_MAX);
}

/* ---- Showing sectors ---------------------------------------------------- */

static void show(uint64_t sector, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        jobs[i].then = NULL;
        start(&jobs[i], BLOCK_READ, (sector + i) / disk->unit, 1);
    }
    wait_for_all();
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = sector + i;
        const uint8_t *data =
            jobs[i].data + at % disk->unit * BLOCK_SECTOR_SIZE;

        if (jobs[i].req.error != 0) {
            print("hexdump: sector %llu: error %d\n", (unsigned long long)at,
                  -jobs[i].req.error);
            continue;
        }
        bytes_show(at * BLOCK_SECTOR_SIZE, data, BLOCK_SECTOR_SIZE);
    }
}

/* ---- Reading all over the disk ------------------------------------------ */

static struct {
    unsigned long wanted, begun, failed, overtook;
    uint64_t x;
    uint32_t check;
} reads;

static void begin_read(struct job *job)
{
    unsigned long i = reads.begun++;
    unsigned n = 1 + i % UNITS_MAX;

    reads.x = reads.x * 6364136223846793005u + 1442695040888963407u;
    uint64_t first = (reads.x >> 33) % units;
    if (i < 2)
        first = i == 0 ? 0 : units - 1;
    if (n > units - first)
        n = (unsigned)(units - first);
    if (n > disk->len_max / unit)
        n = disk->len_max / unit;
    job->number = i;
    start(job, BLOCK_READ, first, n);
    if (!job->in_flight)
        reads.failed++;
}

static void take_read(struct job *job)
{
    uint32_t fold = 0;

    for (unsigned i = 0; i < JOBS; i++) {
        if (jobs[i].in_flight && jobs[i].number < job->number) {
            reads.overtook++;
            break;
        }
    }
    if (job->req.error != 0)
        reads.failed++;
    for (unsigned p = 0; p < job->req.count && job->req.error == 0; p++)
        fold = bytes_fold(fold, job->pieces[p].data, job->pieces[p].len);
    reads.check += (uint32_t)(job->number + 1) * fold;
    if (reads.begun < reads.wanted)
        begin_read(job);
}

static void read_all_over(unsigned long wanted, uint64_t seed, unsigned depth)
{
    memset(&reads, 0, sizeof reads);
    reads.wanted = wanted;
    reads.x = seed;
    for (unsigned i = 0; i < depth && reads.begun < wanted; i++) {
        jobs[i].then = take_read;
        begin_read(&jobs[i]);
    }
    wait_for_all();
    print("hexdump: %lu reads, check %u, %lu failed, %lu overtook another\n",
          reads.begun, reads.check, reads.failed, reads.overtook);
}

/* ---- Writing ------------------------------------------------------------ */

/* Submits `op` for `count` units from `first` on, each a request of its own,
 * and waits. */
static void each(enum block_op op, uint64_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        jobs[i].then = NULL;
        start(&jobs[i], op, first + i, 1);
    }
    wait_for_all();
}

static void copy(uint64_t from, uint64_t to, unsigned count)
{
    struct block_request flush = { .op = BLOCK_FLUSH };
    unsigned wrong = 0, failed = 0;

    each(BLOCK_READ, from, count);
    for (unsigned i = 0; i < count; i++) {
        if (jobs[i].req.error != 0) {
            print("hexdump: nothing copied: error %d\n", -jobs[i].req.error);
            return;
        }
        bytes_reverse(jobs[i].data, unit);
        memcpy(jobs[i].data + unit, jobs[i].data, unit); /* for later */
    }
    each(BLOCK_WRITE, to, count);
    for (unsigned i = 0; i < count; i++)
        failed += jobs[i].req.error != 0;
    print("hexdump: %u written, %u failed: error %d\n", count - failed, failed,
          failed > 0 ? -worst : 0);

    int error = block_wait(disk, &flush);
    print("hexdump: flush: error %d\n", -error);
    if (error != 0)
        worst = error;

    each(BLOCK_READ, to, count);
    for (unsigned i = 0; i < count; i++)
        wrong += jobs[i].req.error != 0 ||
                 memcmp(jobs[i].data, jobs[i].data + unit, unit) != 0;
    print("hexdump: read back, %u of %u wrong\n", wrong, count);
}

/* ---- What is asked for -------------------------------------------------- */

/* The challenge's number for `key`, but no more than `limit`. */
static unsigned setting(const char *key, unsigned otherwise, unsigned limit)
{
    unsigned long n = challenge_number(key, otherwise);

    return n > limit ? limit : (unsigned)n;
}

static int get_ready(unsigned long number)
{
    char name[16];

    format(name, sizeof name, "blk%lu", number);
    disk = block_find(name);
    if (disk == NULL) {
        print("hexdump: there is no %s\n", name);
        return -ENODEV;
    }
    unit = disk->unit * BLOCK_SECTOR_SIZE;
    units = disk->sectors / disk->unit;
    for (unsigned i = 0; i < JOBS; i++) {
        heap_free(jobs[i].data); /* the one before had units of its own */
        jobs[i].data = heap_alloc((size_t)UNITS_MAX * unit);
        if (jobs[i].data == NULL)
            return -ENOMEM;
    }
    return 0;
}

static void do_all(void)
{
    unsigned times = setting("times", 1, UINT32_MAX);
    for (unsigned i = 0; i < times; i++)
        show(challenge_number("sector", 0), setting("count", 1, JOBS));

    unsigned long wanted = challenge_number("reads", 0);
    unsigned depth = setting("depth", 32, JOBS);
    if (wanted > 0 && units > 0 && depth > 0)
        read_all_over(wanted, challenge_number("seed", 1), depth);

    unsigned count = setting("copy", 0, JOBS);
    if (count > 0)
        copy(challenge_number("from", 0) / disk->unit,
             challenge_number("to", 0) / disk->unit, count);
}

int main(void)
{
    unsigned long first = challenge_number("disk", 0);
    unsigned disks = setting("disks", 1, UINT32_MAX);

    for (unsigned i = 0; i < disks; i++) {
        int error = get_ready(first + i);
        if (error != 0)
            return error;
        do_all();
    }
    return worst;
}
