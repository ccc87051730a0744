/* SPDX-License-Identifier: MIT */
/*
 * test_pools.c - pools of pieces that are made by the page. Other tests have
 * each piece be memory of its own (instead/); here it is the real ones.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/net/lwip/pieces.h"
#include "mem/pages.h"
#include "unit.h"

enum { SMALL = 100, SMALL_LIMIT = 200, LARGE = 1500, LARGE_LIMIT = 7 };

static struct pool small, large;
static unsigned char *memory;   /* from which pages are cut, from its end */
static size_t left = 64;        /* pages of it */

void *pages_alloc(size_t count)
{
    if (!memory)
        memory = aligned_alloc(PAGE_SIZE, left * PAGE_SIZE);
    if (count > left)
        return NULL;
    left -= count;
    return memory + left * PAGE_SIZE;
}

struct pages_usage pages_usage(void)
{
    return (struct pages_usage){ .total = left };
}

static void make(void)
{
    CHECK(pool_make(&small, "small", SMALL, SMALL_LIMIT) == 0, "there is room");
    CHECK(pool_make(&large, "large", LARGE, LARGE_LIMIT) == 0, "there is room");
}

TEST(test_each_pool_has_all_that_it_was_promised_and_no_more)
{
    make();
    for (unsigned i = 0; i < LARGE_LIMIT; i++)
        memset(pool_take(&large), 1, LARGE);
    for (unsigned i = 0; i < SMALL_LIMIT; i++)
        memset(pool_take(&small), 2, SMALL);
    CHECK(!pool_take(&large) && !pool_take(&small), "then they are empty");
    CHECK(large.used == LARGE_LIMIT && small.used == SMALL_LIMIT,
          "in use are %u and %u", large.used, small.used);
}

TEST(test_pieces_are_aligned_and_apart_and_known_by_their_pool)
{
    unsigned char *piece[SMALL_LIMIT];

    make();
    for (unsigned i = 0; i < SMALL_LIMIT; i++) {
        piece[i] = pool_take(&small);
        CHECK((uintptr_t)piece[i] % 16 == 0, "piece %u is at %p", i,
              (void *)piece[i]);
        memset(piece[i], (int)i, SMALL);
    }
    void *other = pool_take(&large);
    for (unsigned i = 0; i < SMALL_LIMIT; i++) {
        CHECK(piece[i][0] == (uint8_t)i && piece[i][SMALL - 1] == (uint8_t)i,
              "piece %u was written into by another", i);
        CHECK(pool_has(&small, piece[i]) && !pool_has(&large, piece[i]),
              "piece %u is of the small pool", i);
    }
    CHECK(pool_has(&large, other) && !pool_has(&small, other),
          "and this one of the large one");
}

TEST(test_what_was_given_back_is_taken_first)
{
    make();
    void *first = pool_take(&small), *second = pool_take(&small);

    pool_give(&small, first);
    CHECK(pool_take(&small) == first, "it is still warm");
    pool_give(&small, second);
    pool_give(&small, first);
    CHECK(small.used == 0, "in use are %u", small.used);
}

TEST(test_what_several_pools_have_in_use_lies_in_pages_side_by_side)
{
    make();
    unsigned char *a = pool_take(&small), *b = pool_take(&large);
    ptrdiff_t apart = (b - a) / PAGE_SIZE;

    CHECK(apart == 1 || apart == 0 || apart == -1, "%d pages lie between them",
          (int)apart);
}

TEST(test_a_pool_that_can_not_be_is_refused)
{
    CHECK(pool_make(&small, "small", PAGE_SIZE, 1) == -EINVAL,
          "a page has no room for it beside its head");
    CHECK(pool_make(&large, "large", LARGE, 1000) == -ENOMEM,
          "there are not so many pages");
    make();
    CHECK(pool_take(&small) && pool_take(&large), "others can be all the same");
}
