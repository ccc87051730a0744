/* SPDX-License-Identifier: MIT */
/*
 * test_cache.c - the block cache over a disk that finishes when it likes.
 */
#include <stdlib.h>
#include <string.h>

#include "block/cache_slot.h"
#include "event/event.h"
#include "fake_disk.h"
#include "lib/errno.h"
#include "mem/pages.h"
#include "unit.h"

enum { IN_BLOCK = CACHE_BLOCK_SIZE / BLOCK_SECTOR_SIZE };

static struct cache *cache;

static void open_cache(uint64_t sectors, size_t blocks)
{
    int error = cache_open(fake_disk_add(sectors), blocks, &cache);

    CHECK(error == 0, "cache_open() returns 0, here %d", error);
}

/* ---- What must be true between calls ------------------------------------ */

static unsigned listed(const struct cache_slot *slot)
{
    unsigned count = 0;

    for (struct list *l = cache->idle.next; l != &cache->idle; l = l->next)
        count += l == &slot->idle_link;
    return count;
}

static unsigned chained(const struct cache_slot *slot)
{
    unsigned count = 0;

    for (size_t i = 0; i < (size_t)1 << cache->chains_log; i++)
        for (struct cache_slot *s = cache->chains[i]; s; s = s->chain_next) {
            CHECK(s == slot || s->block.number != slot->block.number ||
                      slot->state == CACHE_EMPTY,
                  "block %llu is in the cache once",
                  (unsigned long long)slot->block.number);
            count += s == slot;
        }
    return count;
}

static void check_invariants(void)
{
    size_t pinned = 0, reading = 0, ahead = 0;
    static unsigned calls;

    if (cache->begun > 300 && ++calls % 200 != 0)
        return; /* it takes long */
    for (size_t i = 0; i < cache->begun; i++) {
        const struct cache_slot *slot =
            &cache->slots[cache->usage.blocks - cache->begun + i];
        bool busy = slot->pins > 0 || slot->state == CACHE_READING;

        if (slot->head != slot) {
            CHECK(i % cache->run == (size_t)(slot - slot->head) &&
                      slot->head->blocks == cache->run,
                  "a run fills a place");
            CHECK(slot->block.number == slot->head->block.number +
                      (uint64_t)(slot - slot->head),
                  "its blocks lie together on the disk");
            CHECK(!listed(slot) && chained(slot) == 1,
                  "its head stands in line for it");
            continue;
        }
        CHECK(slot->blocks == 1 || slot->block.number % cache->run == 0,
              "a run begins at a multiple of its length");
        CHECK(slot->pins == 0 || slot->state == CACHE_HERE,
              "what is pinned is here");
        CHECK(listed(slot) == !busy, "a slot is idle when nobody uses it");
        CHECK(chained(slot) == (slot->state != CACHE_EMPTY),
              "a slot is in a chain when it isn't empty");
        CHECK(slot->state == CACHE_READING || !slot->waiters.first,
              "who waits for a block waits for one that is being read");
        pinned += slot->pins > 0 ? slot->blocks : 0;
        reading += slot->state == CACHE_READING ? slot->blocks : 0;
        ahead += slot->unasked ? slot->blocks : 0;
    }
    CHECK(!cache->room_waiters.first || list_empty(&cache->idle) ||
              cache->room_work.posted,
          "nobody waits for a slot while there is one");
    struct cache_usage usage = cache_usage(cache);
    CHECK(usage.pinned == pinned && usage.reading == reading,
          "cache_usage() counts %zu pinned, %zu reading; there are %zu, %zu",
          usage.pinned, usage.reading, pinned, reading);
    CHECK(usage.ahead == ahead, "it counts %zu that nobody asked for, there "
          "are %zu", usage.ahead, ahead);
}

/* The block's content, if it is what cache_get() gives for `number`. */
static void check_block(const struct cache_block *block, uint64_t number)
{
    uint64_t bytes = fake_disk.dev.sectors * BLOCK_SECTOR_SIZE;
    uint64_t from = number * CACHE_BLOCK_SIZE;
    uint64_t len =
        bytes - from < CACHE_BLOCK_SIZE ? bytes - from : CACHE_BLOCK_SIZE;

    CHECK(block->number == number, "block %llu is what was asked for",
          (unsigned long long)number);
    CHECK(block->len == len, "block %llu has %llu bytes, here %u",
          (unsigned long long)number, (unsigned long long)len, block->len);
    CHECK(memcmp(block->data, fake_disk.bytes + from, len) == 0,
          "block %llu has the disk's bytes", (unsigned long long)number);
}

/* Gets it, however long that takes. */
static struct cache_block *get(uint64_t number)
{
    struct cache_block *block;
    int error;

    while ((error = cache_get(cache, number, &block)) == -EAGAIN) {
        check_invariants();
        CHECK(event_loop.ready > 0, "block %llu will come",
              (unsigned long long)number);
        fake_disk_run();
    }
    CHECK(error == 0, "cache_get() of block %llu gives it, here %d",
          (unsigned long long)number, error);
    check_block(block, number);
    check_invariants();
    return block;
}

static void use(uint64_t number)
{
    cache_put(cache, get(number));
}

/* ---- States ------------------------------------------------------------- */

TEST(test_a_block_is_read_once_and_then_here)
{
    struct cache_block *block;

    open_cache(100 * IN_BLOCK, 16);
    CHECK(cache_get(cache, 7, &block) == -EAGAIN, "at first it is not there");
    CHECK(fake_disk.reads == 1, "its reading has begun");
    CHECK(cache_get(cache, 7, &block) == -EAGAIN && fake_disk.reads == 1,
          "asking again does not read again");
    fake_disk_run();
    use(7);
    use(7);
    CHECK(fake_disk.reads == 1, "it stays");
    struct cache_usage usage = cache_usage(cache);
    CHECK(usage.misses == 1 && usage.hits == 1 && usage.errors == 0,
          "that was one miss and one hit, here %llu and %llu",
          (unsigned long long)usage.misses, (unsigned long long)usage.hits);
}

TEST(test_the_last_block_is_shorter_on_a_disk_of_odd_size)
{
    struct cache_block *block;

    open_cache(5 * IN_BLOCK + 3, 16);
    use(5);
    CHECK(cache_get(cache, 6, &block) == -ERANGE, "there is no block 6");
    CHECK(cache_get(cache, UINT64_MAX, &block) == -ERANGE, "nor the very last");
    CHECK(cache_get(cache, UINT64_MAX / 8 + 1, &block) == -ERANGE,
          "nor one whose sector's number would wrap to 0");
}

TEST(test_there_is_no_block_behind_the_last_of_a_disk_of_whole_blocks)
{
    struct cache_block *block;

    open_cache(5 * IN_BLOCK, 16);
    use(4);
    CHECK(cache_get(cache, 5, &block) == -ERANGE, "there is no block 5");
}

TEST(test_reading_that_fails_is_told_once_and_then_tried_anew)
{
    struct cache_block *block;

    open_cache(100 * IN_BLOCK, 16);
    fake_disk.bad[3 * IN_BLOCK + 5] = true;
    for (unsigned i = 1; i <= 50; i++) {
        CHECK(cache_get(cache, 3, &block) == -EAGAIN, "it is tried");
        fake_disk_run();
        CHECK(fake_disk.reads == i, "once");
        check_invariants();
        CHECK(cache_get(cache, 3, &block) == -EIO, "that fails");
        check_invariants();
    }
    use(2);
    fake_disk.bad[3 * IN_BLOCK + 5] = false;
    use(3);
    CHECK(cache_usage(cache).errors == 50, "50 errors are counted");
}

TEST(test_a_broken_disk_fails_at_once_and_what_is_here_stays)
{
    struct cache_block *block;

    open_cache(100 * IN_BLOCK, 16);
    use(1);
    fake_disk.broken = true;
    for (unsigned i = 2; i < 40; i++) {
        CHECK(cache_get(cache, i, &block) == -EIO, "block %u can't be read", i);
        check_invariants();
    }
    use(1);
}

TEST(test_a_disk_that_breaks_while_blocks_are_read_fails_them)
{
    struct cache_block *block;

    open_cache(100 * IN_BLOCK, 16);
    fake_disk.by_hand = true;
    fake_disk.room = 4;
    for (unsigned i = 0; i < 16; i++)
        CHECK(cache_get(cache, i, &block) == -EAGAIN, "it is read, or waits");
    fake_disk.broken = true;
    while (fake_disk.held > 0)
        fake_disk_finish(0);
    check_invariants();
    for (unsigned i = 0; i < 16; i++)
        CHECK(cache_get(cache, i, &block) == -EIO, "block %u failed", i);
}

/* ---- Which block goes --------------------------------------------------- */

TEST(test_the_block_that_was_not_used_for_longest_goes)
{
    open_cache(100 * IN_BLOCK, 16);
    for (unsigned i = 0; i < 16; i++)
        use(i);
    use(0); /* now 1 is the oldest */
    use(50);
    CHECK(fake_disk.reads == 17, "17 blocks were read");
    use(0);
    for (unsigned i = 2; i < 16; i++)
        use(i);
    CHECK(fake_disk.reads == 17, "all but block 1 are still here");
    use(1);
    CHECK(fake_disk.reads == 18, "block 1 is the one that had to go");
}

TEST(test_a_pinned_block_is_never_taken_for_another)
{
    struct cache_block *pinned[10];

    open_cache(200 * IN_BLOCK, 16);
    for (unsigned i = 0; i < 10; i++)
        pinned[i] = get(i);
    for (unsigned i = 20; i < 200; i++)
        use(i);
    for (unsigned i = 0; i < 10; i++) {
        check_block(pinned[i], i);
        cache_put(cache, pinned[i]);
    }
    check_invariants();
}

TEST(test_a_block_may_be_pinned_many_times)
{
    struct cache_block *a, *b, *block;

    open_cache(100 * IN_BLOCK, 16);
    a = get(9);
    b = get(9);
    CHECK(a == b && cache_usage(cache).pinned == 1, "it is the same block");
    cache_put(cache, a);
    for (unsigned i = 20; i < 60; i++)
        use(i);
    check_block(b, 9);
    cache_put(cache, b);
    CHECK(cache_get(cache, 9, &block) == 0, "it was not taken meanwhile");
}

TEST(test_a_block_put_once_too_often_is_our_own_fault)
{
    struct cache_block *block;

    open_cache(100 * IN_BLOCK, 16);
    block = get(9);
    cache_put(cache, block);
    unit_expect_panic("does not hold");
    cache_put(cache, block);
}

TEST(test_a_block_that_somebody_waits_for_is_not_taken_before_it_is_fetched)
{
    struct cache_block *block;

    open_cache(100 * IN_BLOCK, 16);
    CHECK(cache_get(cache, 99, &block) == -EAGAIN, "block 99 is to be read");
    fake_disk_run();
    for (unsigned i = 0; i < 16 + 14; i++)
        use(i);
    CHECK(cache_get(cache, 99, &block) == 0,
          "it is still here after 30 others were used");
}

TEST(test_a_promise_that_nobody_wants_kept_does_not_last)
{
    struct cache_block *block;

    open_cache(200 * IN_BLOCK, 16);
    for (unsigned i = 0; i < 100; i++) {
        CHECK(cache_get(cache, i, &block) == -EAGAIN, "block %u is read", i);
        fake_disk_run();
    }
    for (unsigned i = 100; i < 132; i++)
        use(i);
    unsigned reads = fake_disk.reads;
    for (unsigned i = 116; i < 132; i++)
        use(i);
    CHECK(fake_disk.reads == reads, "the blocks that are used are all here");
}

/* ---- Waiting ------------------------------------------------------------ */

struct waiter {
    struct event_work work;
    uint64_t number;
    unsigned woken, got, failed;
    bool leaves;                /* wants nothing any more when woken */
    bool keeps;                 /* keeps what it got pinned */
    struct cache_block *block;
};

static void try(struct waiter *w)
{
    int error = cache_get(cache, w->number, &w->block);

    if (error == -EAGAIN) {
        cache_wait(cache, &w->work);
        return;
    }
    CHECK(error == 0 || error == -EIO, "it is here or could not be read");
    w->failed += error != 0;
    if (error != 0)
        return;
    w->got++;
    check_block(w->block, w->number);
    if (!w->keeps)
        cache_put(cache, w->block);
}

static void wake(struct event_work *work)
{
    struct waiter *w = container_of(work, struct waiter, work);

    w->woken++;
    if (!w->leaves)
        try(w);
}

static struct waiter *waiter(uint64_t number)
{
    struct waiter *w = calloc(1, sizeof *w);

    w->work.run = wake;
    w->number = number;
    return w;
}

TEST(test_who_waits_is_woken_when_its_own_block_is_here)
{
    struct waiter *w[8];

    open_cache(100 * IN_BLOCK, 16);
    fake_disk.by_hand = true;
    for (unsigned i = 0; i < 8; i++) {
        w[i] = waiter(i / 2); /* two for each block */
        try(w[i]);
    }
    CHECK(fake_disk.held == 4, "four blocks are read");
    fake_disk_finish(2);
    fake_disk_run();
    for (unsigned i = 0; i < 8; i++) {
        unsigned wanted = i / 2 == 2;
        CHECK(w[i]->woken == wanted && w[i]->got == wanted,
              "who waits for block 2 is woken once and has it, and nobody "
              "else: waiter %u for block %u was woken %u times", i, i / 2,
              w[i]->woken);
    }
}

TEST(test_who_waits_for_a_block_that_fails_is_woken_too)
{
    struct waiter *w[5];

    open_cache(100 * IN_BLOCK, 16);
    fake_disk.bad[0] = true;
    for (unsigned i = 0; i < 5; i++) {
        w[i] = waiter(0);
        try(w[i]);
    }
    fake_disk_run();
    for (unsigned i = 0; i < 5; i++)
        CHECK(w[i]->failed == 1, "waiter %u is told", i);
    check_invariants();
}

static void pin_all(struct cache_block **pinned)
{
    for (unsigned i = 0; i < 16; i++)
        pinned[i] = get(i);
}

TEST(test_when_everything_is_pinned_each_block_put_wakes_one)
{
    struct cache_block *pinned[16];
    struct waiter *w[20];

    open_cache(200 * IN_BLOCK, 16);
    pin_all(pinned);
    for (unsigned i = 0; i < 20; i++) {
        w[i] = waiter(100 + i);
        w[i]->keeps = true;
        try(w[i]);
    }
    CHECK(fake_disk.reads == 16, "nothing can be read");
    for (unsigned i = 0; i < 16; i++) {
        cache_put(cache, pinned[i]);
        fake_disk_run();
        check_invariants();
        CHECK(w[i]->got == 1, "waiter %u has its block", i);
        for (unsigned j = i + 1; j < 20; j++)
            CHECK(w[j]->woken == 0, "block %u was put, and waiter %u woken for "
                  "nothing", i, j);
    }
    for (unsigned i = 0; i < 20; i++) {
        w[i]->leaves = true;
        if (w[i]->got)
            cache_put(cache, w[i]->block);
    }
    fake_disk_run();
    for (unsigned i = 0; i < 20; i++)
        CHECK(w[i]->woken == (i < 16 ? 2 : 1), "waiter %u was woken", i);
}

TEST(test_a_block_that_who_is_woken_does_not_want_goes_to_the_next)
{
    struct cache_block *pinned[16];
    struct waiter *w[5];

    open_cache(200 * IN_BLOCK, 16);
    pin_all(pinned);
    for (unsigned i = 0; i < 5; i++) {
        w[i] = waiter(100 + i);
        w[i]->keeps = true;
        try(w[i]);
        w[i]->leaves = i < 3;
    }
    cache_put(cache, pinned[3]);
    fake_disk_run();
    CHECK(w[3]->got == 1, "three did not want it, the fourth has it");
    CHECK(w[4]->woken == 0, "the fifth was not woken for nothing");
    check_invariants();
}

TEST(test_a_waiter_that_is_late_is_woken_at_once)
{
    struct waiter *w = waiter(1);
    struct cache_block *block;

    open_cache(200 * IN_BLOCK, 16);
    CHECK(cache_get(cache, 1, &block) == -EAGAIN, "it is being read");
    fake_disk_run();
    cache_wait(cache, &w->work);
    fake_disk_run();
    CHECK(w->got == 1, "it is woken and has it");
}

TEST(test_who_waits_waits_for_what_was_asked_for_last)
{
    struct waiter *w = waiter(1);
    struct cache_block *block;

    open_cache(200 * IN_BLOCK, 16);
    fake_disk.by_hand = true;
    CHECK(cache_get(cache, 1, &block) == -EAGAIN, "block 1 is being read");
    CHECK(cache_get(cache, 2, &block) == -EAGAIN, "block 2 as well");
    CHECK(cache_get(cache, 1, &block) == -EAGAIN, "block 1 still");
    cache_wait(cache, &w->work);
    fake_disk_finish(1);
    fake_disk_run();
    CHECK(w->woken == 0, "block 2 is here: that is not what it waits for");
    fake_disk_finish(0);
    fake_disk_run();
    CHECK(w->got == 1, "block 1 is");
}

TEST(test_who_begins_to_wait_when_there_is_room_again_is_woken_at_once)
{
    struct cache_block *pinned[16], *block;
    struct waiter *w = waiter(100);

    open_cache(200 * IN_BLOCK, 16);
    pin_all(pinned);
    CHECK(cache_get(cache, 100, &block) == -EAGAIN, "everything is pinned");
    cache_put(cache, pinned[0]);
    cache_wait(cache, &w->work);
    fake_disk_run();
    CHECK(w->got == 1, "it is woken and has it");
}

TEST(test_to_wait_with_work_that_others_have_posted_is_our_own_fault)
{
    struct waiter *w = waiter(1);
    struct cache_block *block;

    open_cache(200 * IN_BLOCK, 16);
    CHECK(cache_get(cache, 1, &block) == -EAGAIN, "it is being read");
    event_post(&w->work);
    unit_expect_panic("does not hold");
    cache_wait(cache, &w->work);
}

/* ---- How large it is ---------------------------------------------------- */

TEST(test_a_cache_has_at_least_its_least_number_of_blocks)
{
    struct block_dev *dev = fake_disk_add(100 * IN_BLOCK);

    CHECK(cache_open(dev, CACHE_BLOCKS_MIN - 1, &cache) == -EINVAL,
          "15 blocks are too few");
    CHECK(cache_open(dev, CACHE_BLOCKS_MIN, &cache) == 0, "16 are enough");
    CHECK(cache_usage(cache).blocks == 16, "and 16 there are");
}

TEST(test_a_cache_is_as_large_as_the_machine_s_memory_allows)
{
    static const struct { size_t total, used, blocks; } table[] = {
        { 16384, 400, 7472 },           /* 64 MiB: half, nearly */
        { 4096, 400, 1328 },            /* 16 MiB */
        { 2048, 800, 312 },             /* 8 MiB: a quarter */
        { 1536, 1400, 34 },
        { 1536, 1530, 16 },
        { 6 << 18, 1000, 32768 },       /* 6 GiB */
    };
    struct block_dev *dev = fake_disk_add(100 * IN_BLOCK);

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        fake_pages_total = table[i].total;
        fake_pages_used = table[i].used;
        CHECK(cache_open(dev, 0, &cache) == 0, "it is made");
        CHECK(cache_usage(cache).blocks == table[i].blocks,
              "with %zu of %zu pages in use it has %zu blocks, here %zu",
              table[i].used, table[i].total, table[i].blocks,
              cache_usage(cache).blocks);
        CHECK((size_t)1 << cache->chains_log >= table[i].blocks,
              "it has as many chains as blocks, so that they stay short");
    }
}

TEST(test_a_cache_is_smaller_when_memory_is_in_pieces)
{
    struct block_dev *dev = fake_disk_add(100 * IN_BLOCK);

    fake_pages_in_a_row = 1000;
    CHECK(cache_open(dev, 0, &cache) == 0, "it is made");
    CHECK(cache_usage(cache).blocks == 960,
          "of an eighth of what there might be, in whole runs; here %zu",
          cache_usage(cache).blocks);
    CHECK(cache_open(dev, 1001, &cache) == -ENOMEM,
          "but who wants 1001 gets these or none");
    fake_pages_in_a_row = 15;
    CHECK(cache_open(dev, 0, &cache) == -ENOMEM, "15 blocks are none");
}

TEST(test_a_cache_that_can_not_be_made_leaves_no_memory_behind)
{
    struct block_dev *dev = fake_disk_add(100 * IN_BLOCK);

    for (unsigned i = 0; i < 4; i++) {
        fake_memory_fail_after(i);
        CHECK(cache_open(dev, 16, &cache) == -ENOMEM,
              "without allocation %u there is no cache", i);
        CHECK(fake_memory_out() == 0, "%zu blocks of memory are left",
              fake_memory_out());
    }
}

TEST(test_nothing_is_allocated_once_the_cache_is_open)
{
    open_cache(500 * IN_BLOCK, 16);
    size_t out = fake_memory_out();
    fake_memory_fail_after(0);
    for (unsigned i = 0; i < 500; i++)
        use(i);
    CHECK(fake_memory_out() == out, "it is what it was");
}

/* ---- In order ----------------------------------------------------------- */

enum { RUNS = 64, LARGE = RUNS * CACHE_RUN_MAX };

static struct cache_block *get_run(uint64_t number, size_t count, unsigned how)
{
    struct cache_block *block;
    int error;

    while ((error = cache_get_run(cache, number, count, how, &block)) ==
           -EAGAIN) {
        check_invariants();
        fake_disk_run();
    }
    CHECK(error == 0, "block %llu is given, here %d",
          (unsigned long long)number, error);
    check_block(block, number);
    CHECK(memcmp(block->data,
                 fake_disk.bytes + number * CACHE_BLOCK_SIZE,
                 block->together) == 0, "all that it holds is the disk's");
    check_invariants();
    return block;
}

static size_t prefetch(uint64_t number, size_t count, unsigned how)
{
    bool begun = false;
    size_t here = cache_prefetch(cache, number, count, how, &begun);

    CHECK(here <= count, "no more than was asked for");
    check_invariants();
    return here;
}

TEST(test_a_run_is_read_by_one_request_and_held_by_one_pin)
{
    open_cache(400 * IN_BLOCK, LARGE);
    struct cache_block *block = get_run(37, 100, 0);

    CHECK(fake_disk.reads == 1, "one request, here %u", fake_disk.reads);
    CHECK(block->together == 11 * CACHE_BLOCK_SIZE,
          "blocks 37 to 47 are held, here %u bytes", block->together);
    CHECK(cache_usage(cache).pinned == 16, "with it all of the run");
    struct cache_block *other = get(32);
    cache_put(cache, block);
    CHECK(cache_usage(cache).pinned == 16, "another pin holds it as well");
    cache_put(cache, other);
    CHECK(cache_usage(cache).pinned == 0, "and now nothing does");
}

TEST(test_a_run_is_not_read_for_less_than_half_of_it_nor_beyond_the_disk)
{
    open_cache(72 * IN_BLOCK + 3, LARGE);
    CHECK(get_run(3, 7, 0)->together == CACHE_BLOCK_SIZE, "seven are few");
    CHECK(get_run(41, 9, 0)->together == CACHE_BLOCK_SIZE,
          "seven of them are in this run");
    CHECK(get_run(16, 8, 0)->together == 16 * CACHE_BLOCK_SIZE,
          "eight are enough");
    CHECK(get_run(64, 9, 0)->together == CACHE_BLOCK_SIZE,
          "the last one is no whole run");
    CHECK(get_run(72, 1, 0)->together == 3 * BLOCK_SECTOR_SIZE,
          "and the last block no whole block");
    CHECK(prefetch(73, 5, 0) == 0, "behind it there is nothing");
}

TEST(test_a_disk_that_takes_short_requests_gets_short_runs)
{
    struct block_dev *dev = fake_disk_add(400 * IN_BLOCK);
    static const struct { uint32_t piece, len; unsigned run; } table[] = {
        { 4096, UINT32_MAX, 1 },
        { UINT32_MAX, 10000, 2 },
        { 65535, UINT32_MAX, 8 },
        { 65536, 65536, 16 },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        dev->piece_len_max = table[i].piece;
        dev->len_max = table[i].len;
        CHECK(cache_open(dev, LARGE, &cache) == 0, "it is made");
        CHECK(cache_usage(cache).run == table[i].run, "runs of %u, here %zu",
              table[i].run, cache_usage(cache).run);
        cache_put(cache, get_run(64, 100, 0));
    }
}

TEST(test_in_a_run_that_fails_only_the_bad_block_fails_and_runs_are_let_be)
{
    struct cache_block *block;

    open_cache(400 * IN_BLOCK, LARGE);
    fake_disk.bad[37 * IN_BLOCK + 1] = true;
    for (unsigned i = 32; i < 48; i++) {
        if (i != 37)
            cache_put(cache, get_run(i, 48 - i, 0));
    }
    CHECK(fake_disk.reads == 17, "a run, and each of it by itself; here %u",
          fake_disk.reads);
    CHECK(cache_usage(cache).errors == 1, "one error is counted");
    for (unsigned i = 1; i <= 3; i++) {
        prefetch(37, 11, CACHE_URGENT);
        CHECK(cache_get(cache, 37, &block) == -EAGAIN, "it is waited for");
        fake_disk_run();
        CHECK(fake_disk.reads == 17 + i, "only the bad block is tried again");
        CHECK(cache_get(cache, 37, &block) == -EIO, "and fails again");
        check_invariants();
    }
}

TEST(test_an_error_that_was_met_ahead_is_not_told_to_who_asks_later)
{
    static const struct { unsigned bad, first, count; } table[] = {
        { 37, 32, 16 },
        { 101, 101, 1 },
    };

    open_cache(400 * IN_BLOCK, LARGE);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        fake_disk.bad[table[i].bad * IN_BLOCK + 1] = true;
        prefetch(table[i].first, table[i].count, 0);
        fake_disk_run();
        check_invariants();
        CHECK(cache_usage(cache).errors == i + 1, "it is counted");
        CHECK(cache_usage(cache).ahead == 0, "it isn't kept");
        fake_disk.bad[table[i].bad * IN_BLOCK + 1] = false;
        use(table[i].bad);
    }
}

TEST(test_a_disk_that_breaks_while_runs_are_read_fails_all_of_their_blocks)
{
    struct cache_block *block;

    open_cache(400 * IN_BLOCK, LARGE);
    fake_disk.by_hand = true;
    for (unsigned i = 0; i < 10; i++)
        CHECK(prefetch(16 * i, 16, 0) == 16, "a run is begun");
    fake_disk.broken = true;
    while (fake_disk.held > 0)
        fake_disk_finish(unit_random_below(fake_disk.held));
    check_invariants();
    for (unsigned i = 0; i < 160; i++)
        CHECK(cache_get(cache, i, &block) == -EIO, "block %u failed", i);
    CHECK(prefetch(200, 16, 0) == 0, "nothing is begun any more");
}

TEST(test_what_is_read_ahead_is_no_more_than_half_of_the_cache)
{
    unsigned runs = 0;

    open_cache(8 * LARGE * IN_BLOCK, LARGE);
    while (prefetch(16 * runs, 16, 0) == 16) {
        runs++;
        fake_disk_run();
    }
    CHECK(runs == RUNS / 2, "%u runs, here %u", RUNS / 2, runs);
    CHECK(prefetch(16 * runs, 16, CACHE_URGENT) == 16,
          "but what is wanted now is read");
    cache_put(cache, get(0));
    CHECK(prefetch(16 * runs + 16, 16, 0) == 16, "one is used: one more");
    for (unsigned i = 0; i < LARGE; i++) /* left behind by those who went */
        use(4 * LARGE + i);
    CHECK(prefetch(2 * LARGE, 16, 0) == 16, "what is old gives way");
}

TEST(test_who_asks_for_a_block_has_a_bounded_number_read_ahead_before_it)
{
    struct cache_block *block;
    unsigned runs = 0;

    open_cache(8 * LARGE * IN_BLOCK, LARGE);
    fake_disk.by_hand = true;
    while (prefetch(16 * runs, 16, 0) == 16)
        runs++;
    CHECK(runs == 16, "a MiB, here %u runs", runs);
    CHECK(cache_get(cache, 4000, &block) == -EAGAIN &&
              prefetch(5000, 16, CACHE_URGENT) > 0 && fake_disk.held == 18,
          "what is wanted now is read besides");
    while (cache_usage(cache).reading >= CACHE_READING_MAX)
        fake_disk_finish(0);
    CHECK(prefetch(16 * runs, 16, 0) == 16 &&
              prefetch(16 * runs + 16, 16, 0) == 0,
          "there is room for one more");
    while (fake_disk.held > 0)
        fake_disk_finish(0);
    fake_disk.by_hand = false;
    fake_disk_run();
}

TEST(test_reading_ahead_breaks_no_promise_and_takes_nothing_that_is_pinned)
{
    struct cache_block *block;

    open_cache(4 * LARGE * IN_BLOCK, LARGE);
    for (unsigned i = 0; i < LARGE; i++) {
        int error = cache_get(cache, 2 * i, &block);
        CHECK(error == -EAGAIN, "block %u is promised", 2 * i);
    }
    CHECK(prefetch(3000, 16, CACHE_URGENT) == 0, "all is being read");
    fake_disk_run();
    CHECK(prefetch(3000, 16, CACHE_URGENT) == 0, "all is promised");
    for (unsigned i = 0; i < LARGE; i++)
        CHECK(cache_get(cache, 2 * i, &block) == 0, "block %u is here", 2 * i);
    CHECK(prefetch(3000, 16, CACHE_URGENT) == 0, "all is pinned");
}

static unsigned pass(unsigned blocks)
{
    unsigned before = fake_disk.reads;

    for (unsigned i = 0; i < blocks; i += 16)
        cache_put(cache, get_run(i, blocks - i, CACHE_PASSING));
    return fake_disk.reads - before;
}

TEST(test_what_is_larger_than_the_cache_pushes_out_little_and_partly_stays)
{
    unsigned reads = 0;

    open_cache(8 * LARGE * IN_BLOCK, LARGE);
    for (unsigned i = 0; i < 20; i++)
        use(7 * LARGE + 16 * i);
    for (unsigned i = 0; i < 20; i++)
        reads = pass(2 * LARGE);
    CHECK(reads < 2 * RUNS * 3 / 4, "of %u runs, of which half would fit, %u "
          "are read each time", 2 * RUNS, reads);
    unsigned before = fake_disk.reads;
    for (unsigned i = 0; i < 5; i++)
        for (unsigned k = 0; k < 4; k++)
            use(6 * LARGE + i);
    for (unsigned i = 0; i < 5; i++)
        use(6 * LARGE + i);
    pass(LARGE / 2);
    CHECK(fake_disk.reads - before < 5 + RUNS / 2, "what is new stays too");
}

TEST(test_places_are_runs_and_single_blocks_by_turns_as_they_are_wanted)
{
    open_cache(8 * LARGE * IN_BLOCK, LARGE);
    for (unsigned turn = 0; turn < 3; turn++) {
        for (unsigned i = 0; i < LARGE; i++)
            use(2 * i + 2 * LARGE);
        for (unsigned i = 0; i < RUNS; i++) {
            struct cache_block *block = get_run(6 * LARGE + 16 * i, 16, 0);
            CHECK(block->together == 16 * CACHE_BLOCK_SIZE,
                  "run %u is one, though all was full of single blocks", i);
            cache_put(cache, block);
        }
        unsigned before = fake_disk.reads;
        for (unsigned i = 0; i < LARGE; i++)
            use(6 * LARGE + i);
        CHECK(fake_disk.reads == before, "and all of them are here");
    }
}

TEST(test_a_block_that_stands_in_the_way_of_a_run_comes_back_with_it)
{
    open_cache(400 * IN_BLOCK, LARGE);
    use(40);
    CHECK(get_run(32, 16, 0)->together == 16 * CACHE_BLOCK_SIZE, "a run");
    struct cache_block *pinned = get(56);
    CHECK(get_run(48, 16, 0)->together == CACHE_BLOCK_SIZE,
          "not over one that is pinned");
    check_block(pinned, 56);
}

/* ---- At random ---------------------------------------------------------- */

enum { USERS = 40, DISK_BLOCKS = 600 };

static struct user {
    struct event_work work;
    bool waits;
    uint64_t number;
    struct cache_block *block;
} users[USERS];
static unsigned disk_blocks;

static void user_woken(struct event_work *work)
{
    container_of(work, struct user, work)->waits = false;
}

/* What is pinned has the disk's bytes; who waits waits for something. */
static void check_users(void)
{
    unsigned waiting = 0, pinned = 0;

    for (unsigned i = 0; i < USERS; i++) {
        if (users[i].block)
            check_block(users[i].block, users[i].number);
        waiting += users[i].waits;
        pinned += users[i].block != NULL;
    }
    CHECK(waiting == 0 || pinned > 0 || fake_disk.held > 0 ||
              event_loop.ready > 0,
          "%u wait, and nothing is going on", waiting);
}

static void user_acts(struct user *user)
{
    if (user->waits)
        return;
    if (user->block) {
        cache_put(cache, user->block);
        user->block = NULL;
        return;
    }
    if (unit_random_below(3) > 0) /* else: what it was told to wait for */
        user->number = unit_random_below(disk_blocks);
    unsigned count = 1 + unit_random_below(20), how = unit_random_below(4);
    bool begun;
    if (unit_random_below(4) == 0)
        cache_prefetch(cache, unit_random_below(DISK_BLOCKS + 9), count, how,
                       &begun);
    int error = cache_get_run(cache, user->number, count, how, &user->block);
    if (error == -EAGAIN && unit_random_below(4) > 0) {
        user->waits = true;
        cache_wait(cache, &user->work);
    }
    if (error != 0)
        user->block = NULL;
    CHECK(error == 0 || error == -EAGAIN || error == -EIO,
          "cache_get() gives it, or -EAGAIN, or -EIO; here %d", error);
}

static void act_at_random(size_t blocks, unsigned on_disk)
{
    disk_blocks = on_disk;
    open_cache(on_disk * IN_BLOCK - 3, blocks);
    fake_disk.by_hand = true;
    fake_disk.room = 5;
    for (unsigned i = 0; i < USERS; i++)
        users[i].work.run = user_woken;
    for (unsigned n = 0; n < 20000; n++) {
        unsigned dice = unit_random_below(10);

        if (dice < 6)
            user_acts(&users[unit_random_below(USERS)]);
        else if (dice < 8 && fake_disk.held > 0)
            fake_disk_finish(unit_random_below(fake_disk.held));
        else if (dice == 8)
            event_run_once(0);
        else if (unit_random_below(20) == 0)
            fake_disk.bad[unit_random_below(on_disk * IN_BLOCK - 3)] ^= 1;
        check_users();
        if (n % 16 == 0)
            check_invariants();
    }
    /* All go home: nobody may be left waiting. */
    fake_disk.by_hand = false;
    for (unsigned i = 0; i < USERS; i++)
        if (users[i].block)
            cache_put(cache, users[i].block);
    while (fake_disk.held > 0)
        fake_disk_finish(0);
    fake_disk_run();
    for (unsigned i = 0; i < USERS; i++)
        CHECK(!users[i].waits, "user %u still waits for block %llu", i,
              (unsigned long long)users[i].number);
    check_invariants();
}

TEST(test_at_random_nobody_sees_wrong_bytes_or_waits_for_ever)
{
    act_at_random(CACHE_BLOCKS_MIN, 60);
}

TEST(test_at_random_nobody_does_with_runs_of_four_blocks_either)
{
    act_at_random(256, DISK_BLOCKS);
}
