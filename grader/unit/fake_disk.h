/* SPDX-License-Identifier: MIT */
/*
 * fake_disk.h - a disk in this process, behind struct block_dev: finishes in
 * an order of its own, has sectors that can't be read, is full when the test
 * wants it to be, and ends the test when a request is one that block_submit()
 * should have refused.
 *
 * With it come the heap and the pages, from the host's, so that the sanitizer
 * sees each block of memory by itself.
 */
#ifndef UNIT_FAKE_DISK_H
#define UNIT_FAKE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"

enum { FAKE_DISK_ROOM = 4096 };     /* requests that it can ever hold */

/* The knobs and the counters. */
struct fake_disk {
    struct block_dev dev;
    uint8_t *bytes;             /* its content */
    bool *bad;                  /* for each sector: reading and writing fail */
    unsigned room;              /* requests that it takes, then -ENOSPC */
    bool broken;                /* submit() gives -EIO */
    bool by_hand;               /* only fake_disk_finish() finishes */
    bool in_order;              /* else in any order */

    unsigned held, most_held;   /* requests that it has, and had at most */
    unsigned reads, writes, flushes;    /* that were submitted */
    struct block_request *requests[FAKE_DISK_ROOM];     /* `held` of them */
};
extern struct fake_disk fake_disk;

/* Makes it known as the next block_find("blk0"), with content that is
 * different in each sector. */
struct block_dev *fake_disk_add(uint64_t sectors);

/* Finishes request `i` of those that are held, and hands it back. */
void fake_disk_finish(unsigned i);

/* Asks for another try of request `i`; false when that is too many, and it is
 * still held. */
bool fake_disk_again(unsigned i);

/* Runs the event loop until nothing is ready. */
void fake_disk_run(void);

/* What pages_usage() says of the machine; and from now on `n` allocations of
 * pages or heap succeed, then one fails. */
extern size_t fake_pages_total, fake_pages_used;
void fake_memory_fail_after(unsigned n);
/* Pages and blocks that are handed out. */
size_t fake_memory_out(void);
/* No more pages than this in a row. */
extern size_t fake_pages_in_a_row;

#endif
