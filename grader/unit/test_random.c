/* SPDX-License-Identifier: MIT */
/*
 * test_random.c - SipHash, and that what it is used for differs.
 */
#include <string.h>

#include "net/lwip/random.h"
#include "unit.h"

/* From the paper, appendix A, and the vectors published with it: key and
 * message are 00 01 02 and so on. */
TEST(test_siphash_gives_what_its_authors_publish)
{
    static const struct { size_t len; uint64_t hash; } table[] = {
        { 0, 0x726fdb47dd0e0e31 },
        { 1, 0x74f839c593dc67fd },
        { 7, 0xab0200f58b01d137 },
        { 8, 0x93f5f5799a932462 },
        { 15, 0xa129ca6149be45e5 },
    };
    uint64_t key[2];
    uint8_t bytes[16];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    memcpy(key, bytes, sizeof key);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t hash = siphash(key, bytes, table[i].len);

        CHECK(hash == table[i].hash, "of %zu bytes it is %016llx, here "
              "%016llx", table[i].len, (unsigned long long)table[i].hash,
              (unsigned long long)hash);
    }
}

TEST(test_numbers_differ_and_depend_on_what_was_stirred_in)
{
    uint32_t a = random_u32(), b = random_u32();
    uint64_t before = random_hash("x", 1), after;

    CHECK(a != b, "two numbers differ");
    random_stir("y", 1);
    after = random_hash("x", 1);
    CHECK(before != after, "stirring changes the key");
}
