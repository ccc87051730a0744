/* SPDX-License-Identifier: MIT */
/*
 * memcpy.c - the processor's own copying instruction, eight bytes at a time:
 * processors don't mind, and under an emulator, which takes as long for each
 * step whatever its size, bytes take eight times as long.
 */
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
