/* SPDX-License-Identifier: MIT */
/*
 * crc32.c - the remainder of a division of polynomials over one bit, by
 *
 *     x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 +
 *     x^5 + x^4 + x^2 + x + 1                                [RFC 1952 §8]
 *
 * with the lowest bit of a byte first. Half a byte at a time: the table has
 * the remainder of each half.
 */
#include "lib/crc32.h"

static const uint32_t half[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
    0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t crc32(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *byte = data;

    crc = ~crc;
    for (; len > 0; len--) {
        crc ^= *byte++;
        crc = crc >> 4 ^ half[crc & 15];
        crc = crc >> 4 ^ half[crc & 15];
    }
    return ~crc;
}
