/* SPDX-License-Identifier: MIT */
/*
 * test_heap.c - the heap on a machine of a few MiB, against a model that
 * knows only the contract. The page allocator below is the reference's or the
 * student's, as MINE says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/map.h"
#include "mem/heap.h"
#include "mem/heap_block.h"
#include "mem/pages.h"
#include "unit.h"

/* How the text of a CHECK ends that wanted memory; that wanted none. */
#define GIVEN "; here NULL came"
#define REFUSED ", so NULL was to come; here memory came"

static struct mem_map map;

const struct mem_map *mem_map(void)
{
    return &map;
}

/* As kernel/mem/mem.c starts it. */
static void machine(size_t size)
{
    map.count = 1;
    map.region[0].base = (uintptr_t)unit_memory(size, PAGE_SIZE, 0xa5);
    map.region[0].size = size;
    pages_init(&map);
    heap_init();
}

enum { MIB = 1 << 20 };

static void *checked_alloc(size_t size)
{
    struct heap_usage before = heap_usage();
    uint8_t *block = heap_alloc(size);
    struct heap_usage after = heap_usage();

    if (!block) {
        CHECK(after.bytes == before.bytes && after.blocks == before.blocks,
              "heap_alloc() gave NULL, so nothing more is counted; here from "
              "%zu to %zu bytes and from %zu to %zu blocks", before.bytes,
              after.bytes, before.blocks, after.blocks);
        return NULL;
    }
    CHECK((uintptr_t)block % HEAP_ALIGN == 0, "the address of a payload is a "
          "multiple of %d; here it is %p", HEAP_ALIGN, (void *)block);
    uintptr_t offset = (uintptr_t)block - map.region[0].base;
    CHECK(offset < map.region[0].size && size <= map.region[0].size - offset,
          "%zu bytes lie in this machine's memory; here those at %p do not",
          size, (void *)block);
    CHECK(after.bytes == before.bytes + size &&
              after.blocks == before.blocks + 1,
          "%zu bytes and a block more are counted; here from %zu to %zu bytes "
          "and from %zu to %zu blocks",
          size, before.bytes, after.bytes, before.blocks, after.blocks);
    return block;
}

static void check_nothing_is_out(void)
{
    CHECK(heap_usage().bytes == 0 && heap_usage().blocks == 0,
          "all blocks came back, so 0 bytes in 0 blocks are counted; here %zu "
          "bytes in %zu blocks", heap_usage().bytes, heap_usage().blocks);
    CHECK(pages_usage().used == 0,
          "every page goes back to the page allocator; here %zu did not",
          pages_usage().used);
}

TEST(test_alloc_aligns_and_counts_as_asked_for)
{
    machine(MIB);
    for (size_t size = 0; size < 300; size++)
        CHECK(checked_alloc(size), "%zu bytes are there" GIVEN, size);
    CHECK(heap_usage().blocks == 300, "300 blocks are counted; here %zu",
          heap_usage().blocks);
    CHECK(heap_usage().bytes == 299 * 300 / 2, "%d bytes are counted; "
          "here %zu", 299 * 300 / 2, heap_usage().bytes);
}

enum { COUNT = 400 };
static uint8_t *block[COUNT];

static void write_blocks(void)
{
    machine(2 * MIB);
    for (unsigned i = 0; i < COUNT; i++) {
        block[i] = checked_alloc(i);
        CHECK(block[i], "%u bytes are there" GIVEN, i);
        memset(block[i], (int)i, i);
    }
    for (unsigned i = 0; i < COUNT; i++)
        for (unsigned at = 0; at < i; at++)
            CHECK(block[i][at] == (uint8_t)i,
                  "byte %u of block %u was written as %02x; here it is %02x",
                  at, i, (uint8_t)i, block[i][at]);
}

TEST(test_alloc_gives_blocks_that_do_not_overlap)
{
    write_blocks();
}

TEST(test_free_gives_every_page_back_in_the_end)
{
    write_blocks();
    for (unsigned i = 0; i < COUNT; i++)
        heap_free(block[i]);
    check_nothing_is_out();
}

TEST(test_free_takes_a_block_of_no_bytes)
{
    machine(MIB);
    void *a = checked_alloc(0), *b = checked_alloc(0);

    CHECK(a && b && a != b, "two blocks of no bytes are two blocks; here %p "
          "and %p came", a, b);
    heap_free(a);
    heap_free(b);
    check_nothing_is_out();
}

TEST(test_free_lets_null_pass)
{
    machine(MIB);
    heap_free(NULL);
    check_nothing_is_out();
}

TEST(test_free_blocks_can_be_had_again)
{
    machine(MIB);
    for (unsigned round = 0; round < 10000; round++) {
        void *a = checked_alloc(1000), *b = checked_alloc(100000);

        CHECK(a && b, "round %u: 1000 bytes and 100000 are both there" GIVEN
              " for one of them", round);
        heap_free(a);
        heap_free(b);
    }
    check_nothing_is_out();
}

static void **fill_up(size_t size, size_t *count)
{
    void **block = malloc(MIB / 16 * sizeof(void *));

    for (*count = 0; (block[*count] = checked_alloc(size)); (*count)++)
        CHECK(*count < MIB / 16, "1 MiB has no more than %d blocks; here one "
              "more came", MIB / 16);
    return block;
}

/* 0: as they came, 1: backwards, 2: every other one first, 3: at random. */
static void free_all(void **block, size_t count, unsigned order)
{
    for (size_t i = count; order == 3 && i > 1; i--) {
        size_t other = unit_random_below((uint32_t)i);
        void *keep = block[i - 1];

        block[i - 1] = block[other];
        block[other] = keep;
    }
    for (size_t i = 0; i < count; i++) {
        size_t half = (count + 1) / 2;
        size_t which = order == 1   ? count - 1 - i
                       : order == 2 ? (i < half ? 2 * i : 2 * (i - half) + 1)
                                    : i;

        heap_free(block[which]);
    }
    free(block);
}

TEST(test_free_neighbours_come_together_in_whatever_order)
{
    static const size_t sizes[] = { 1, 40, 100, 1000, 5000, 40000 };

    machine(MIB);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (unsigned order = 0; order < 4; order++) {
            size_t count;
            void **block = fill_up(sizes[i], &count);

            free_all(block, count, order);
            check_nothing_is_out();
            void *large = checked_alloc(MIB - 2 * PAGE_SIZE);

            CHECK(large, "after all was freed, nearly all can be had at once"
                  GIVEN);
            heap_free(large);
        }
}

TEST(test_free_block_in_full_memory_can_be_had_again)
{
    size_t count;

    machine(MIB);
    void **block = fill_up(1000, &count);

    for (size_t i = 0; i < count; i += 10) {
        heap_free(block[i]);
        CHECK(checked_alloc(1000), "1000 bytes fit where 1000 bytes were"
              GIVEN);
        CHECK(!checked_alloc(1000), "and then memory is full again" REFUSED);
    }
    free(block);
}

TEST(test_free_blocks_side_by_side_are_one_hole)
{
    size_t count;

    machine(MIB);
    void **block = fill_up(1000, &count);

    /* Blocks that came one after the other lie, but for a few, one beside
     * the other. */
    for (size_t i = count / 3; i < count / 3 + 150; i++)
        heap_free(block[i]);
    CHECK(checked_alloc(15000), "15000 bytes in a row fit somewhere where 150 "
                                "times 1000 were" GIVEN);
}

TEST(test_alloc_of_small_blocks_costs_little)
{
    size_t count;

    machine(MIB);
    free(fill_up(64, &count));
    CHECK(count > MIB / 128,
          "of 1 MiB more than half serves blocks of 64 "
          "bytes: above %d; here %zu",
          MIB / 128, count);
}

TEST(test_alloc_of_large_blocks_costs_little)
{
    size_t count;

    machine(MIB);
    free(fill_up(100000, &count));
    CHECK(count >= 9, "9 times 100000 bytes fit in 1 MiB; here %zu", count);
}

TEST(test_free_large_block_leaves_its_pages)
{
    machine(MIB);
    size_t used = pages_usage().used;
    void *large = checked_alloc(500000), *small = checked_alloc(10);
    size_t both = pages_usage().used;

    heap_free(large);
    CHECK(pages_usage().used <= both - 500000 / PAGE_SIZE,
          "the pages of 500000 bytes are free for others, so of %zu pages at "
          "most %zu are used; here %zu", both, both - 500000 / PAGE_SIZE,
          pages_usage().used);
    heap_free(small);
    CHECK(pages_usage().used == used, "at the end %zu pages are used, as at "
          "the beginning; here %zu", used, pages_usage().used);
}

static const size_t too_large[] = {
    MIB,           100 * MIB,     SIZE_MAX / 2,  SIZE_MAX - PAGE_SIZE,
    SIZE_MAX - 64, SIZE_MAX - 47, SIZE_MAX - 32, SIZE_MAX - 16,
    SIZE_MAX - 1,  SIZE_MAX,
};
enum { TOO_LARGE = sizeof(too_large) / sizeof(too_large[0]) };

TEST(test_alloc_of_more_than_there_is_gives_null)
{
    machine(MIB);
    for (unsigned i = 0; i < TOO_LARGE; i++)
        CHECK(!checked_alloc(too_large[i]), "%zu bytes are not there" REFUSED,
              too_large[i]);
    CHECK(checked_alloc(1000), "1000 bytes are there after all that" GIVEN);
}

TEST(test_array_of_more_than_there_is_gives_null)
{
    machine(MIB);
    for (unsigned i = 0; i < TOO_LARGE; i++)
        CHECK(!heap_alloc_array(too_large[i], 1), "an array of %zu times 1 "
              "byte is not there" REFUSED, too_large[i]);
    CHECK(heap_alloc_array(1000, 1), "1000 bytes are there after all that"
                                     GIVEN);
}

TEST(test_array_is_zeroed_and_does_not_overflow)
{
    machine(MIB);
    uint8_t *dirt = checked_alloc(500);

    memset(dirt, 0xff, 500);
    heap_free(dirt);
    uint8_t *array = heap_alloc_array(10, 50);
    CHECK(array, "500 bytes are there" GIVEN);
    for (unsigned i = 0; i < 500; i++)
        CHECK(array[i] == 0, "byte %u of an array is 0 at first; here %u", i,
              array[i]);
    CHECK(heap_usage().bytes == 500, "500 bytes are counted; here %zu",
          heap_usage().bytes);

    static const size_t factors[][2] = {
        { SIZE_MAX / 2 + 2, 2 }, { 2, SIZE_MAX / 2 + 2 },
        { 1ul << 32, 1ul << 32 }, { (1ul << 60) + 8, 16 },
        { 16, (1ul << 60) + 8 },
    };
    for (unsigned i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
        CHECK(!heap_alloc_array(factors[i][0], factors[i][1]), "%zu times %zu "
              "bytes do not fit a size_t" REFUSED, factors[i][0],
              factors[i][1]);
    CHECK(!heap_alloc_array((1ul << 32) + 1, (1ul << 32) - 1), "2^64 - 1 bytes "
          "are not there" REFUSED);

    void *empty = heap_alloc_array(0, 8), *other = heap_alloc_array(8, 0);
    CHECK(empty && other, "an array of nothing is a block; here %p and %p "
          "came", empty, other);
    heap_free(empty);
    heap_free(other);
    heap_free(array);
    check_nothing_is_out();
}

static void check_bytes(const uint8_t *block, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++)
        CHECK(block[i] == (uint8_t)(i * 7), "byte %zu of a block %s is kept, "
              "%02x; here it is %02x", i, what, (uint8_t)(i * 7), block[i]);
}

static void write_bytes(uint8_t *block, size_t n)
{
    for (size_t i = 0; i < n; i++)
        block[i] = (uint8_t)(i * 7);
}

TEST(test_realloc_keeps_what_fits)
{
    static const size_t sizes[] = { 0, 1, 16, 17, 100, 1000, 5000, 70000 };
    const unsigned count = sizeof(sizes) / sizeof(sizes[0]);

    machine(MIB);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < count; j++) {
            size_t from = sizes[i], to = sizes[j];
            uint8_t *block = checked_alloc(from);

            write_bytes(block, from);
            block = heap_realloc(block, to);
            CHECK(block, "from %zu to %zu bytes: there is room" GIVEN, from,
                  to);
            CHECK(heap_usage().bytes == to && heap_usage().blocks == 1,
                  "%zu bytes in a block; here %zu in %zu", to,
                  heap_usage().bytes, heap_usage().blocks);
            check_bytes(block, from < to ? from : to, "that was resized");
            write_bytes(block, to);
            heap_free(block);
            check_nothing_is_out();
        }
}

TEST(test_realloc_that_grows_step_by_step_among_others)
{
    machine(4 * MIB);
    uint8_t *block = NULL, *others[200];

    for (size_t size = 0; size < 200; size++) {
        block = heap_realloc(block, size * 37);
        CHECK(block, "%zu bytes are there" GIVEN, size * 37);
        check_bytes(block, size ? (size - 1) * 37 : 0, "that grew");
        write_bytes(block, size * 37);
        others[size] = checked_alloc(size % 50);
        memset(others[size], 0xee, size % 50);
    }
    for (size_t i = 0; i < 200; i++)
        heap_free(others[i]);
    check_bytes(block, 199 * 37, "whose neighbours went");
    heap_free(block);
    check_nothing_is_out();
}

TEST(test_realloc_that_fails_leaves_the_block_as_it_was)
{
    machine(MIB);
    uint8_t *block = checked_alloc(600000);

    write_bytes(block, 600000);
    for (unsigned i = 0; i < TOO_LARGE; i++) {
        CHECK(!heap_realloc(block, too_large[i]), "%zu bytes are not there"
              REFUSED, too_large[i]);
        CHECK(heap_usage().bytes == 600000 && heap_usage().blocks == 1,
              "a block that could not grow to %zu bytes is still counted, with "
              "its 600000 bytes; here %zu bytes in %zu blocks are",
              too_large[i], heap_usage().bytes, heap_usage().blocks);
    }
    check_bytes(block, 600000, "that could not grow");
    heap_free(block);
    check_nothing_is_out();
}

TEST(test_realloc_that_shrinks_leaves_room_for_others)
{
    machine(MIB);
    void *block = heap_realloc(checked_alloc(900000), 1000);

    CHECK(block, "less is always there" GIVEN);
    CHECK(checked_alloc(600000), "what it no longer needs is to be had" GIVEN);
}

TEST(test_realloc_of_null_allocates)
{
    machine(MIB);
    void *block = heap_realloc(NULL, 100);

    CHECK(block && heap_usage().bytes == 100, "heap_realloc(NULL, 100) gives a "
          "block, and 100 bytes are counted; here %p came, and %zu are", block,
          heap_usage().bytes);
    heap_free(block);
    check_nothing_is_out();
}

/* ---- Faults of ours ----------------------------------------------------- */

TEST(test_fault_of_a_block_freed_twice)
{
    machine(MIB);
    void *block = checked_alloc(100);

    checked_alloc(100);
    heap_free(block);
    unit_expect_panic("free");
    heap_free(block);
}

TEST(test_fault_of_a_block_freed_twice_that_has_joined_another)
{
    machine(MIB);
    void *a = checked_alloc(100), *b = checked_alloc(100);

    checked_alloc(100);
    heap_free(a);
    heap_free(b);
    unit_expect_panic("free");
    heap_free(b);
}

TEST(test_fault_of_a_block_freed_twice_whose_pages_have_gone)
{
    machine(MIB);
    void *block = checked_alloc(100);

    heap_free(block);
    unit_expect_panic("");
    heap_free(block);
}

TEST(test_fault_of_a_large_block_freed_twice)
{
    machine(MIB);
    void *block = checked_alloc(300000);

    heap_free(block);
    unit_expect_panic("");
    heap_free(block);
}

TEST(test_realloc_notices_a_block_that_was_freed)
{
    machine(MIB);
    void *block = checked_alloc(100);

    checked_alloc(100);
    heap_free(block);
    unit_expect_panic("");
    heap_realloc(block, 50);
}

TEST(test_fault_of_a_pointer_into_a_block)
{
    machine(MIB);
    char *block = checked_alloc(300);

    memset(block, 'x', 300);
    unit_expect_panic("");
    heap_free(block + 64);
}

TEST(test_fault_of_a_pointer_that_is_not_aligned)
{
    machine(MIB);
    char *block = checked_alloc(300);

    unit_expect_panic("");
    heap_free(block + 1);
}

TEST(test_fault_of_a_pointer_to_elsewhere)
{
    static char elsewhere[64] __attribute__((aligned(16)));

    machine(MIB);
    checked_alloc(300);
    unit_expect_panic("");
    heap_free(elsewhere + 32);
}

TEST(test_fault_of_the_first_byte_of_memory)
{
    machine(MIB);
    checked_alloc(300);
    unit_expect_panic("");
    heap_free((void *)map.region[0].base);
}

TEST(test_fault_of_a_block_written_beyond_its_end)
{
    machine(MIB);
    char *block = checked_alloc(96);

    checked_alloc(96);
    memset(block, 'x', 96 + 64);
    unit_expect_panic("");
    heap_free(block);
}

/* ---- Random ------------------------------------------------------------- */

struct piece {
    uint8_t *block;
    size_t size;
    uint8_t fill;
};

static void check_piece(const struct piece *piece, size_t size)
{
    for (size_t i = 0; i < size; i++)
        CHECK(piece->block[i] == piece->fill,
              "byte %zu of a block of %zu was written as %02x; here it is "
              "%02x", i, piece->size, piece->fill, piece->block[i]);
}

static size_t random_size(void)
{
    static const uint32_t limits[] = { 2, 40, 40, 300, 300, 5000, 100000 };

    return unit_random_below(limits[unit_random_below(7)]);
}

/* Gives the piece another size; false if there was no room. */
static bool resize(struct piece *piece, size_t size)
{
    uint8_t *block = heap_realloc(piece->block, size);

    if (!block) {
        check_piece(piece, piece->size);
        return false;
    }
    piece->block = block;
    check_piece(piece, size < piece->size ? size : piece->size);
    piece->size = size;
    memset(block, piece->fill, size);
    return true;
}

static void call_at_random(void)
{
    enum { PIECES = 300 };
    static struct piece out[PIECES];
    unsigned pieces = 0, refused = 0;
    size_t bytes = 0;

    machine(MIB);
    for (unsigned round = 0; round < 25000; round++) {
        unsigned what = unit_random_below(10);
        unsigned which = pieces ? unit_random_below(pieces) : 0;

        if (pieces > 0 && (what < 4 || pieces == PIECES)) {
            check_piece(&out[which], out[which].size);
            heap_free(out[which].block);
            bytes -= out[which].size;
            out[which] = out[--pieces];
        } else if (pieces > 0 && what < 6) {
            bytes -= out[which].size;
            refused += !resize(&out[which], random_size());
            bytes += out[which].size;
        } else {
            struct piece new = { NULL, random_size(), (uint8_t)round };

            new.block = checked_alloc(new.size);
            if (!new.block) {
                refused++;
                continue;
            }
            memset(new.block, new.fill, new.size);
            bytes += new.size;
            out[pieces++] = new;
        }
        CHECK(heap_usage().bytes == bytes && heap_usage().blocks == pieces,
              "%zu bytes in %u blocks are out; here %zu in %zu", bytes, pieces,
              heap_usage().bytes, heap_usage().blocks);
    }
    while (pieces-- > 0) {
        check_piece(&out[pieces], out[pieces].size);
        heap_free(out[pieces].block);
    }
    check_nothing_is_out();
    printf("(%u of 50000 found no room)\n", refused);
}

/* Each test has numbers of its own, and a limit of its own on its time. */
TEST(test_random_calls_agree_with_a_model)
{
    call_at_random();
}

TEST(test_random_calls_agree_with_a_model_once_more)
{
    call_at_random();
}
