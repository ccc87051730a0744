/* SPDX-License-Identifier: MIT */
/*
 * random.c - numbers that a stranger can't guess: SipHash-2-4 under a key that
 * start-up makes of what the machine has of chance, and of what differs from
 * boot to boot.
 */
#include "net/lwip/random.h"

#include "arch/arch.h"
#include "lib/string.h"

static uint64_t key[2] = { 0x6c6f646765206f6eull, 0x6520746865207761ull };

static uint64_t rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* One word of the message: two rounds. */
static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t siphash(const uint64_t k[2], const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint64_t v[4] = {
        k[0] ^ 0x736f6d6570736575ull, k[1] ^ 0x646f72616e646f6dull,
        k[0] ^ 0x6c7967656e657261ull, k[1] ^ 0x7465646279746573ull,
    };
    uint64_t word;
    size_t i = 0;

    for (; len - i >= 8; i += 8) {
        memcpy(&word, bytes + i, 8);
        sip_word(v, word);
    }
    word = (uint64_t)len << 56;
    for (unsigned shift = 0; i < len; i++, shift += 8)
        word |= (uint64_t)bytes[i] << shift;
    sip_word(v, word);
    v[2] ^= 0xff;
    for (unsigned round = 0; round < 4; round++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t random_hash(const void *data, size_t len)
{
    return siphash(key, data, len);
}

/* Each half of the new key depends on all of the old, on the data, and on what
 * nobody can foretell. */
void random_stir(const void *data, size_t len)
{
    uint64_t chance[2] = { arch_random(), siphash(key, data, len) };

    key[0] ^= siphash(key, chance, sizeof chance);
    chance[0] = arch_random();
    key[1] ^= siphash(key, chance, sizeof chance);
}

uint32_t random_u32(void)
{
    static uint64_t counter;
    uint64_t input[2] = { counter++, arch_cycles() };

    return (uint32_t)random_hash(input, sizeof input);
}
