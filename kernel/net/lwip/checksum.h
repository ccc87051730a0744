/* SPDX-License-Identifier: MIT */
/*
 * checksum.h - the sum that the Internet checksum is made of. [RFC 1071]
 */
#ifndef NET_LWIP_CHECKSUM_H
#define NET_LWIP_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The ones' complement sum of data[len], taken as numbers of two bytes as they
 * lie in memory; an odd byte at the end counts as if a 0 followed. Not yet
 * complemented. */
uint16_t checksum_add(const void *data, size_t len);

#endif
