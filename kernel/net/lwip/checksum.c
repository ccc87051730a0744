/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - sums a packet, eight bytes at a time.
 *
 * Ones' complement sums can be taken in any width and folded afterwards
 * [RFC 1071 §2]: a carry out of the top comes back in at the bottom.
 */
#include "net/lwip/checksum.h"

static inline uint64_t add(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

/* The `size` bytes at `from`, at whatever address: one load, as every caller
 * names the size. */
static inline uint64_t word_at(const uint8_t *from, size_t size)
{
    uint64_t word = 0;

    __builtin_memcpy(&word, from, size);
    return word;
}

uint16_t checksum_add(const void *data, size_t len)
{
    const uint8_t *from = data;
    uint64_t sum = 0;

    for (; len >= 32; len -= 32, from += 32) {
        sum = add(sum, word_at(from, 8));
        sum = add(sum, word_at(from + 8, 8));
        sum = add(sum, word_at(from + 16, 8));
        sum = add(sum, word_at(from + 24, 8));
    }
    for (; len >= 8; len -= 8, from += 8)
        sum = add(sum, word_at(from, 8));
    if (len & 4) {
        sum = add(sum, word_at(from, 4));
        from += 4;
    }
    if (len & 2) {
        sum = add(sum, word_at(from, 2));
        from += 2;
    }
    if (len & 1)
        sum = add(sum, *from);

    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
