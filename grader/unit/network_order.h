/* SPDX-License-Identifier: MIT */
/*
 * network_order.h - numbers as they are in a frame, and the Internet checksum
 * of one: for the tests' own makers and readers of frames, which must not use
 * those of what they test.
 */
#ifndef UNIT_NETWORK_ORDER_H
#define UNIT_NETWORK_ORDER_H

#include <stddef.h>
#include <stdint.h>

static inline void put16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static inline void put32(uint8_t *at, uint32_t v)
{
    put16(at, v >> 16);
    put16(at + 2, v);
}

static inline uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

/* Of data[len], with `sum` already added. [RFC 1071] */
static inline uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += get16(data + i);
    if (len % 2)
        sum += (uint32_t)data[len - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

#endif
