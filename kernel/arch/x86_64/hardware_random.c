/* SPDX-License-Identifier: MIT */
/* hardware_random.c - RDSEED, or else RDRAND. [SDM vol. 1 §7.3.17] */
#include "x86.h"

enum { CPUID_RDSEED = 1 << 18, CPUID_RDRAND = 1 << 30 };
enum { TRIES = 10 };            /* both may have nothing to give for a while */

uint64_t hardware_random(void)
{
    uint64_t value = 0;
    bool ok = false;
    if (cpuid(0, 0).eax >= 7 && cpuid(7, 0).ebx & CPUID_RDSEED)
        for (int i = 0; i < TRIES && !ok; i++)
            __asm__ volatile("rdseed %0" : "=r"(value), "=@ccc"(ok));
    if (!ok && cpuid(1, 0).ecx & CPUID_RDRAND)
        for (int i = 0; i < TRIES && !ok; i++)
            __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
    return ok ? value : 0;
}
