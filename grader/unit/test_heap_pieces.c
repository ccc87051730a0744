/* SPDX-License-Identifier: MIT */
/*
 * test_heap_pieces.c - the pieces that the heap is made of, each by itself, so
 * that one can be tried before the next is written: on one area of which the
 * test decides what it is cut into.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem/heap_block.h"
#include "unit.h"

enum { MIB = 1 << 20, BLOCKS = 8 };
static const size_t AREA_SIZE = HEAP_AREA - sizeof(struct heap_block);

static struct mem_map map;
static struct heap_block *block[BLOCKS];    /* as lay_out() made them */

const struct mem_map *mem_map(void)
{
    return &map;
}

/* An area of the blocks that `kinds` names, 'u' for USED and 'f' for FREE,
 * with their sizes behind it, but for the last, which has the rest. */
static void lay_out(const char *kinds, ...)
{
    va_list sizes;
    size_t before = 0, left = AREA_SIZE;

    map.count = 1;
    map.region[0].base = (uintptr_t)unit_memory(MIB, PAGE_SIZE, 0xa5);
    map.region[0].size = MIB;
    pages_init(&map);
    heap_init();
    struct heap_block *at = heap_area_new(1);
    CHECK(at && at->size == left, "an area of 16 pages is to be had "
          "from pages_alloc(); here there is none of that size");

    va_start(sizes, kinds);
    for (unsigned i = 0; kinds[i]; i++) {
        size_t size = kinds[i + 1] ? va_arg(sizes, size_t) : left;

        block[i] = at;
        at->mark = HEAP_USED;
        at->size = size;
        at->before = before;
        at->asked = size - sizeof(*at);
        if (kinds[i] == 'f')
            heap_bin_put(at);
        before = size;
        left -= size;
        at = (void *)((char *)at + size);
    }
    va_end(sizes);
    at->before = before;        /* the END's */
}

static const char *mark_name(uint64_t mark)
{
    return mark == HEAP_USED ? "USED" : mark == HEAP_FREE ? "FREE" : "neither";
}

static bool in_bin(const struct heap_block *of)
{
    const struct list *head = &heap.bins[heap_bin(of->size)];

    for (const struct list *l = head->next; l != head; l = l->next)
        if (l == (const struct list *)(of + 1))
            return true;
    return false;
}

static unsigned blocks_in_bins(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < HEAP_BINS; i++)
        for (struct list *l = heap.bins[i].next; l != &heap.bins[i];
             l = l->next) {
            CHECK(heap_bin(heap_listed(l)->size) == i, "a block of %zu bytes "
                  "belongs into bin %u; here it is in bin %u",
                  heap_listed(l)->size, heap_bin(heap_listed(l)->size), i);
            count++;
        }
    return count;
}

/* Checks that the area is now cut like that, the sizes behind as above. */
static void check_area(const char *kinds, ...)
{
    struct heap_block *at = block[0];
    size_t before = 0, left = AREA_SIZE;
    unsigned free = 0;
    va_list sizes;

    va_start(sizes, kinds);
    for (unsigned i = 0; kinds[i]; i++) {
        size_t size = kinds[i + 1] ? va_arg(sizes, size_t) : left;
        uint64_t mark = kinds[i] == 'f' ? HEAP_FREE : HEAP_USED;

        CHECK(at->mark == mark, "block %u of the area is %s; here %s", i,
              mark_name(mark), mark_name(at->mark));
        CHECK(at->size == size, "block %u of the area has %zu bytes; here %zu",
              i, size, at->size);
        CHECK(at->before == before, "block %u of the area says that %zu bytes "
              "are before it; here %zu", i, before, at->before);
        if (mark == HEAP_FREE) {
            CHECK(in_bin(at), "block %u, which is FREE, belongs into the "
                  "bin for its size; here it is not there", i);
            free++;
        }
        before = size;
        left -= size;
        at = heap_after(at);
    }
    va_end(sizes);
    CHECK(at->mark == HEAP_END && at->before == before, "the END says that "
          "%zu bytes are before it; here %zu", before, at->before);
    CHECK(blocks_in_bins() == free, "%u blocks are in the bins; here %u", free,
          blocks_in_bins());
}

#define SIZE(n) ((size_t)(n))

/* ---- heap_block_size ---------------------------------------------------- */

static void check_size(size_t payload, size_t wanted)
{
    size_t size = heap_block_size(payload);

    CHECK(size == wanted, "a payload of %zu bytes needs a block of %zu; here "
          "%zu", payload, wanted, size);
}

TEST(test_size_of_a_block_has_room_for_head_and_payload)
{
    check_size(100, 144);
    check_size(112, 144);
    check_size(113, 160);
    check_size(5000, 5040);
    check_size(1ul << 40, (1ul << 40) + 32);
}

TEST(test_size_of_a_block_is_never_below_the_least)
{
    check_size(0, HEAP_BLOCK_MIN);
    check_size(1, HEAP_BLOCK_MIN);
    check_size(16, HEAP_BLOCK_MIN);
    check_size(17, 64);
}

TEST(test_size_that_does_not_fit_a_size_t_is_none)
{
    check_size(SIZE_MAX, 0);
    check_size(SIZE_MAX - 31, 0);
    check_size(SIZE_MAX - 46, 0);
    check_size(SIZE_MAX - 47, SIZE_MAX - 15);
}

/* ---- heap_find ---------------------------------------------------------- */

static void check_found(size_t size, unsigned wanted)
{
    struct heap_block *found = heap_find(size);

    CHECK(found == block[wanted], "for %zu bytes, block %u with its %zu bytes "
          "is the first that will do; here %s", size, wanted,
          block[wanted]->size, found ? "it is another" : "there is none");
}

TEST(test_find_takes_a_block_that_is_large_enough_out_of_its_bin)
{
    lay_out("ufu", SIZE(64), SIZE(256));
    check_found(256, 1);
    CHECK(blocks_in_bins() == 0, "a block that was taken is in no bin "
          "any more; here there are %u in the bins", blocks_in_bins());
}

TEST(test_find_goes_on_to_larger_blocks)
{
    lay_out("ufu", SIZE(64), SIZE(4096));
    check_found(48, 1);
}

TEST(test_find_passes_by_what_is_too_small_in_the_same_bin)
{
    lay_out("ufufufu", SIZE(64), SIZE(352), SIZE(64), SIZE(288), SIZE(64),
            SIZE(272));
    check_found(304, 1);
    CHECK(blocks_in_bins() == 2, "the 2 others stay in their bin; here "
          "there are %u", blocks_in_bins());
}

TEST(test_find_prefers_a_small_block_to_a_large_one)
{
    lay_out("ufufu", SIZE(64), SIZE(4096), SIZE(64), SIZE(128));
    check_found(112, 3);
}

TEST(test_find_of_more_than_there_is_finds_none_and_takes_none)
{
    lay_out("ufufu", SIZE(64), SIZE(496), SIZE(64), SIZE(256));
    CHECK(!heap_find(512), "no block has 512 bytes, so NULL was to come; here "
          "a block came");
    CHECK(blocks_in_bins() == 2, "both blocks are still in their bins; here "
          "%u", blocks_in_bins());
}

TEST(test_find_takes_a_very_large_block)
{
    lay_out("uf", SIZE(64));
    check_found(40000, 1);
    CHECK(!heap_find(48), "that was the last block, so NULL was to come; here "
          "another came");
}

/* ---- heap_release ------------------------------------------------------- */

TEST(test_release_puts_a_block_into_its_bin)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    heap_release(block[1]);
    check_area("ufu", SIZE(64), SIZE(256));
}

TEST(test_release_joins_the_block_behind)
{
    lay_out("uufu", SIZE(64), SIZE(256), SIZE(128));
    heap_release(block[1]);
    check_area("ufu", SIZE(64), SIZE(384));
}

TEST(test_release_joins_the_block_before)
{
    lay_out("ufuu", SIZE(64), SIZE(256), SIZE(128));
    heap_release(block[2]);
    check_area("ufu", SIZE(64), SIZE(384));
}

TEST(test_release_joins_on_both_sides)
{
    lay_out("ufufu", SIZE(64), SIZE(256), SIZE(128), SIZE(512));
    heap_release(block[2]);
    check_area("ufu", SIZE(64), SIZE(896));
}

TEST(test_release_at_the_ends_of_an_area)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    heap_release(block[0]);
    check_area("fuu", SIZE(64), SIZE(256));
    heap_release(block[2]);
    check_area("fuf", SIZE(64), SIZE(256));
}

TEST(test_release_leaves_its_mark_inside_a_joined_block)
{
    lay_out("ufuu", SIZE(64), SIZE(256), SIZE(128));
    heap_release(block[2]);
    CHECK(block[2]->mark == HEAP_FREE, "the head of the block that was "
          "released says FREE, though it has become part of another; here %s",
          mark_name(block[2]->mark));
}

TEST(test_release_of_a_whole_area_gives_its_pages_back)
{
    lay_out("fuf", SIZE(64), SIZE(256));
    CHECK(pages_usage().used == 16, "an area has 16 pages; here %zu",
          pages_usage().used);
    heap_release(block[1]);
    CHECK(pages_usage().used == 0, "the area is all FREE, and its 16 pages "
          "went back; here %zu are in use", pages_usage().used);
    CHECK(blocks_in_bins() == 0, "and none of its blocks is in a bin; here "
          "%u are",
          blocks_in_bins());
}

/* ---- heap_cut ----------------------------------------------------------- */

TEST(test_cut_releases_the_rest)
{
    lay_out("uuu", SIZE(64), SIZE(1024));
    heap_cut(block[1], 256);
    check_area("uufu", SIZE(64), SIZE(256), SIZE(768));
}

TEST(test_cut_leaves_a_rest_that_is_too_small)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    heap_cut(block[1], 224);
    check_area("uuu", SIZE(64), SIZE(256));
    heap_cut(block[1], 256);
    check_area("uuu", SIZE(64), SIZE(256));
}

TEST(test_cut_releases_a_rest_of_the_least_size)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    heap_cut(block[1], 208);
    check_area("uufu", SIZE(64), SIZE(208), SIZE(48));
}

TEST(test_cut_joins_the_rest_with_what_is_free_behind)
{
    lay_out("uufu", SIZE(64), SIZE(1024), SIZE(512));
    heap_cut(block[1], 256);
    check_area("uufu", SIZE(64), SIZE(256), SIZE(1280));
}

/* ---- heap_used ---------------------------------------------------------- */

TEST(test_used_knows_the_block_of_a_payload)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    for (unsigned i = 0; i < 3; i++)
        CHECK(heap_used(heap_payload(block[i])) == block[i], "heap_used() of "
              "the payload of block %u gives that block; here another", i);
}

TEST(test_used_panics_at_a_block_that_is_free)
{
    lay_out("ufu", SIZE(64), SIZE(256));
    unit_expect_panic("free");
    heap_used(heap_payload(block[1]));
}

TEST(test_used_panics_at_what_is_no_block)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    memset(heap_payload(block[1]), 'x', 200);
    unit_expect_panic("");
    heap_used((char *)heap_payload(block[1]) + 64);
}

TEST(test_used_panics_at_a_pointer_that_is_not_aligned)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    unit_expect_panic("");
    heap_used((char *)heap_payload(block[1]) + 8);
}

TEST(test_used_panics_at_a_pointer_to_elsewhere)
{
    static char elsewhere[64] __attribute__((aligned(16)));

    lay_out("uuu", SIZE(64), SIZE(256));
    unit_expect_panic("");
    heap_used(elsewhere + 32);
}

TEST(test_used_panics_when_the_end_was_overwritten)
{
    lay_out("uuu", SIZE(64), SIZE(256));
    memset(heap_payload(block[1]), 'x', 256);
    unit_expect_panic("");
    heap_used(heap_payload(block[1]));
}
