/* SPDX-License-Identifier: MIT */
/*
 * random.c - a number that nobody can foretell.
 *
 * The processor's own source of such numbers (RNDR), where it has one that
 * answers; what the boot loader has left in the device tree for this; and in
 * any case how far the counter has come, which is little, but never the same
 * twice. [Arm ARM, FEAT_RNG]
 */
#include "aarch64.h"

enum { ISAR0_RNDR_SHIFT = 60 };
enum { TRIES = 10 };            /* it may have nothing to give for a while */

static uint64_t hardware_random(void)
{
    if (SYSTEM_READ("id_aa64isar0_el1") >> ISAR0_RNDR_SHIFT == 0)
        return 0;
    for (int i = 0; i < TRIES; i++) {
        uint64_t value, ok;
        __asm__ volatile("mrs %0, s3_3_c2_c4_0; cset %1, ne"    /* RNDR */
                         : "=r"(value), "=r"(ok) : : "cc");
        if (ok)
            return value;
    }
    return 0;
}

/* Spreads every bit of x over all bits of the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9fb21c651e98df25;
    x = (x ^ x >> 28) * 0xd6e8feb86659fd93;
    return x ^ x >> 32;
}

static uint64_t seed[2];

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
