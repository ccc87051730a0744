/* SPDX-License-Identifier: MIT */
/*
 * random.c - a number that nobody can foretell.
 *
 * The processor's own source of such numbers, where it has one that answers;
 * what a boot loader has left for this; and in any case how far the counter
 * has come, which is little, but never the same twice.
 */
#include "arch/port.h"

static uint64_t seed[2];

/* Spreads every bit of x over all bits of the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9fb21c651e98df25;
    x = (x ^ x >> 28) * 0xd6e8feb86659fd93;
    return x ^ x >> 32;
}

void random_seed(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        seed[i % 2] = mix(seed[i % 2] ^ bytes[i]);
}

uint64_t arch_random(void)
{
    static uint64_t calls;
    uint64_t moment = mix(arch_cycles() + ++calls + seed[0]);

    return mix(hardware_random() ^ moment ^ seed[1]);
}
