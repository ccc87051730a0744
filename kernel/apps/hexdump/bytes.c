/* SPDX-License-Identifier: MIT */
/*
 * bytes.c - bytes shown to a person, folded into a number, and reversed.
 *
 *     00000200  74 68 69 73 20 69 73 20  73 65 63 74 ...  |this is sect...|
 */
#include "apps/hexdump/bytes.h"

#include "console/format.h"

enum { LINE = 16 };

static void show_line(uint64_t address, const uint8_t *bytes)
{
    print("%08llx ", (unsigned long long)address);
    for (unsigned i = 0; i < LINE; i++)
        print("%s%02x ", i % 8 == 0 ? " " : "", bytes[i]);
    print(" |");
    for (unsigned i = 0; i < LINE; i++)
        print("%c", bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    print("|\n");
}

void bytes_show(uint64_t address, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += LINE)
        show_line(address + i, bytes + i);
}

uint32_t bytes_fold(uint32_t fold, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fold = fold * 31 + bytes[i];
    return fold;
}

void bytes_reverse(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        uint8_t byte = bytes[i];

        bytes[i] = bytes[len - 1 - i];
        bytes[len - 1 - i] = byte;
    }
}
