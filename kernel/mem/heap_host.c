/* SPDX-License-Identifier: MIT */
/*
 * heap_host.c - the heap of a process built with HEAP=host: every block is one
 * of the C library's, so that a sanitizer or valgrind knows where it begins
 * and ends, who has it, and who has had it.
 *
 * It hands out as much as the machine's memory has left, and no more, though
 * that lies elsewhere: a machine of 6 MiB is one here too. What is given back
 * and was never a block, the C library notices or the one who watches it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"
#include "mem/heap_block.h"

/* The C library's. What a block can hold may be more than was asked for; under
 * a sanitizer and valgrind it is exactly that. */
void *malloc(size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
size_t malloc_usable_size(void *block);

_Static_assert(_Alignof(max_align_t) >= HEAP_ALIGN, "malloc() aligns enough");

static struct heap_usage usage;

void heap_init(void)
{
}

/* Whether there is memory for `size` bytes beside `used`. */
static bool has_room(size_t used, size_t size)
{
    struct pages_usage machine = pages_usage();
    size_t all = (machine.total - machine.used) * PAGE_SIZE;

    return used <= all && size <= all - used;
}

/* A malloc() or realloc() of no bytes may give nothing. */
static size_t least(size_t size)
{
    return size > 0 ? size : 1;
}

void *heap_alloc(size_t size)
{
    void *block = has_room(usage.bytes, size) ? malloc(least(size)) : NULL;

    if (block) {
        usage.bytes += malloc_usable_size(block);
        usage.blocks++;
    }
    return block;
}

void *heap_alloc_array(size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    void *array = heap_alloc(n * size);

    if (array)
        memset(array, 0, n * size);
    return array;
}

void *heap_realloc(void *block, size_t size)
{
    if (!block)
        return heap_alloc(size);
    size_t others = usage.bytes - malloc_usable_size(block);
    void *moved = has_room(others, size) ? realloc(block, least(size)) : NULL;

    if (moved)
        usage.bytes = others + malloc_usable_size(moved);
    return moved;
}

void heap_free(void *block)
{
    if (!block)
        return;
    usage.bytes -= malloc_usable_size(block);
    usage.blocks--;
    free(block);
}

struct heap_usage heap_usage(void)
{
    return usage;
}
