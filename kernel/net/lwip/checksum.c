/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - sums a packet, eight bytes at a time.
 *
 * Ones' complement sums can be taken in any width and folded afterwards
 * [RFC 1071 §2]: a carry out of the top comes back in at the bottom.
 */
#include "net/lwip/checksum.h"

#include "lib/string.h"

static uint64_t add(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

/* The eight bytes at `from`, at whatever address. */
static uint64_t word_at(const uint8_t *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return word;
}

uint16_t checksum_add(const void *data, size_t len)
{
    const uint8_t *from = data;
    uint64_t sum = 0, rest = 0;

    for (; len >= 32; len -= 32, from += 32) {
        sum = add(sum, word_at(from));
        sum = add(sum, word_at(from + 8));
        sum = add(sum, word_at(from + 16));
        sum = add(sum, word_at(from + 24));
    }
    for (; len >= 8; len -= 8, from += 8)
        sum = add(sum, word_at(from));
    for (size_t i = 0; i < len; i++)
        rest |= (uint64_t)from[i] << 8 * i;
    sum = add(sum, rest);

    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
