/* SPDX-License-Identifier: MIT */
/*
 * exact_memory.h - stands in for kernel/net/lwip/memory.c: whatever lwIP asks
 * for is as large as it asked and no larger, so that the sanitizer sees it
 * read a byte too far. Limits are the real ones.
 */
#ifndef UNIT_EXACT_MEMORY_H
#define UNIT_EXACT_MEMORY_H

/* How many pieces lwIP has of those that may be of any size. */
extern unsigned exact_memory_out;

#endif
