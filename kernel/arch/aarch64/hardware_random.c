/* SPDX-License-Identifier: MIT */
/* hardware_random.c - RNDR. [Arm ARM, FEAT_RNG] */
#include "aarch64.h"

enum { ISAR0_RNDR_SHIFT = 60 };
enum { TRIES = 10 };            /* it may have nothing to give for a while */

uint64_t hardware_random(void)
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
