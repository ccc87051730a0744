/* SPDX-License-Identifier: MIT */
/*
 * heap.h - memory by the byte, on top of pages. The bodies are lab 03's; in a
 * process that was built with HEAP=host they are heap_host.c's.
 *
 * Every block is aligned to HEAP_ALIGN. What is free again can be had again,
 * as one piece with what is free beside it; once nothing is handed out, every
 * page has gone back to the page allocator. To give back, or to realloc, what
 * is no block or no longer one is a fault of ours: panic. Not from an
 * interrupt handler.
 */
#ifndef MEM_HEAP_H
#define MEM_HEAP_H

#include <stddef.h>

enum { HEAP_ALIGN = 16 };

/* `size` bytes, their content undefined; NULL when there are none. A size of
 * 0 gives a block that can be freed. */
void *heap_alloc(size_t size);

/* Room for n elements of `size` bytes, zeroed; NULL also when n * size does
 * not fit a size_t. */
void *heap_alloc_array(size_t n, size_t size);

/* The block with its first min(old, new) bytes kept, perhaps elsewhere. On
 * NULL the old block is untouched. A NULL block is heap_alloc(size). */
void *heap_realloc(void *block, size_t size);

/* Gives a block back; NULL is let pass. */
void heap_free(void *block);

/* Bytes handed out and blocks they are in. As asked for; the host's heap, with
 * HEAP=host, may count what it rounds them up to. */
struct heap_usage { size_t bytes, blocks; };
struct heap_usage heap_usage(void);

#endif
