/* SPDX-License-Identifier: MIT */
/*
 * test_pages.c - the page allocator on machines that are made up, against a
 * model that knows only the contract: which pages are out is written into the
 * pages themselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/map.h"
#include "mem/heap_block.h"
#include "mem/pages.h"
#include "unit.h"

/* How the text of a CHECK ends that wanted memory; that wanted none. */
#define GIVEN "; here NULL came"
#define REFUSED ", so NULL was to come; here memory came"

static struct mem_map map;

/* For kernel/mem/mem.c, whose start-up of both is not run here. */
const struct mem_map *mem_map(void)
{
    return &map;
}

void heap_init(void) {}

/* A machine with regions of so many pages, with gaps between, sorted. */
static void machine(unsigned count, const size_t *sizes)
{
    map.count = count;
    for (unsigned i = 0; i < count; i++) {
        size_t bytes = sizes[i] * PAGE_SIZE;
        uintptr_t base = (uintptr_t)unit_memory(bytes, PAGE_SIZE, 0xa5);
        unsigned at = i;

        for (; at > 0 && map.region[at - 1].base > base; at--)
            map.region[at] = map.region[at - 1];
        map.region[at] = (struct mem_region){ base, bytes };
    }
    /* What stands behind the last region is none. */
    map.region[count] = (struct mem_region){ PAGE_SIZE, 1000 * PAGE_SIZE };
    pages_init(&map);
}
#define MACHINE(...)                                                           \
    machine(sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t),                \
            (size_t[]){ __VA_ARGS__ })

/* The same with the regions in the order of their sizes, a page between each
 * two. */
static void machine_in_order(unsigned count, const size_t *sizes)
{
    size_t pages = 0;

    for (unsigned i = 0; i < count; i++)
        pages += sizes[i] + 1;
    uintptr_t base =
        (uintptr_t)unit_memory(pages * PAGE_SIZE, PAGE_SIZE, 0xa5);

    map.count = count;
    for (unsigned i = 0; i < count; i++) {
        map.region[i] = (struct mem_region){ base, sizes[i] * PAGE_SIZE };
        base += (sizes[i] + 1) * PAGE_SIZE;
    }
    pages_init(&map);
}
#define MACHINE_IN_ORDER(...)                                                  \
    machine_in_order(sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t),       \
                     (size_t[]){ __VA_ARGS__ })

static bool in_one_region(const void *first, size_t count)
{
    for (unsigned i = 0; i < map.count; i++) {
        uintptr_t offset = (uintptr_t)first - map.region[i].base;

        if (offset < map.region[i].size)
            return count <= (map.region[i].size - offset) / PAGE_SIZE;
    }
    return false;
}

static void *checked_alloc(size_t count)
{
    size_t used = pages_usage().used;
    void *first = pages_alloc(count);

    if (!first) {
        CHECK(pages_usage().used == used,
              "nothing was handed out, so %zu pages are still used; here %zu",
              used, pages_usage().used);
        return NULL;
    }
    CHECK((uintptr_t)first % PAGE_SIZE == 0,
          "the address of a page is a multiple of %d; here it is %p", PAGE_SIZE,
          first);
    CHECK(in_one_region(first, count),
          "%zu pages in a row lie in one region of the map; here those from %p "
          "on do not", count, first);
    CHECK(pages_usage().used == used + count,
          "%zu pages more are used than the %zu before; here it says %zu",
          count, used,
          pages_usage().used);
    return first;
}

/* All the memory there is, page by page. */
struct drained {
    void **page;
    size_t count;
};

static struct drained drain(void)
{
    struct drained all = { .page =
                               malloc(pages_usage().total * sizeof(void *)) };
    void *page;

    while ((page = checked_alloc(1))) {
        CHECK(all.count < pages_usage().total,
              "there are %zu pages, and then NULL comes; here one more came",
              pages_usage().total);
        all.page[all.count++] = page;
    }
    return all;
}

static void give_back(struct drained all)
{
    for (size_t i = 0; i < all.count; i++)
        pages_free(all.page[i], 1);
    free(all.page);
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

    return (x > y) - (x < y);
}

static void shuffle(void **page, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = unit_random_below((uint32_t)i);
        void *keep = page[i - 1];

        page[i - 1] = page[other];
        page[other] = keep;
    }
}

TEST(test_init_has_every_page_of_the_map_and_none_in_use)
{
    MACHINE(3, 100, 7);
    CHECK(pages_usage().total == 110, "regions of 3, 100 and 7 pages are 110 "
          "in all; here it says %zu", pages_usage().total);
    CHECK(pages_usage().used == 0, "none of them is in use at first; here it "
          "says %zu", pages_usage().used);
}

TEST(test_alloc_hands_out_every_page_once)
{
    MACHINE(3, 100, 7);
    struct drained all = drain();

    CHECK(all.count == 110, "110 pages were to be had; here %zu", all.count);
    qsort(all.page, all.count, sizeof(void *), by_address);
    for (size_t i = 1; i < all.count; i++)
        CHECK(all.page[i] != all.page[i - 1],
              "every page comes once; here %p came twice", all.page[i]);
}

TEST(test_alloc_finds_a_row_in_any_region)
{
    MACHINE_IN_ORDER(7, 100, 1);
    CHECK(checked_alloc(100), "100 pages in a row are there, in the second of "
          "three regions" GIVEN);
    CHECK(checked_alloc(7), "and then 7 in a row are there" GIVEN);
    CHECK(checked_alloc(1), "and then 1 is there" GIVEN);
}

TEST(test_alloc_never_gives_what_lies_between_two_regions)
{
    MACHINE_IN_ORDER(5, 5, 5, 5);
    for (unsigned i = 0; i < 4; i++)
        CHECK(checked_alloc(5), "a row of 5 pages is in each of 4 regions; "
              "here only in %u", i);
    CHECK(!checked_alloc(1), "all 20 pages are handed out" REFUSED);
}

TEST(test_alloc_leaves_the_rest_of_a_row_to_be_had)
{
    MACHINE(10);
    CHECK(checked_alloc(4), "4 of 10 pages are there" GIVEN);
    CHECK(checked_alloc(5), "then 5 of the 6 that are left" GIVEN);
    CHECK(checked_alloc(1), "then the last" GIVEN);
    CHECK(!checked_alloc(1), "all 10 pages are handed out" REFUSED);
}

TEST(test_free_pages_are_no_longer_in_use)
{
    MACHINE(3, 100, 7);
    give_back(drain());
    CHECK(pages_usage().used == 0, "none is in use at the end; here it says "
          "%zu", pages_usage().used);
}

TEST(test_alloc_gives_all_of_a_region_in_a_row)
{
    MACHINE(1, 100, 7);
    CHECK(checked_alloc(100), "100 pages in a row are there" GIVEN);
    CHECK(checked_alloc(7), "and then 7 in a row are there" GIVEN);
    CHECK(checked_alloc(1), "and then 1 is there" GIVEN);
}

TEST(test_alloc_gives_no_more_than_there_is)
{
    MACHINE(20, 30);
    CHECK(!checked_alloc(31), "31 pages in a row are nowhere" REFUSED);
    CHECK(!checked_alloc(50), "50 pages are there, but not in a row" REFUSED);
    CHECK(!checked_alloc(0), "no pages at all were asked for" REFUSED);
    CHECK(!checked_alloc(SIZE_MAX), "SIZE_MAX pages are not there" REFUSED);
    CHECK(!checked_alloc(SIZE_MAX / PAGE_SIZE + 2),
          "a number of pages whose bytes overflow is not there" REFUSED);
    CHECK(checked_alloc(30), "30 pages are there after all that" GIVEN);
}

TEST(test_init_of_a_machine_without_memory_has_none)
{
    map.count = 0;
    pages_init(&map);
    CHECK(!checked_alloc(1), "there is no page" REFUSED);
    CHECK(pages_usage().total == 0, "there are 0 pages, none at all; here it "
          "says %zu", pages_usage().total);
}

TEST(test_free_pages_are_handed_out_again)
{
    MACHINE(1);
    void *page = checked_alloc(1);

    pages_free(page, 1);
    void *again = checked_alloc(1);
    CHECK(again == page, "the only page there is, %p, comes again; here %p",
          page, again);
}

TEST(test_free_neighbours_come_together_in_whatever_order)
{
    MACHINE(64);
    for (unsigned round = 0; round < 200; round++) {
        struct drained all = drain();

        shuffle(all.page, all.count);
        give_back(all);
        void *whole = checked_alloc(64);

        CHECK(whole, "all 64 pages are free, so 64 in a row are there" GIVEN);
        pages_free(whole, 64);
    }
}

TEST(test_free_pieces_make_room_for_others)
{
    MACHINE(16);
    void *a = checked_alloc(4), *b = checked_alloc(4), *c = checked_alloc(4);

    pages_free(b, 4);
    void *b1 = checked_alloc(2), *b2 = checked_alloc(2);

    CHECK(b1 && b2, "two and two pages fit where four were" GIVEN);
    pages_free(a, 4);
    pages_free(b1, 2);
    pages_free(b2, 2);
    pages_free(c, 4);
    CHECK(checked_alloc(16), "all 16 pages are free, and one piece again"
                             GIVEN);
}

/* What it takes for granted is the order that pages_init() makes. */
TEST(test_free_row_can_be_had_again_whatever_region_it_came_from)
{
    MACHINE_IN_ORDER(3, 100, 7);
    void *row = checked_alloc(50);

    CHECK(row, "50 pages in a row are there, in the second of three "
          "regions" GIVEN);
    pages_free(row, 50);
    CHECK(checked_alloc(100), "all 100 pages of the second region are free, "
          "so 100 in a row are there" GIVEN);
}

TEST(test_free_writes_nothing_into_what_is_handed_out)
{
    MACHINE(40, 9);
    struct drained all = drain();

    for (size_t i = 0; i < all.count; i++)
        memset(all.page[i], (int)i, PAGE_SIZE);
    for (size_t i = 0; i < all.count; i += 2)
        pages_free(all.page[i], 1);
    for (size_t i = 0; i < all.count / 2; i++)
        checked_alloc(1);
    for (size_t i = 1; i < all.count; i += 2)
        for (size_t at = 0; at < PAGE_SIZE; at++)
            CHECK(((uint8_t *)all.page[i])[at] == (uint8_t)i,
                  "byte %zu of page %zu was written as %02x; here it is %02x",
                  at, i, (uint8_t)i, ((uint8_t *)all.page[i])[at]);
}

TEST(test_fault_of_a_page_given_back_twice)
{
    MACHINE(10);
    void *page = checked_alloc(1);

    checked_alloc(1);
    pages_free(page, 1);
    unit_expect_panic("");
    pages_free(page, 1);
}

TEST(test_fault_of_a_page_given_back_twice_inside_a_larger_piece)
{
    MACHINE(10);
    char *first = checked_alloc(6);

    pages_free(first, 6);
    unit_expect_panic("");
    pages_free(first + 2 * PAGE_SIZE, 1);
}

TEST(test_fault_of_more_pages_given_back_than_were_handed_out)
{
    MACHINE(10);
    char *first = checked_alloc(10);

    pages_free(first + 4 * PAGE_SIZE, 6);
    unit_expect_panic("");
    pages_free(first, 5);
}

TEST(test_fault_of_pages_that_were_never_ours)
{
    static char foreign[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

    MACHINE(10);
    checked_alloc(1);
    unit_expect_panic("");
    pages_free(foreign, 1);
}

TEST(test_fault_of_pages_beyond_the_end_of_a_region)
{
    MACHINE(10);
    char *first = checked_alloc(10);

    unit_expect_panic("");
    pages_free(first + 5 * PAGE_SIZE, 6);
}

TEST(test_fault_of_an_address_inside_a_page)
{
    MACHINE(10);
    char *first = checked_alloc(2);

    unit_expect_panic("");
    pages_free(first + 16, 1);
}

TEST(test_fault_of_no_pages_at_all)
{
    MACHINE(10);
    char *first = checked_alloc(2);

    unit_expect_panic("");
    pages_free(first, 0);
}

/* ---- Random ------------------------------------------------------------- */

struct piece {
    uint8_t *first;
    size_t count;
    int fill;
};

/* The longest row of pages, among all that can be had, that nobody has. */
static size_t longest_row(const struct drained *all, const struct piece *out,
                          unsigned pieces)
{
    size_t longest = 0, row = 0;

    for (size_t i = 0; i < all->count; i++) {
        const uint8_t *page = all->page[i];
        bool is_out = false;

        for (unsigned p = 0; p < pieces; p++)
            if (page >= out[p].first &&
                page < out[p].first + out[p].count * PAGE_SIZE)
                is_out = true;
        if (i > 0 && page != (uint8_t *)all->page[i - 1] + PAGE_SIZE)
            row = 0;
        row = is_out ? 0 : row + 1;
        longest = row > longest ? row : longest;
    }
    return longest;
}

static void take_back(struct piece *piece)
{
    for (size_t at = 0; at < piece->count * PAGE_SIZE; at += 61)
        CHECK(piece->first[at] == (uint8_t)piece->fill,
              "byte %zu of %zu pages was written as %02x; here it is %02x", at,
              piece->count, (uint8_t)piece->fill, piece->first[at]);
    pages_free(piece->first, piece->count);
}

TEST(test_random_calls_agree_with_a_model)
{
    enum { PIECES = 24 };
    struct piece out[PIECES];
    unsigned pieces = 0;

    MACHINE(1, 40, 5, 17);
    struct drained all = drain();
    struct drained copy = { malloc(all.count * sizeof(void *)), all.count };

    memcpy(copy.page, all.page, all.count * sizeof(void *));
    qsort(copy.page, copy.count, sizeof(void *), by_address);
    give_back(all);

    for (unsigned round = 0; round < 10000; round++) {
        if (pieces == PIECES || (pieces > 0 && unit_random_below(5) < 2)) {
            unsigned which = unit_random_below(pieces);

            take_back(&out[which]);
            out[which] = out[--pieces];
            continue;
        }
        size_t count = 1 + unit_random_below(unit_random_below(4) ? 6 : 30);
        size_t longest = longest_row(&copy, out, pieces);
        struct piece piece = { checked_alloc(count), count, (int)round };

        CHECK(!piece.first == (count > longest),
              "%zu pages in a row are free, and %zu were asked for; here %s",
              longest, count, piece.first ? "they came" : "NULL came");
        if (!piece.first)
            continue;
        memset(piece.first, piece.fill, count * PAGE_SIZE);
        out[pieces++] = piece;
    }
    while (pieces > 0)
        take_back(&out[--pieces]);
    CHECK(pages_usage().used == 0, "all came back, so 0 are in use; here it "
          "says %zu", pages_usage().used);
}

/* ---- Small and large machines ------------------------------------------- */

TEST(test_machine_of_six_mib)
{
    MACHINE(158, 1024 + 256);
    struct drained all = drain();

    CHECK(all.count == 158 + 1024 + 256, "all %u pages were to be had; here "
          "%zu", 158 + 1024 + 256, all.count);
    give_back(all);
    CHECK(checked_alloc(1024 + 256), "the large region is whole again" GIVEN);
}

/* Address space for it: the host gives memory to what is touched. */
static void *reserve(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        FAIL("the host has no address space of %zu bytes for the test", bytes);
    return at;
}

TEST(test_machine_of_six_gib)
{
    const size_t gib = 1ul << 30;

    map = (struct mem_map){ 1, { { (uintptr_t)reserve(6 * gib), 6 * gib } } };
    pages_init(&map);
    CHECK(pages_usage().total == 6 * gib / PAGE_SIZE, "%zu pages; here %zu",
          6 * gib / PAGE_SIZE, pages_usage().total);

    char *small = checked_alloc(1);
    char *large = checked_alloc(5 * gib / PAGE_SIZE);

    CHECK(large && small, "a page is there, and then 5 GiB in a row" GIVEN);
    CHECK(small + PAGE_SIZE <= large || small >= large + 5 * gib,
          "of 6 GiB, no page comes twice; here %p, and it is one of the 5 GiB "
          "from %p on", (void *)small, (void *)large);
    CHECK(!checked_alloc(2 * gib / PAGE_SIZE), "of 6 GiB 5 are handed out, and "
          "2 more are not there" REFUSED);
    large[0] = large[5 * gib - 1] = 1;
    pages_free(large, 5 * gib / PAGE_SIZE);
    pages_free(small, 1);
    CHECK(checked_alloc(5 * gib / PAGE_SIZE), "5 GiB came back, and are there "
          "again" GIVEN);
}
