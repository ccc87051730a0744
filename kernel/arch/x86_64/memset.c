/* SPDX-License-Identifier: MIT */
/* memset.c - the processor's own filling instruction; see memcpy.c. */
#include <stdint.h>

#include "lib/string.h"

void *memset(void *to, int byte, size_t n)
{
    void *t = to;
    uint64_t word = (unsigned char)byte * 0x0101010101010101ull;
    size_t words = n / 8, rest = n % 8;

    __asm__ volatile("rep stosq" : "+D"(t), "+c"(words) : "a"(word) : "memory");
    __asm__ volatile("rep stosb" : "+D"(t), "+c"(rest) : "a"(word) : "memory");
    return to;
}
