/* SPDX-License-Identifier: MIT */
/*
 * test_format_pieces.c - the pieces that format_v() is made of, each by
 * itself, so that one can be tried before the next is written.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "console/format_spec.h"
#include "unit.h"

static char room[200];
static struct format_out out;

static void begin(size_t cap)
{
    memset(room, '~', sizeof(room));
    out = (struct format_out){ .buf = cap ? room : NULL, .cap = cap };
}

/* What was added since begin(). */
static void check_text(const char *of, const char *wanted)
{
    size_t len = strlen(wanted);

    CHECK(out.len == len && memcmp(room, wanted, len) == 0,
          "%s is \"%s\", of length %zu; here \"%.*s\", of length %zu", of,
          wanted, len, (int)(out.len < sizeof(room) ? out.len : 0), room,
          out.len);
    CHECK(room[len] == '~', "nothing is written behind \"%s\"; here there is "
          "0x%02x", wanted, (unsigned char)room[len]);
}

/* What a test says comes after what is there without it. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define SPEC(...)                                                              \
    ((struct format_spec){ .precision = -1, .size = 4, __VA_ARGS__ })

/* ---- format_put --------------------------------------------------------- */

TEST(test_put_stores_characters_side_by_side)
{
    begin(sizeof(room));
    format_put(&out, 'h');
    format_put(&out, 'i');
    check_text("'h' and 'i'", "hi");
}

TEST(test_put_stores_what_there_is_room_for_and_counts_all)
{
    begin(3);
    for (const char *c = "abcde"; *c; c++)
        format_put(&out, *c);
    CHECK(memcmp(room, "abc~", 4) == 0, "of \"abcde\" a buffer of 3 holds "
          "\"abc\", and what is behind it is untouched; here \"%.5s\"", room);
    CHECK(out.len == 5, "5 characters are counted, stored or not; here %zu",
          out.len);
}

TEST(test_put_stores_nothing_in_a_buffer_of_none)
{
    begin(0);
    format_put(&out, 'x');
    CHECK(out.len == 1, "1 character is counted; here %zu", out.len);
}

/* ---- format_field ------------------------------------------------------- */

#define CHECK_FIELD(wanted, prefix, zeros, text, len, ...)                     \
    do {                                                                       \
        struct format_spec spec = SPEC(__VA_ARGS__);                           \
        begin(sizeof(room));                                                   \
        format_field(&out, &spec, prefix, zeros, text, len);                   \
        check_text("the field of prefix \"" prefix                             \
                   "\", zeros " #zeros " and text " #text                      \
                   " with " #__VA_ARGS__, wanted);                             \
    } while (0)

TEST(test_field_without_a_width_is_prefix_zeros_and_text)
{
    CHECK_FIELD("text", "", 0, "text", 4, .width = 0);
    CHECK_FIELD("0x00ff", "0x", 2, "ff", 2, .width = 0);
    CHECK_FIELD("te", "", 0, "text", 2, .width = 0);
    CHECK_FIELD("", "", 0, "", 0, .width = 0);
}

TEST(test_field_has_blanks_on_its_left_up_to_the_width)
{
    CHECK_FIELD("  text", "", 0, "text", 4, .width = 6);
    CHECK_FIELD("   -007", "-", 2, "7", 1, .width = 7);
    CHECK_FIELD("   ", "", 0, "", 0, .width = 3);
}

TEST(test_field_has_blanks_on_its_right_when_it_is_left)
{
    CHECK_FIELD("text  ", "", 0, "text", 4, .width = 6, .left = true);
    CHECK_FIELD("-007   ", "-", 2, "7", 1, .width = 7, .left = true);
}

TEST(test_field_is_never_cut_by_a_width)
{
    CHECK_FIELD("text", "", 0, "text", 4, .width = 4);
    CHECK_FIELD("text", "", 0, "text", 4, .width = 3);
    CHECK_FIELD("0x0text", "0x", 1, "text", 4, .width = 6, .left = true);
}

TEST(test_field_that_does_not_fit_is_counted_whole)
{
    struct format_spec spec = SPEC(.width = 12);

    begin(6);
    format_field(&out, &spec, "-", 3, "12345", 5);
    CHECK(out.len == 12, "the field has 12 characters, 6 of them stored; here "
          "%zu are counted", out.len);
    CHECK(memcmp(room, "   -00~", 7) == 0, "a buffer of 6 holds \"   -00\"; "
          "here \"%.7s\"", room);
}

TEST(test_field_looks_at_no_more_of_the_text_than_its_length)
{
    char *edge = unit_memory(3, 1, 'x');
    struct format_spec spec = SPEC(.width = 5);

    begin(sizeof(room));
    format_field(&out, &spec, "", 0, edge, 3);
    check_text("three x without a NUL in a field of 5", "  xxx");
}

/* ---- format_convert: text ----------------------------------------------- */

static void convert(struct format_spec spec, ...)
{
    struct format_args args;

    begin(sizeof(room));
    va_start(args.list, spec);
    format_convert(&out, &spec, &args);
    va_end(args.list);
}

/* A string's or a character's; an integer's is below. */
#define CHECK_CONVERT(of, wanted, spec, ...)                                   \
    do {                                                                       \
        convert(spec, __VA_ARGS__);                                            \
        check_text(of, wanted);                                                \
    } while (0)

TEST(test_convert_text_of_a_character)
{
    CHECK_CONVERT("%c", "a", SPEC(.conversion = 'c'), 'a');
    CHECK_CONVERT("%3c", "  b", SPEC(.conversion = 'c', .width = 3), 'b');
    CHECK_CONVERT("%c of 0xe4", "\xe4", SPEC(.conversion = 'c'), 0xe4);
    convert(SPEC(.conversion = 'c'), 0);
    CHECK(out.len == 1 && room[0] == '\0', "%%c of 0 is one character, a NUL; "
          "here there are %zu", out.len);
}

TEST(test_convert_text_of_a_string)
{
    CHECK_CONVERT("%s", "text", SPEC(.conversion = 's'), "text");
    CHECK_CONVERT("%s of \"\"", "", SPEC(.conversion = 's'), "");
    CHECK_CONVERT("%6s", "  text", SPEC(.conversion = 's', .width = 6), "text");
    CHECK_CONVERT("%-6s", "text  ",
                  SPEC(.conversion = 's', .width = 6, .left = true), "text");
}

TEST(test_convert_text_of_null)
{
    CHECK_CONVERT("%s of NULL", "(null)", SPEC(.conversion = 's'),
                  (char *)NULL);
    CHECK_CONVERT("%8s of NULL", "  (null)",
                  SPEC(.conversion = 's', .width = 8), (char *)NULL);
}

TEST(test_convert_text_up_to_the_precision)
{
    char *edge = unit_memory(3, 1, 'x');

    CHECK_CONVERT("%.2s", "te", SPEC(.conversion = 's', .precision = 2),
                  "text");
    CHECK_CONVERT("%.9s", "text", SPEC(.conversion = 's', .precision = 9),
                  "text");
    CHECK_CONVERT("%.0s", "", SPEC(.conversion = 's', .precision = 0), "text");
    CHECK_CONVERT("%.3s of three x without a NUL", "xxx",
                  SPEC(.conversion = 's', .precision = 3), edge);
}

TEST(test_convert_text_of_what_is_no_conversion)
{
    CHECK_CONVERT("%%", "%", SPEC(.conversion = '%'), 0);
    CHECK_CONVERT("%q", "%q", SPEC(.conversion = 'q'), 0);
    CHECK_CONVERT("%5q", "%q", SPEC(.conversion = 'q', .width = 5), 0);
    CHECK_CONVERT("% at the end", "%", SPEC(.conversion = '\0'), 0);
    CHECK_CONVERT("%5 at the end", "%", SPEC(.conversion = '\0', .width = 5),
                  0);
}

/* ---- format_integer ----------------------------------------------------- */

#define CHECK_INTEGER(wanted, conversion_, value, negative, ...)               \
    do {                                                                       \
        struct format_spec spec = SPEC(.conversion = conversion_,              \
                                       __VA_ARGS__);                           \
        begin(sizeof(room));                                                   \
        format_integer(&out, &spec, value, negative);                          \
        check_text(#value " as " #conversion_ " with " #__VA_ARGS__, wanted);  \
    } while (0)

TEST(test_integer_in_every_base)
{
    CHECK_INTEGER("0", 'u', 0, false, .width = 0);
    CHECK_INTEGER("7", 'd', 7, false, .width = 0);
    CHECK_INTEGER("4096", 'i', 4096, false, .width = 0);
    CHECK_INTEGER("1000", 'x', 4096, false, .width = 0);
    CHECK_INTEGER("10000", 'o', 4096, false, .width = 0);
    CHECK_INTEGER("beef", 'x', 0xbeef, false, .width = 0);
    CHECK_INTEGER("BEEF", 'X', 0xbeef, false, .width = 0);
    CHECK_INTEGER("0", 'x', 0, false, .width = 0);
    CHECK_INTEGER("0", 'o', 0, false, .width = 0);
}

TEST(test_integer_of_64_bits)
{
    CHECK_INTEGER("18446744073709551615", 'u', UINT64_MAX, false, .width = 0);
    CHECK_INTEGER("ffffffffffffffff", 'x', UINT64_MAX, false, .width = 0);
    CHECK_INTEGER("1777777777777777777777", 'o', UINT64_MAX, false, .width = 0);
    CHECK_INTEGER("01777777777777777777777", 'o', UINT64_MAX, false,
                  .alternate = true);
    CHECK_INTEGER("-9223372036854775808", 'd', 1ull << 63, true, .width = 0);
}

TEST(test_integer_has_its_sign)
{
    CHECK_INTEGER("-5", 'd', 5, true, .width = 0);
    CHECK_INTEGER("+5", 'd', 5, false, .plus = true);
    CHECK_INTEGER(" 5", 'd', 5, false, .space = true);
    CHECK_INTEGER("+5", 'd', 5, false, .plus = true, .space = true);
    CHECK_INTEGER("-5", 'i', 5, true, .plus = true, .space = true);
    CHECK_INTEGER("5", 'u', 5, false, .width = 0);
    CHECK_INTEGER("5", 'u', 5, false, .plus = true);
    CHECK_INTEGER("5", 'u', 5, false, .space = true);
    CHECK_INTEGER("5", 'x', 5, false, .plus = true);
    CHECK_INTEGER("5", 'o', 5, false, .space = true);
}

TEST(test_integer_has_its_prefix)
{
    CHECK_INTEGER("0xff", 'x', 255, false, .alternate = true);
    CHECK_INTEGER("0XFF", 'X', 255, false, .alternate = true);
    CHECK_INTEGER("010", 'o', 8, false, .alternate = true);
    CHECK_INTEGER("0", 'x', 0, false, .alternate = true);
    CHECK_INTEGER("0", 'o', 0, false, .alternate = true);
    CHECK_INTEGER("0xff", 'p', 255, false, .width = 0);
    CHECK_INTEGER("0x0", 'p', 0, false, .width = 0);
}

TEST(test_integer_is_filled_up_with_blanks_or_zeros)
{
    CHECK_INTEGER("   42", 'd', 42, false, .width = 5);
    CHECK_INTEGER("42   ", 'd', 42, false, .width = 5, .left = true);
    CHECK_INTEGER("00042", 'd', 42, false, .width = 5, .zero = true);
    CHECK_INTEGER("-0042", 'd', 42, true, .width = 5, .zero = true);
    CHECK_INTEGER("0x002a", 'x', 42, false, .width = 6, .zero = true,
                  .alternate = true);
    CHECK_INTEGER("42   ", 'd', 42, false, .width = 5, .zero = true,
                  .left = true);
    CHECK_INTEGER("42", 'd', 42, false, .width = 1, .zero = true);
    CHECK_INTEGER("   42", 'd', 42, false, .width = 5, .zero = true,
                  .precision = 0);
}

TEST(test_integer_has_at_least_as_many_digits_as_the_precision)
{
    CHECK_INTEGER("00042", 'd', 42, false, .precision = 5);
    CHECK_INTEGER("42", 'd', 42, false, .precision = 1);
    CHECK_INTEGER("", 'd', 0, false, .precision = 0);
    CHECK_INTEGER("", 'x', 0, false, .precision = 0, .alternate = true);
    CHECK_INTEGER("0", 'o', 0, false, .precision = 0, .alternate = true);
    CHECK_INTEGER("00010", 'o', 8, false, .precision = 5, .alternate = true);
    CHECK_INTEGER("   00042", 'd', 42, false, .precision = 5, .width = 8);
    CHECK_INTEGER("   00042", 'd', 42, false, .precision = 5, .width = 8,
                  .zero = true);
    CHECK_INTEGER("-00042  ", 'd', 42, true, .precision = 5, .width = 8,
                  .left = true);
}

/* ---- format_convert: numbers -------------------------------------------- */

TEST(test_convert_number_of_an_int)
{
    CHECK_CONVERT("%d", "42", SPEC(.conversion = 'd'), 42);
    CHECK_CONVERT("%d of -42", "-42", SPEC(.conversion = 'd'), -42);
    CHECK_CONVERT("%i of INT_MIN", "-2147483648", SPEC(.conversion = 'i'),
                  INT_MIN);
    CHECK_CONVERT("%u of UINT_MAX", "4294967295", SPEC(.conversion = 'u'),
                  UINT_MAX);
    CHECK_CONVERT("%x of -1", "ffffffff", SPEC(.conversion = 'x'), -1);
    CHECK_CONVERT("%X of -1", "FFFFFFFF", SPEC(.conversion = 'X'), -1);
    CHECK_CONVERT("%o of 8", "10", SPEC(.conversion = 'o'), 8);
}

TEST(test_convert_number_of_a_long)
{
    CHECK_CONVERT("%lx", "123456789abcdef",
                  SPEC(.conversion = 'x', .size = 8), 0x123456789abcdef);
    CHECK_CONVERT("%ld of LONG_MIN", "-9223372036854775808",
                  SPEC(.conversion = 'd', .size = 8), LONG_MIN);
    CHECK_CONVERT("%lu of ULONG_MAX", "18446744073709551615",
                  SPEC(.conversion = 'u', .size = 8), ULONG_MAX);
}

TEST(test_convert_number_of_a_char_and_a_short)
{
    CHECK_CONVERT("%hhd of 0x1ff", "-1", SPEC(.conversion = 'd', .size = 1),
                  0x1ff);
    CHECK_CONVERT("%hhu of 0x1ff", "255", SPEC(.conversion = 'u', .size = 1),
                  0x1ff);
    CHECK_CONVERT("%hd of 0x18000", "-32768",
                  SPEC(.conversion = 'd', .size = 2), 0x18000);
}

TEST(test_convert_number_of_a_pointer)
{
    CHECK_CONVERT("%p", "0x1234abcd5678", SPEC(.conversion = 'p'),
                  (void *)0x1234abcd5678);
    CHECK_CONVERT("%p of NULL", "0x0", SPEC(.conversion = 'p'), (void *)0);
}

TEST(test_convert_number_takes_one_argument_and_no_more)
{
    CHECK_CONVERT("%2ld of 7", " 7",
                  SPEC(.conversion = 'd', .size = 8, .width = 2), 7L, 8L);
}

/* ---- format_parse ------------------------------------------------------- */

/* Reads `text`, which stands behind a %, with the ints that follow for each *;
 * where it went on comes back, as an offset. */
static size_t parse(struct format_spec *spec, const char *text, ...)
{
    struct format_args args;

    memset(spec, 0xa5, sizeof(*spec));
    va_start(args.list, text);
    const char *on = format_parse(text, spec, &args);
    va_end(args.list);
    return (size_t)(on - text);
}

#define CHECK_PARSE(field, form, wanted, ...)                                  \
    do {                                                                       \
        struct format_spec spec;                                               \
        parse(&spec, __VA_ARGS__);                                             \
        CHECK(spec.field == (wanted), "of \"%%%s\" " #field " is " form        \
              "; here " form, FIRST(__VA_ARGS__, 0), wanted, spec.field);      \
    } while (0)
#define FIRST(first, ...) first

#define CHECK_LONG(field, wanted, ...)                                         \
    CHECK_PARSE(field, "%ld", (long)(wanted), __VA_ARGS__)
#define CHECK_FLAG(field, wanted, ...)                                         \
    CHECK_PARSE(field, "%d", wanted, __VA_ARGS__)

TEST(test_parse_finds_the_conversion_and_goes_on_behind_it)
{
    struct format_spec spec;

    CHECK_PARSE(conversion, "'%c'", 'd', "d, ");
    CHECK_PARSE(conversion, "'%c'", 's', "-12.3s");
    CHECK_PARSE(conversion, "'%c'", 'q', "q");
    size_t len = parse(&spec, "-#12.3lx, ");
    CHECK(len == 8, "behind \"%%-#12.3lx\" the text goes on after 8 "
          "characters; here after %zu", len);
}

TEST(test_parse_without_anything_is_an_int_without_width_and_precision)
{
    CHECK_LONG(width, 0, "d");
    CHECK_LONG(precision, -1, "d");
    CHECK_PARSE(size, "%u", 4u, "d");
    CHECK_FLAG(left, false, "d");
    CHECK_FLAG(zero, false, "d");
    CHECK_FLAG(plus, false, "d");
    CHECK_FLAG(space, false, "d");
    CHECK_FLAG(alternate, false, "d");
}

TEST(test_parse_takes_flags_in_any_order)
{
    CHECK_FLAG(left, true, "#-d");
    CHECK_FLAG(zero, true, "+0d");
    CHECK_FLAG(plus, true, " +0d");
    CHECK_FLAG(space, true, "- d");
    CHECK_FLAG(alternate, true, "00#5x");
    CHECK_FLAG(left, true, "0+-#x");
    CHECK_FLAG(zero, false, "10d");
}

TEST(test_parse_takes_a_width)
{
    CHECK_LONG(width, 7, "7d");
    CHECK_LONG(width, 10, "-010d");
    CHECK_LONG(width, 12, "*d", 12);
    CHECK_LONG(width, 12, "*d", -12);
    CHECK_FLAG(left, true, "*d", -12);
    CHECK_FLAG(left, false, "*d", 12);
}

TEST(test_parse_takes_a_precision)
{
    CHECK_LONG(precision, 3, ".3d");
    CHECK_LONG(precision, 3, "12.3d");
    CHECK_LONG(width, 12, "12.3d");
    CHECK_LONG(precision, 0, ".d");
    CHECK_LONG(precision, 0, ".0d");
    CHECK_LONG(precision, 5, ".*d", 5);
    CHECK_LONG(precision, -1, ".*d", -5);
    CHECK_LONG(precision, 5, "*.*d", 9, 5);
    CHECK_LONG(width, 9, "*.*d", 9, 5);
}

TEST(test_parse_takes_a_length)
{
    CHECK_PARSE(size, "%u", 1u, "hhd");
    CHECK_PARSE(size, "%u", 2u, "hd");
    CHECK_PARSE(size, "%u", 8u, "ld");
    CHECK_PARSE(size, "%u", 8u, "lld");
    CHECK_PARSE(size, "%u", 8u, "zu");
    CHECK_PARSE(size, "%u", 8u, "td");
    CHECK_PARSE(size, "%u", 8u, "jd");
    CHECK_PARSE(conversion, "'%c'", 'x', "-5.3llx");
}

TEST(test_parse_ends_where_the_text_ends)
{
    static const char *const cut[] = {
        "", "-", "12", "12.", "12.3", "l", "hh",
    };
    struct format_spec spec;

    for (unsigned i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        size_t len = parse(&spec, cut[i]);
        CHECK(len == strlen(cut[i]), "\"%%%s\" ends in the middle, and the "
              "text goes on at its NUL, after %zu; here after %zu", cut[i],
              strlen(cut[i]), len);
        CHECK(spec.conversion == '\0', "of \"%%%s\" the conversion is '\\0'; "
              "here '%c'", cut[i], spec.conversion);
    }
}
