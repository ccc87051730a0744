/* SPDX-License-Identifier: MIT */
/*
 * clock.h - time since start-up, which never goes back; and the day, where the
 * machine knows it.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

uint64_t clock_ns(void);

/* Seconds since 1970, UTC; 0 when the machine has no clock that tells. */
uint64_t clock_unix(void);

#endif
