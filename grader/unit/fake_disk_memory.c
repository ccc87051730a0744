/* SPDX-License-Identifier: MIT */
/*
 * fake_disk_memory.c - the heap and the pages of fake_disk.h, on the host's.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_disk.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "unit.h"

size_t fake_pages_total = 16384, fake_pages_used;
size_t fake_pages_in_a_row = SIZE_MAX;

static unsigned left = UINT32_MAX; /* allocations before one fails */
static size_t out;

void fake_memory_fail_after(unsigned n)
{
    left = n;
}

size_t fake_memory_out(void)
{
    return out;
}

static bool fails(void)
{
    if (left == 0) {
        left = UINT32_MAX;
        return true;
    }
    left--;
    return false;
}

static void *take(size_t align, size_t size)
{
    void *block = NULL;

    if (fails() || posix_memalign(&block, align, size ? size : 1) != 0)
        return NULL;
    memset(block, 0xd5, size);
    out++;
    return block;
}

void *heap_alloc(size_t size)
{
    return take(HEAP_ALIGN, size);
}

void *heap_alloc_array(size_t n, size_t size)
{
    void *block = take(HEAP_ALIGN, n * size);

    if (block)
        memset(block, 0, n * size);
    return block;
}

void heap_free(void *block)
{
    if (block)
        out--;
    free(block);
}

void *pages_alloc(size_t count)
{
    if (count > fake_pages_in_a_row)
        return NULL;
    return take(PAGE_SIZE, count * PAGE_SIZE);
}

void pages_free(void *first, size_t count)
{
    (void)count;
    CHECK(first, "pages that are given back were handed out");
    out--;
    free(first);
}

struct pages_usage pages_usage(void)
{
    return (struct pages_usage){ fake_pages_total, fake_pages_used };
}
