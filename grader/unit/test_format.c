/* SPDX-License-Identifier: MIT */
/*
 * test_format.c - format_v() against the host's vsnprintf(), and by itself
 * where C leaves the answer open.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "console/format.h"
#include "unit.h"

enum { ROOM = 400 };

/* Checks text, end and length of both in a buffer of `cap` bytes. */
__attribute__((format(printf, 2, 3))) static void
check_same(size_t cap, const char *format, ...)
{
    char wanted[ROOM], seen[ROOM];
    va_list args, copy;

    memset(wanted, '~', sizeof(wanted));
    memset(seen, '~', sizeof(seen));
    va_start(args, format);
    va_copy(copy, args);
    int wanted_len = vsnprintf(cap ? wanted : NULL, cap, format, args);
    int seen_len = format_v(cap ? seen : NULL, cap, format, copy);
    va_end(copy);
    va_end(args);

    CHECK(seen_len == wanted_len,
          "\"%s\" into %zu bytes is \"%.*s\", of length %d; here %d", format,
          cap, (int)cap, cap ? wanted : "", wanted_len, seen_len);
    CHECK(memcmp(seen, wanted, sizeof(seen)) == 0,
          "\"%s\" into %zu bytes is \"%.*s\"; here \"%.*s\"", format, cap,
          (int)cap, wanted, (int)cap, seen);
}
#define SAME(...) check_same(ROOM, __VA_ARGS__)

TEST(test_text_without_a_conversion_is_copied)
{
    const char *volatile empty = "";

    SAME(empty);
    SAME("hi");
    SAME("two\nlines\t and a tab");
    SAME("\xc3\xa4 above 127");
}

TEST(test_text_that_does_not_fit_is_cut_but_counted)
{
    for (size_t cap = 0; cap < 13; cap++)
        check_same(cap, "hello world");
}

TEST(test_text_in_a_buffer_of_its_length_loses_its_last_character)
{
    char buf[] = "????";

    int len = format(buf, 3, "abc");
    CHECK(len == 3, "the whole text has 3 characters; here %d", len);
    CHECK(memcmp(buf, "ab\0?", 4) == 0,
          "of \"abc\" a buffer of 3 has two characters and a NUL, and nothing "
          "is written behind it: 61 62 00 3f; here %02hhx %02hhx %02hhx %02hhx",
          buf[0], buf[1], buf[2], buf[3]);
}

TEST(test_conversions_that_do_not_fit_are_cut_but_counted)
{
    for (size_t cap = 0; cap < 13; cap++) {
        check_same(cap, "%s", "hello world");
        check_same(cap, "%5d|%-5d", 42, 42);
        check_same(cap, "<%c>%%", 'x');
    }
}

TEST(test_a_percent_sign_is_written_twice)
{
    SAME("100%%");
    SAME("%%d");
    SAME("%%%%");
}

TEST(test_characters_and_strings)
{
    SAME("%c%c%c", 'a', 'b', 'c');
    SAME("%c", 0);
    SAME("%c", 0xe4);
    SAME("%s %s", "one", "two");
    SAME("%s", "");
}

TEST(test_a_string_that_is_null_is_said_to_be)
{
    const char *volatile null = NULL;
    char buf[20];

    format(buf, sizeof(buf), "<%s>", null);
    CHECK(strcmp(buf, "<(null)>") == 0, "\"<%%s>\" of NULL is \"<(null)>\"; "
          "here \"%s\"", buf);
    format(buf, sizeof(buf), "<%8s>", null);
    CHECK(strcmp(buf, "<  (null)>") == 0, "\"<%%8s>\" of NULL is "
          "\"<  (null)>\"; here \"%s\"", buf);
}

TEST(test_a_precision_limits_how_much_of_a_string_is_looked_at)
{
    char *edge = unit_memory(3, 1, 'x');
    char buf[20];

    SAME("%.2s|%.9s|%.0s|%.s", "abc", "abc", "abc", "abc");
    memcpy(edge, "abc", 3); /* no NUL, and the page behind is not ours */
    format(buf, sizeof(buf), "%.3s", edge);
    CHECK(strcmp(buf, "abc") == 0, "\"%%.3s\" of abc without a NUL is \"abc\"; "
          "here \"%s\"", buf);
}

TEST(test_integers_of_every_sign_and_base)
{
    static const int numbers[] = { 0,       1,       -1,         9,
                                   10,      255,     -255,       4096,
                                   INT_MAX, INT_MIN, INT_MIN + 1 };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int n = numbers[i];

        SAME("%d %i", n, n);
        SAME("%u %x %X %o", (unsigned)n, (unsigned)n, (unsigned)n, (unsigned)n);
    }
}

TEST(test_lengths_say_how_much_of_the_argument_counts)
{
    static const long numbers[] = { 0,           -1,      0x1ff,    0x18000,
                                    0x180000000, INT_MIN, LONG_MAX, LONG_MIN };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        long n = numbers[i];

        SAME("%hhd %hhu %hhx", (int)n, (int)n, (int)n);
        SAME("%hd %hu %ho", (int)n, (int)n, (int)n);
        SAME("%ld %lu %lx", n, (unsigned long)n, (unsigned long)n);
        SAME("%lld %llu %llX", (long long)n, (unsigned long long)n,
             (unsigned long long)n);
        SAME("%zd %zu %jd %ju %td", n, (size_t)n, (intmax_t)n, (uintmax_t)n,
             (ptrdiff_t)n);
    }
}

TEST(test_several_arguments_of_different_sizes_stay_apart)
{
    SAME("%d %lx %s %hhd %c %llu %d", -1, 0x123456789abcdef, "s", 300, 'c',
         ULLONG_MAX, 7);
    SAME("%d %d %d %d %d %d %d %d %ld %d", 1, 2, 3, 4, 5, 6, 7, 8, 9L, 10);
}

TEST(test_widths_and_flags)
{
    SAME("[%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42, 42, 42);
    SAME("[%5d] [%-5d] [%05d] [%+d] [% d]", -42, -42, -42, -42, -42);
    SAME("[%1d] [%02d] [%3s] [%-3s]", 12345, 12345, "long", "long");
    SAME("[%#x] [%#X] [%#o] [%#x] [%#o]", 255u, 255u, 8u, 0u, 0u);
    SAME("[%#08x] [%#8x] [%-#8x] [%#08o]", 255u, 255u, 255u, 8u);
    SAME("[%*d] [%*d] [%-*d]", 6, 42, -6, 42, 6, 42);
    SAME("[%3c] [%-3c] [%10s] [%-10.2s]", 'a', 'b', "right", "left");
}

TEST(test_precisions)
{
    SAME("[%.5d] [%.1d] [%.0d] [%.d] [%8.5d] [%-8.5d]", 42, 42, 0, 0, -42, -42);
    SAME("[%.0x] [%.0u] [%#.0o] [%#.0x] [%5.0d]", 0u, 0u, 0u, 0u, 0);
    SAME("[%.0d] [%.*d] [%.*d] [%*.*d]", 7, 4, 42, -1, 42, 8, 4, 42);
    SAME("[%#.5x] [%#.5o] [%+.3d] [% .3d]", 255u, 8u, 5, 5);
    SAME("[%.20d] [%.30lo]", INT_MIN, ULONG_MAX);
}

TEST(test_a_pointer_is_a_hexadecimal_address)
{
    char buf[40];

    SAME("%p", (void *)0x1234abcd5678);
    SAME("[%20p] [%-20p]", (void *)buf, (void *)buf);
    format(buf, sizeof(buf), "%p", (void *)0);
    CHECK(strcmp(buf, "0x0") == 0, "\"%%p\" of NULL is \"0x0\"; here \"%s\"",
          buf);
}

TEST(test_what_is_no_conversion_stands_for_itself)
{
    const char *volatile unknown = "a%q %9q %", *volatile flags = "%-5";
    char buf[40];

    format(buf, sizeof(buf), unknown);
    CHECK(strcmp(buf, "a%q %q %") == 0, "\"a%%q %%9q %%\" has no conversion "
          "that there is, and is \"a%%q %%q %%\"; here \"%s\"", buf);
    int len = format(buf, sizeof(buf), flags);
    CHECK(strcmp(buf, "%") == 0 && len == 1,
          "\"%%-5\" ends in the middle, and is \"%%\", of length 1; here "
          "\"%s\", of length %d", buf, len);
}

/* A random conversion specification. Only what C defines: # and + and 0 have
 * no meaning for every conversion. */
struct specification {
    char text[40];
    char conversion;
    unsigned size; /* of the argument, 4 or 8 */
    bool stars[2]; /* width and precision are arguments */
};

static void add(char *text, const char *more)
{
    strcat(text, more);
}

static struct specification random_specification(void)
{
    static const char *const lengths[] = { "hh", "h", "",  "l",
                                           "ll", "z", "j", "t" };
    struct specification s = { .text = "<%", .size = 4 };
    char part[12];

    s.conversion = "diuxXocsp"[unit_random_below(9)];
    bool integer = strchr("diuxXo", s.conversion);
    const char *flags = strchr("di", s.conversion)    ? "-0+ "
                        : strchr("xXo", s.conversion) ? "-0+ #"
                        : s.conversion == 'u'         ? "-0+ "
                                                      : "-";
    for (unsigned n = unit_random_below(4); n > 0; n--) {
        part[0] = flags[unit_random_below((uint32_t)strlen(flags))];
        part[1] = '\0';
        add(s.text, part);
    }
    switch (unit_random_below(3)) {
    case 0:
        s.stars[0] = true;
        add(s.text, "*");
        break;
    case 1:
        snprintf(part, sizeof(part), "%u", 1 + unit_random_below(30));
        add(s.text, part);
    }
    switch (integer || s.conversion == 's' ? unit_random_below(4) : 3) {
    case 0:
        s.stars[1] = true;
        add(s.text, ".*");
        break;
    case 1:
        snprintf(part, sizeof(part), ".%u", unit_random_below(30));
        add(s.text, part);
        break;
    case 2:
        add(s.text, ".");
    }
    if (integer) {
        unsigned length = unit_random_below(8);

        s.size = length < 3 ? 4 : 8;
        add(s.text, lengths[length]);
    }
    snprintf(part, sizeof(part), "%c>", s.conversion);
    add(s.text, part);
    return s;
}

static uint64_t random_number(void)
{
    static const uint64_t edges[] = {
        0, 1, INT_MAX, INT_MIN, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX, 0x80
    };

    if (unit_random_below(3) == 0)
        return edges[unit_random_below(8)];
    return unit_random() >> unit_random_below(64);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

#define SAME_WITH(s, cap, argument)                                            \
    do {                                                                       \
        int width = (int)unit_random_below(60) - 30;                           \
        int precision = (int)unit_random_below(40) - 10;                       \
        if (s.stars[0] && s.stars[1])                                          \
            check_same(cap, s.text, width, precision, argument);               \
        else if (s.stars[0])                                                   \
            check_same(cap, s.text, width, argument);                          \
        else if (s.stars[1])                                                   \
            check_same(cap, s.text, precision, argument);                      \
        else                                                                   \
            check_same(cap, s.text, argument);                                 \
    } while (0)

TEST(test_a_hundred_thousand_random_conversions_are_as_in_c)
{
    for (unsigned round = 0; round < 100000; round++) {
        struct specification s = random_specification();
        size_t cap = unit_random_below(2) ? ROOM : unit_random_below(40);
        uint64_t n = random_number();

        if (s.conversion == 's')
            SAME_WITH(s, cap, &"a string of some length"[n % 23]);
        else if (s.conversion == 'p')
            SAME_WITH(s, cap, (void *)(uintptr_t)(n | 1));
        else if (s.size == 8)
            SAME_WITH(s, cap, n);
        else
            SAME_WITH(s, cap, (int)n);
    }
}
