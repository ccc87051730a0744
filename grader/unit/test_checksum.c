/* SPDX-License-Identifier: MIT */
/*
 * test_checksum.c - the Internet checksum's sum, against the plainest way to
 * take it.
 */
#include "net/lwip/checksum.h"
#include "unit.h"

static uint16_t plain(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? (uint32_t)data[i] << 8 : data[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void compare(int fill)
{
    for (size_t len = 0; len <= 300; len++) {
        for (size_t skip = 0; skip < 8 && skip <= len; skip++) {
            uint8_t *data = unit_memory(len ? len : 1, 1, fill);
            uint16_t expected, seen;

            for (size_t i = 0; i < len && fill == 1; i++)
                data[i] = (uint8_t)unit_random();
            expected = plain(data + skip, len - skip);
            seen = checksum_add(data + skip, len - skip);
            CHECK(seen == expected, "the sum of %zu bytes is %04x, here %04x",
                  len - skip, expected, seen);
        }
    }
}

TEST(test_any_bytes_at_any_address)
{
    compare(1);
}

TEST(test_all_bytes_255_carry_all_the_way)
{
    compare(0xff);
}

TEST(test_all_bytes_0)
{
    compare(0);
}

TEST(test_the_example_of_rfc_1071)
{
    static const uint8_t data[] = { 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7 };
    uint16_t sum = checksum_add(data, sizeof data);

    CHECK((uint8_t)sum == 0xdd && sum >> 8 == 0xf2, "it is dd f2 in memory, "
          "here %02x %02x", sum & 255, sum >> 8);
}
