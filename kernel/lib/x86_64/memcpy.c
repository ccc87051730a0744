/* SPDX-License-Identifier: MIT */
/* memcpy.c - the processor's own copying instruction. */
#include "lib/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *t = to;
    size_t words = n / 8, rest = n % 8;

    __asm__ volatile("rep movsq"
                     : "+D"(t), "+S"(from), "+c"(words)
                     :
                     : "memory");
    __asm__ volatile("rep movsb"
                     : "+D"(t), "+S"(from), "+c"(rest)
                     :
                     : "memory");
    return to;
}
