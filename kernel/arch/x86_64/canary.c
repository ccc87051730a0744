/* SPDX-License-Identifier: MIT */
/*
 * canary.c - the number that guards return addresses.
 *
 * The compiler puts it between a function's arrays and its return address,
 * and looks at it again before returning (-fstack-protector-strong). Whoever
 * writes over the one has written over the other, unless he knows the number:
 * so it differs from boot to boot.
 */
#include "x86.h"

enum { CPUID_RDSEED = 1 << 18, CPUID_RDRAND = 1 << 30 };

/* Not static: the compiler looks for these two by their names. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0xae2f59c1d6037b00;
_Noreturn void __stack_chk_fail(void);

/* The processor's own random numbers; 0 when it has none to give. */
static uint64_t hardware_random(void)
{
    uint64_t value = 0;
    bool ok = false;
    if (cpuid(0, 0).eax >= 7 && cpuid(7, 0).ebx & CPUID_RDSEED)
        for (int i = 0; i < 10 && !ok; i++)
            __asm__ volatile("rdseed %0" : "=r"(value), "=@ccc"(ok));
    if (!ok && cpuid(1, 0).ecx & CPUID_RDRAND)
        for (int i = 0; i < 10 && !ok; i++)
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

/* Must not itself be guarded: the number changes under it. */
__attribute__((no_stack_protector)) void canary_init(void)
{
    uint64_t random = mix(hardware_random() ^ mix(arch_cycles()));

    /* The lowest byte is zero, so that a string that runs over the array's
     * end can neither write the canary nor read it out. */
    __stack_chk_guard = random & ~(uintptr_t)0xff;
}

_Noreturn void __stack_chk_fail(void)
{
    panic_at(__FILE__, __LINE__,
             "a function has written past an array on its stack.");
}
