/* SPDX-License-Identifier: MIT */
/*
 * crc32.h - the checksum of gzip and zip, and of Python's zlib.crc32().
 */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of data[len], going on from `crc`: 0 at first, and then what the piece
 * before gave. */
uint32_t crc32(uint32_t crc, const void *data, size_t len);

#endif
