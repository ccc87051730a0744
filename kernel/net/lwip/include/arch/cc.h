/* SPDX-License-Identifier: MIT */
/*
 * cc.h - what lwIP wants to know of the compiler and of us: no C library but
 * memcpy and its like, a source of randomness, and where a failed assertion
 * goes. lwIP includes it by this name.
 */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <stddef.h>
#include <stdint.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_LIMITS_H 1

/* lwIP makes an ssize_t of its own unless it sees that there is one. */
#if __STDC_HOSTED__
#include <limits.h>
#include <sys/types.h>
#endif

#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

/* An instruction each, in the place of lwIP's functions. */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1
#define lwip_htons(x) __builtin_bswap16((uint16_t)(x))
#define lwip_ntohs(x) __builtin_bswap16((uint16_t)(x))
#define lwip_htonl(x) __builtin_bswap32((uint32_t)(x))
#define lwip_ntohl(x) __builtin_bswap32((uint32_t)(x))

/* A few bytes, how many is known: as many instructions. */
#define SMEMCPY(to, from, size) __builtin_memcpy(to, from, size)

uint16_t checksum_add(const void *data, size_t len);
#define LWIP_CHKSUM(data, len) checksum_add(data, len)

/* lwIP's assertions are about itself: one that fails is a fault of ours. */
_Noreturn void panic_at(const char *file, int line, const char *why);
#define LWIP_PLATFORM_ASSERT(why) panic_at(__FILE__, __LINE__, "lwIP: " why)
#define LWIP_PLATFORM_DIAG(args) ((void)0)

uint32_t random_u32(void);          /* net/lwip/random.h */
#define LWIP_RAND() random_u32()

#endif
