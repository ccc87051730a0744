/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the host's clocks.
 */
#include <time.h>

#include "unix.h"

static uint64_t start_ns;

static uint64_t monotonic_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_init(void)
{
    start_ns = monotonic_ns();
}

uint64_t clock_host_ns(uint64_t ns)
{
    return ns > (uint64_t)INT64_MAX - start_ns ? (uint64_t)INT64_MAX
                                               : start_ns + ns;
}

uint64_t arch_clock_ns(void)
{
    return monotonic_ns() - start_ns;
}

uint64_t arch_cycles(void)
{
    return monotonic_ns();
}

uint64_t arch_clock_unix(void)
{
    return (uint64_t)time(NULL);
}
