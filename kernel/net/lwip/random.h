/* SPDX-License-Identifier: MIT */
/*
 * random.h - numbers that a stranger can't guess.
 *
 * A guest has no disk with a seed on it. What it has is what arch_random()
 * finds, and whatever a module that knows more stirs in. Good enough for
 * sequence numbers and ports; not for keys.
 */
#ifndef NET_LWIP_RANDOM_H
#define NET_LWIP_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Adds what is in data[len] to what the numbers depend on. */
void random_stir(const void *data, size_t len);

uint32_t random_u32(void);

/* SipHash-2-4 of data[len] under our key. [Aumasson, Bernstein 2012] */
uint64_t random_hash(const void *data, size_t len);

/* The same under a given key, for its test vectors. */
uint64_t siphash(const uint64_t key[2], const void *data, size_t len);

#endif
