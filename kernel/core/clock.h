/* SPDX-License-Identifier: MIT */
/*
 * clock.h - time since start-up. Never goes back, and does not know the day.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

uint64_t clock_ns(void);

#endif
