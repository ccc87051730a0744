/* SPDX-License-Identifier: MIT */
/*
 * random.c - a number that nobody can foretell.
 *
 * The processor's own source of such numbers (RDSEED, or RDRAND), where it
 * has one that answers; and in any case how far its counter has come, which
 * is little, but never the same twice. [SDM vol. 1 §7.3.17]
 */
#include "x86.h"

enum { CPUID_RDSEED = 1 << 18, CPUID_RDRAND = 1 << 30 };
enum { TRIES = 10 };            /* both may have nothing to give for a while */

static uint64_t hardware_random(void)
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

/* Spreads every bit of x over all bits of the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9fb21c651e98df25;
    x = (x ^ x >> 28) * 0xd6e8feb86659fd93;
    return x ^ x >> 32;
}

uint64_t arch_random(void)
{
    static uint64_t calls;

    return mix(hardware_random() ^ mix(arch_cycles() + ++calls));
}
