/* SPDX-License-Identifier: MIT */
/*
 * memory.h - lwIP's memory. What lwIP calls itself is declared by lwIP, in
 * lwip/mem.h and lwip/memp.h.
 */
#ifndef NET_LWIP_MEMORY_H
#define NET_LWIP_MEMORY_H

/* Makes the pools; before lwip_init(). Returns 0 or -ENOMEM. */
int memory_make(void);

/* How many more segments there can be. */
unsigned memory_segments_left(void);

#endif
