/* SPDX-License-Identifier: MIT */
/*
 * exact_memory.c - see exact_memory.h. Pieces of a kind come from the fake
 * card's pools, each piece being one of malloc()'s and of that kind's size.
 * A piece of any size comes from malloc() here, and with it goes a ticket: the
 * larger piece that it would have been.
 */
#include "exact_memory.h"

#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "lwip/mem.h"

/* The real one, its four calls for bytes under other names. */
#define mem_malloc pooled_malloc
#define mem_calloc pooled_calloc
#define mem_trim pooled_trim
#define mem_free pooled_free
#include "net/lwip/memory.c"
#undef mem_malloc
#undef mem_calloc
#undef mem_trim
#undef mem_free

unsigned exact_memory_out;

struct piece {
    size_t size;
    void *ticket;
};

void *mem_malloc(mem_size_t size)
{
    void *ticket = pooled_malloc(size);
    struct piece *piece;

    if (!ticket)
        return NULL;
    piece = malloc(sizeof *piece + size);
    memset(piece + 1, 0xa5, size);
    *piece = (struct piece){ size, ticket };
    exact_memory_out++;
    return piece + 1;
}

void *mem_calloc(mem_size_t count, mem_size_t size)
{
    void *memory = mem_malloc((mem_size_t)(count * size));

    return memory ? memset(memory, 0, count * size) : NULL;
}

/* It stays where it is, but for its end. */
void *mem_trim(void *memory, mem_size_t size)
{
    struct piece *piece = (struct piece *)memory - 1;

    if (size < piece->size)
        ASAN_POISON_MEMORY_REGION((char *)memory + size, piece->size - size);
    return memory;
}

void mem_free(void *memory)
{
    struct piece *piece = (struct piece *)memory - 1;

    if (!memory)
        return;
    ASAN_UNPOISON_MEMORY_REGION(memory, piece->size);
    pooled_free(piece->ticket);
    exact_memory_out--;
    free(piece);
}
