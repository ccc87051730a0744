/* SPDX-License-Identifier: MIT */
/*
 * fake_cache.h - a cache that forgets, and that notices what is done to it.
 *
 * Every pin has memory of its own, which begins and ends with the block and is
 * gone when the pin is put back: so a byte read too far, or too late, is seen
 * by the sanitizer. Of what was read it keeps the last few blocks; whoever
 * asks for another is told -EAGAIN first.
 */
#ifndef UNIT_FAKE_CACHE_H
#define UNIT_FAKE_CACHE_H

#include "block/cache.h"

/* Begins anew, with a disk of data[size], keeping `keep` blocks, of which
 * there may be 64 at most. */
struct cache *fake_cache(const uint8_t *data, uint64_t size, unsigned keep);

/* Since then: pins that were not put back, and calls of cache_get(). */
unsigned fake_cache_pinned(void);
uint64_t fake_cache_gets(void);

/* From the `n`-th cache_get() on, 1 being the next: `error`, and once only if
 * `once`. n 0: never. */
void fake_cache_fail(unsigned n, int error, bool once);

#endif
