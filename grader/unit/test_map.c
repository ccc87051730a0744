/* SPDX-License-Identifier: MIT */
/*
 * test_map.c - the memory map, against a model that has a flag for each page.
 */
#include <string.h>

#include "arch/map.h"
#include "unit.h"

static struct mem_map map;

static const uint64_t PAGE = MEM_MAP_PAGE;

static void check_invariants(void)
{
    CHECK(map.count <= MEM_MAP_MAX, "at most %d regions; here %u", MEM_MAP_MAX,
          map.count);
    for (unsigned i = 0; i < map.count; i++) {
        const struct mem_region *r = &map.region[i];

        CHECK(r->size > 0 && r->base % PAGE == 0 && r->size % PAGE == 0,
              "region %u, %#lx bytes from %#lx on, is whole pages", i,
              r->size, r->base);
        CHECK(r->size <= UINT64_MAX - r->base, "region %u does not wrap", i);
        if (i > 0)
            CHECK(r[-1].base + r[-1].size < r->base,
                  "regions %u and %u are in order and do not touch", i - 1, i);
    }
}

static bool has(uint64_t page)
{
    for (unsigned i = 0; i < map.count; i++)
        if (page * PAGE - map.region[i].base < map.region[i].size)
            return true;
    return false;
}

static void check_is(uint64_t base, uint64_t size)
{
    check_invariants();
    CHECK(map.count == 1 && map.region[0].base == base &&
              map.region[0].size == size,
          "one region of %#lx bytes from %#lx on; here %u, of which the first "
          "has %#lx from %#lx on", size, base, map.count, map.region[0].size,
          map.region[0].base);
}

TEST(test_memory_is_rounded_inwards_to_whole_pages)
{
    map_add(&map, 1, 3 * PAGE);
    check_is(PAGE, 2 * PAGE);
    map.count = 0;
    map_add(&map, 5 * PAGE - 1, PAGE + 2);
    check_is(5 * PAGE, PAGE);
}

TEST(test_less_than_a_page_is_nothing)
{
    map_add(&map, 100, PAGE);
    map_add(&map, PAGE, PAGE - 1);
    map_add(&map, PAGE, 0);
    CHECK(map.count == 0, "there is no whole page; here %u regions", map.count);
}

TEST(test_what_is_cut_is_rounded_outwards)
{
    map_add(&map, 0, 10 * PAGE);
    map_cut(&map, PAGE - 1, 2);
    check_is(2 * PAGE, 8 * PAGE);
    map_cut(&map, 9 * PAGE + 5, 1);
    check_is(2 * PAGE, 7 * PAGE);
    map_cut(&map, 5 * PAGE, 0);
    check_is(2 * PAGE, 7 * PAGE);
}

TEST(test_regions_that_touch_or_overlap_become_one)
{
    map_add(&map, 8 * PAGE, 2 * PAGE);
    map_add(&map, 2 * PAGE, 2 * PAGE);
    CHECK(map.count == 2, "two that don't; here %u", map.count);
    check_invariants();
    map_add(&map, 4 * PAGE, 4 * PAGE);
    check_is(2 * PAGE, 8 * PAGE);
    map_add(&map, 3 * PAGE, PAGE);
    check_is(2 * PAGE, 8 * PAGE);
}

TEST(test_the_end_of_the_address_space_is_an_end)
{
    map_add(&map, -4 * PAGE, UINT64_MAX);
    check_is(-4 * PAGE, 3 * PAGE);
    map_add(&map, -PAGE + 1, UINT64_MAX);
    map_add(&map, UINT64_MAX, UINT64_MAX);
    check_is(-4 * PAGE, 3 * PAGE);
    map_cut(&map, -2 * PAGE, UINT64_MAX);
    check_is(-4 * PAGE, 2 * PAGE);
    map_cut(&map, 0, UINT64_MAX);
    CHECK(map.count == 0, "and nothing is left");
}

TEST(test_of_too_many_regions_the_smallest_are_forgotten)
{
    for (uint64_t i = 1; i <= 40; i++) {
        map_add(&map, i * 1000 * PAGE, (i * 7 % 41) * PAGE);
        check_invariants();
    }
    CHECK(map.count == MEM_MAP_MAX, "as many as there is room for; here %u",
          map.count);
    for (unsigned i = 0; i < map.count; i++)
        CHECK(map.region[i].size > (40 - MEM_MAP_MAX) * PAGE,
              "the %d largest are kept; here one of %lu pages", MEM_MAP_MAX,
              map.region[i].size / PAGE);
}

TEST(test_random_ranges_agree_with_a_model)
{
    enum { PAGES = 200 };

    for (unsigned round = 0; round < 3000; round++) {
        bool model[PAGES] = { false };

        map.count = 0;
        for (unsigned n = unit_random_below(12); n > 0; n--) {
            uint64_t base = unit_random_below(PAGES * 4096);
            uint64_t size = unit_random_below(60 * 4096);
            uint64_t end = base + size;
            bool add = unit_random_below(3) > 0;

            end = end < PAGES * PAGE ? end : PAGES * PAGE;
            (add ? map_add : map_cut)(&map, base, end - base);
            for (uint64_t page = 0; page < PAGES; page++) {
                uint64_t first = page * PAGE, behind = first + PAGE;

                if (add && first >= base && behind <= end)
                    model[page] = true;
                if (!add && first < end && behind > base && end > base)
                    model[page] = false;
            }
            check_invariants();
        }
        for (uint64_t page = 0; page < PAGES; page++)
            CHECK(has(page) == model[page], "page %lu is %s", page,
                  model[page] ? "there" : "not there");
    }
}
