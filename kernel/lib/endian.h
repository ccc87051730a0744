/* SPDX-License-Identifier: MIT */
/*
 * endian.h - numbers as they lie in shared memory, on disk and on the wire.
 *
 * A field of type le16, le32 or le64 is little-endian whatever the processor;
 * one of type be16 or be32 is big-endian. Neither is read or written but
 * through the functions here.
 */
#ifndef LIB_ENDIAN_H
#define LIB_ENDIAN_H

#include <stdint.h>

typedef uint16_t le16;
typedef uint32_t le32;
typedef uint64_t le64;
typedef uint16_t be16;
typedef uint32_t be32;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "every target so far is little-endian");

static inline uint16_t le16_to_cpu(le16 v) { return v; }
static inline uint32_t le32_to_cpu(le32 v) { return v; }
static inline uint64_t le64_to_cpu(le64 v) { return v; }
static inline le16 cpu_to_le16(uint16_t v) { return v; }
static inline le32 cpu_to_le32(uint32_t v) { return v; }
static inline le64 cpu_to_le64(uint64_t v) { return v; }

static inline uint16_t be16_to_cpu(be16 v) { return __builtin_bswap16(v); }
static inline uint32_t be32_to_cpu(be32 v) { return __builtin_bswap32(v); }
static inline be16 cpu_to_be16(uint16_t v) { return __builtin_bswap16(v); }
static inline be32 cpu_to_be32(uint32_t v) { return __builtin_bswap32(v); }

#endif
