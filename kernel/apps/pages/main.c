/* SPDX-License-Identifier: MIT */
/*
 * pages - lab 03's application: takes the machine's memory, writes to it,
 * reads it back, and returns it.
 *
 * Everything follows from the challenge, each as key=number:
 *   seed    where the numbers begin (1); one after the other they are
 *               state = state * 6364136223846793005 + 1442695040888963407
 *               number = state >> 33                       (modulo 2^64)
 *   pieces  how many pieces of memory to take of each kind (64)
 *
 * First come pieces of pages: 1 + number % 16 pages each, and every page gets
 * the next number written to its first four bytes and to its last. When all
 * are written, all are read, in the order in which they were taken:
 *     check = check * 31 + word          (modulo 2^32, from 0)
 * Then the same with blocks of the heap: each of number % 5000 bytes, filled
 * with the low byte of the next number, and
 *     check = check * 31 + byte          for each byte
 * At last one piece of three quarters of the largest region, of which the
 * first page, the last, and every 256th are written and read.
 */
#include "arch/map.h"
#include "console/format.h"
#include "core/challenge.h"
#include "core/start.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/heap.h"
#include "mem/pages.h"

enum { PIECES_MAX = 1024, PAGES_MOST = 16, BLOCK_MOST = 5000, STRIDE = 256 };

struct piece {
    uint8_t *at;
    size_t size;                /* in pages, or in bytes */
};
static struct piece pieces[PIECES_MAX];

static uint64_t state;

static uint32_t next(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* ---- Pages -------------------------------------------------------------- */

static uint32_t *first_word(const struct piece *piece, size_t page)
{
    return (void *)(piece->at + page * PAGE_SIZE);
}

static uint32_t *last_word(const struct piece *piece, size_t page)
{
    return (uint32_t *)(void *)(piece->at + (page + 1) * PAGE_SIZE) - 1;
}

/* Are all of these pages memory, by the map? */
static bool in_map(const struct piece *piece)
{
    const struct mem_map *map = mem_map();
    uintptr_t base = (uintptr_t)piece->at;

    for (unsigned i = 0; i < map->count; i++) {
        const struct mem_region *r = &map->region[i];
        if (base >= r->base && base - r->base < r->size)
            return piece->size <= (r->size - (base - r->base)) / PAGE_SIZE;
    }
    return false;
}

static int take_pages(struct piece *piece, size_t count)
{
    *piece = (struct piece){ pages_alloc(count), count };
    if (!piece->at)
        return -ENOMEM;
    if (in_map(piece))
        return 0;
    print("pages: %zu pages at %p are not memory\n", count,
          (void *)piece->at);
    return -EIO;
}

static int many_pages(unsigned count, uint32_t *check)
{
    for (unsigned i = 0; i < count; i++) {
        int error = take_pages(&pieces[i], 1 + next() % PAGES_MOST);
        if (error)
            return error;
        for (size_t page = 0; page < pieces[i].size; page++)
            *first_word(&pieces[i], page) = *last_word(&pieces[i], page) =
                next();
    }
    print("pages: %zu of %zu in use\n", pages_usage().used,
          pages_usage().total);
    for (unsigned i = 0; i < count; i++)
        for (size_t page = 0; page < pieces[i].size; page++) {
            *check = *check * 31 + *first_word(&pieces[i], page);
            *check = *check * 31 + *last_word(&pieces[i], page);
        }

    /* Every other one first, so that there are holes to be joined. */
    for (unsigned i = 0; i < count; i += 2)
        pages_free(pieces[i].at, pieces[i].size);
    for (unsigned i = 1; i < count; i += 2)
        pages_free(pieces[i].at, pieces[i].size);
    return 0;
}

/* ---- Heap --------------------------------------------------------------- */

static int many_blocks(unsigned count, uint32_t *check)
{
    for (unsigned i = 0; i < count; i++) {
        size_t size = next() % BLOCK_MOST;
        pieces[i] = (struct piece){ heap_alloc(size), size };
        if (!pieces[i].at)
            return -ENOMEM;
        memset(pieces[i].at, (int)(next() & 0xff), size);
    }
    print("heap: %zu bytes in %zu blocks in use\n", heap_usage().bytes,
          heap_usage().blocks);
    for (unsigned i = 0; i < count; i++)
        for (size_t at = 0; at < pieces[i].size; at++)
            *check = *check * 31 + pieces[i].at[at];
    for (unsigned i = 0; i < count; i += 2)
        heap_free(pieces[i].at);
    for (unsigned i = 1; i < count; i += 2)
        heap_free(pieces[i].at);
    return 0;
}

/* ---- The largest region ------------------------------------------------- */

static int large_piece(void)
{
    const struct mem_map *map = mem_map();
    size_t largest = 0;
    struct piece piece;

    for (unsigned i = 0; i < map->count; i++)
        if (map->region[i].size > largest)
            largest = map->region[i].size;
    int error = take_pages(&piece, largest / PAGE_SIZE / 4 * 3);
    if (error)
        return error;

    size_t last = piece.size - 1;
    for (size_t page = 0; page < last; page += STRIDE)
        *first_word(&piece, page) = (uint32_t)page;
    *last_word(&piece, last) = (uint32_t)last;
    bool right = *last_word(&piece, last) == (uint32_t)last;
    for (size_t page = 0; page < last; page += STRIDE)
        right = right && *first_word(&piece, page) == (uint32_t)page;
    print("pages: %zu in a row from %p on: %s\n", piece.size,
          (void *)piece.at, right ? "right" : "wrong");
    pages_free(piece.at, piece.size);
    return right ? 0 : -EIO;
}

static void show_map(void)
{
    const struct mem_map *map = mem_map();

    for (unsigned i = 0; i < map->count; i++)
        print("region: 0x%09lx to 0x%09lx\n", map->region[i].base,
              map->region[i].base + map->region[i].size);
}

int main(void)
{
    unsigned long wanted = challenge_number("pieces", 64);
    unsigned count = wanted < PIECES_MAX ? (unsigned)wanted : PIECES_MAX;
    uint32_t check = 0;

    state = challenge_number("seed", 1);
    show_map();
    size_t used = pages_usage().used;
    int error = many_pages(count, &check);
    if (!error)
        error = many_blocks(count, &check);
    if (!error)
        error = large_piece();
    if (error) {
        print("pages: error %d\n", -error);
        return error;
    }
    bool all = pages_usage().used == used && heap_usage().blocks == 0;
    print("pages: check %u, %s\n", check,
          all ? "all is back" : "something is missing");
    return all ? 0 : -EIO;
}
