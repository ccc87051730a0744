/* SPDX-License-Identifier: MIT */
/*
 * test_string.c - kernel/lib's own memory and string functions, under other
 * names, against the host's.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/number.h"
#include "string_names.h"
#include "unit.h"

enum { SIZE = 200, ROUNDS = 20000 };

static void fill(unsigned char *p, size_t n)
{
    while (n-- > 0)
        *p++ = (unsigned char)unit_random();
}

void check_memcpy(void *(*copy)(void *restrict, const void *restrict, size_t))
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned char from[SIZE], to[SIZE], wanted[SIZE];
        size_t n = unit_random_below(SIZE + 1);
        size_t f = unit_random_below((uint32_t)(SIZE - n) + 1);
        size_t t = unit_random_below((uint32_t)(SIZE - n) + 1);

        fill(from, SIZE);
        fill(to, SIZE);
        memcpy(wanted, to, SIZE);
        memcpy(wanted + t, from + f, n);
        CHECK(copy(to + t, from + f, n) == to + t,
              "memcpy returns where it copied to");
        CHECK(memcmp(to, wanted, SIZE) == 0,
              "%zu bytes from offset %zu to offset %zu, and nothing else", n, f,
              t);
    }
}

void check_memset(void *(*set)(void *, int, size_t))
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned char to[SIZE], wanted[SIZE];
        size_t n = unit_random_below(SIZE + 1);
        size_t t = unit_random_below((uint32_t)(SIZE - n) + 1);
        int byte = (int)unit_random_below(1024) - 512;

        fill(to, SIZE);
        memcpy(wanted, to, SIZE);
        memset(wanted + t, byte, n);
        CHECK(set(to + t, byte, n) == to + t, "memset returns where it filled");
        CHECK(memcmp(to, wanted, SIZE) == 0,
              "%zu bytes of %d at offset %zu, and nothing else", n, byte, t);
    }
}

TEST(test_memmove_copies_whatever_way_the_two_overlap)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned char memory[SIZE], wanted[SIZE];
        size_t n = unit_random_below(SIZE + 1);
        size_t f = unit_random_below((uint32_t)(SIZE - n) + 1);
        size_t t = unit_random_below((uint32_t)(SIZE - n) + 1);

        fill(memory, SIZE);
        memcpy(wanted, memory, SIZE);
        memmove(wanted + t, wanted + f, n);
        CHECK(lodge_memmove(memory + t, memory + f, n) == memory + t,
              "memmove returns where it copied to");
        CHECK(memcmp(memory, wanted, SIZE) == 0,
              "%zu bytes from offset %zu to offset %zu of one piece", n, f, t);
    }
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

TEST(test_memcmp_compares_unsigned_bytes_and_no_more_than_told)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t n = unit_random_below(64);
        unsigned char a[64], b[64];

        fill(a, sizeof(a));
        memcpy(b, a, n);
        fill(b + n, sizeof(b) - n);
        if (n > 0 && unit_random_below(4) > 0)
            b[unit_random_below((uint32_t)n)] = (unsigned char)unit_random();
        CHECK(sign(lodge_memcmp(a, b, n)) == sign(memcmp(a, b, n)),
              "memcmp of %zu bytes: %d, not %d", n, sign(memcmp(a, b, n)),
              lodge_memcmp(a, b, n));
    }
}

/* A short string of few different characters, so that much is alike. */
static const char *random_string(size_t *size)
{
    *size = unit_random_below(12) + 1;
    char *s = malloc(*size);

    for (size_t i = 0; i < *size; i++)
        s[i] = "ab\xe4"[unit_random_below(3)];
    s[*size - 1] = '\0';
    return s;
}

TEST(test_strings_are_measured_compared_and_searched_as_in_c)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t asize, bsize, n = unit_random_below(14);
        const char *a = random_string(&asize), *b = random_string(&bsize);
        int c = "ab\xe4"[unit_random_below(4)];

        CHECK(lodge_strlen(a) == strlen(a), "strlen(\"%s\")", a);
        CHECK(sign(lodge_strcmp(a, b)) == sign(strcmp(a, b)),
              "strcmp(\"%s\", \"%s\")", a, b);
        CHECK(sign(lodge_strncmp(a, b, n)) == sign(strncmp(a, b, n)),
              "strncmp(\"%s\", \"%s\", %zu)", a, b, n);
        CHECK(lodge_strchr(a, c) == strchr(a, c), "strchr(\"%s\", %d)", a, c);
        CHECK(lodge_memchr(a, c, asize) == memchr(a, c, asize),
              "memchr(\"%s\", %d, %zu)", a, c, asize);
        free((void *)a);
        free((void *)b);
    }
}

TEST(test_a_search_does_not_look_behind_what_it_found)
{
    char *edge = (char *)unit_memory(4, 1, 'x');

    memcpy(edge, "abc", 4);
    CHECK(lodge_strlen(edge) == 3, "strlen stops at the NUL");
    CHECK(lodge_strncmp(edge, "abc", 100) == 0, "strncmp stops at the NUL");
    CHECK(lodge_strchr(edge, 'q') == NULL, "strchr stops at the NUL");
    CHECK(lodge_memchr(edge, 'q', 4) == NULL, "memchr stops at its length");
}

TEST(test_atoi_reads_as_in_c)
{
    static const char *const texts[] = {
        "",    "0",   "42",         "-42",         "+7",          " \t\n 12x",
        "-",   "x1",  "2147483647", "-2147483647", "-2147483648", "--1",
        "007", "1 2",
    };

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CHECK(lodge_atoi(texts[i]) == atoi(texts[i]),
              "atoi(\"%s\"): %d, not %d", texts[i], atoi(texts[i]),
              lodge_atoi(texts[i]));
    CHECK(lodge_atoi("99999999999999999999") == INT32_MAX,
          "atoi stops at the greatest int");
    CHECK(lodge_atoi("-99999999999999999999") == INT32_MIN,
          "atoi stops at the least int");
}

TEST(test_number_parse_reads_digits_and_tells_how_many)
{
    static const struct {
        const char *text;
        size_t len;
        unsigned base;
        size_t digits;
        uint64_t value;
    } table[] = {
        { "123", 3, 10, 3, 123 },
        { "123", 2, 10, 2, 12 },
        { "12x3", 4, 10, 2, 12 },
        { "", 0, 10, 0, 99 },
        { "x", 1, 10, 0, 99 },
        { "-1", 2, 10, 0, 99 },
        { " 1", 2, 10, 0, 99 },
        { "fF0", 3, 16, 3, 0xff0 },
        { "fG", 2, 16, 1, 0xf },
        { "178", 3, 8, 2, 017 },
        { "102", 3, 2, 2, 2 },
        { "18446744073709551615", 20, 10, 20, UINT64_MAX },
        { "18446744073709551616", 20, 10, 0, 99 },
        { "99999999999999999999", 20, 10, 0, 99 },
        { "ffffffffffffffff", 16, 16, 16, UINT64_MAX },
        { "10000000000000000", 17, 16, 0, 99 },
        { "00000000000000000000001", 23, 10, 23, 1 },
    };

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint64_t value = 99;
        size_t digits =
            number_parse(table[i].text, table[i].len, table[i].base, &value);

        CHECK(digits == table[i].digits && value == table[i].value,
              "\"%s\" in base %u: %zu digits, %llu; here %zu and %llu",
              table[i].text, table[i].base, table[i].digits,
              (unsigned long long)table[i].value, digits,
              (unsigned long long)value);
    }
}
