/* SPDX-License-Identifier: MIT */
/*
 * stats.h - figures about the running guest, for its page /stats.
 */
#ifndef WEB_STATS_H
#define WEB_STATS_H

#include <stddef.h>

#include "block/cache.h"

/* Serving begins now, from what is read through `cache`. Before anything is
 * made. */
void stats_begin(const struct cache *cache);

/* Writes the figures into buf[cap], a name and a number a line. Returns the
 * length that all of it has. */
int stats_make(char *buf, size_t cap);

#endif
