/* SPDX-License-Identifier: MIT */
/*
 * bytes.h - what is done with the bytes that a disk holds.
 */
#ifndef APPS_HEXDUMP_BYTES_H
#define APPS_HEXDUMP_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Prints `len` bytes, a multiple of 16, as lines of 16 that say which address
 * they begin at; the first at `address`. */
void bytes_show(uint64_t address, const uint8_t *bytes, size_t len);

/* fold = fold * 31 + byte over them, from `fold` on. */
uint32_t bytes_fold(uint32_t fold, const uint8_t *bytes, size_t len);

/* The last one first, in place. */
void bytes_reverse(uint8_t *bytes, size_t len);

#endif
