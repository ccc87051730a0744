/* SPDX-License-Identifier: MIT */
/*
 * format.c - numbers and strings into text, the core of the printf family.
 *
 * Pure: a format and arguments in, characters in a buffer out. Where they go
 * from there is the caller's business (console/print.c, console/log.h). What
 * each piece does is said in console/format_spec.h, what all of them together
 * do in console/format.h.
 */
#include "console/format.h"
#include "console/format_spec.h"
#include "core/panic.h"
#include "lib/string.h"

void format_put(struct format_out *out, char c)
{
    /* TODO 2.1 format_put: store `c` at out->len if that is in the buffer, and
     * count it whether stored or not: the count is what format_v() returns. */
    lab_todo("2.1 format_put");
    /* END 2.1 */
}

void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len)
{
    /* TODO 2.3 format_field: work out how many blanks are missing to
     * spec->width (perhaps none: a width never cuts), then put blanks, prefix,
     * zeros and text in their order, the blanks at the end if spec->left. */
    lab_todo("2.3 format_field");
    /* END 2.3 */
}

void format_integer(struct format_out *out, const struct format_spec *spec,
                    uint64_t value, bool negative)
{
    /* TODO 2.5 format_integer: make the digits of `value`, the last one
     * first, in base 10, 16 or 8; choose the prefix; work out how many zeros
     * go before the digits; then format_field().
     * Zeros come from the precision, or, when there is none, from the flag 0
     * (which the flag - overrides) up to the width. Look up in C11 7.21.6.1
     * what becomes of 0 with precision 0, of 0 with # and x, and how # makes
     * sure that octal begins with a 0. There may be no digit at all. */
    lab_todo("2.5 format_integer");
    /* END 2.5 */
}

const char *format_parse(const char *p, struct format_spec *spec,
                         struct format_args *args)
{
    *spec = (struct format_spec){ .precision = -1, .size = 4 };
    /* TODO 2.6 format_parse: flags in any order, then the width, then a
     * precision if there is a '.' (a '.' alone is precision 0), then the
     * length. format_number() reads a number or a *. A negative width from a *
     * is the flag - and its magnitude; a negative precision is none. At last
     * the conversion; mind the end of the string. */
    lab_todo("2.6 format_parse");
    /* END 2.6 */
}

void format_convert(struct format_out *out, const struct format_spec *spec,
                    struct format_args *args)
{
    /* TODO 2.4 format_convert: by spec->conversion, take the argument and add
     * it: %c and %s by format_field(), the integers by format_argument() and
     * format_integer(). A precision limits how much of a string is looked at:
     * it may have no NUL behind that. The magnitude of the most negative
     * number does not fit the signed type. A pointer's size is not in
     * spec->size. %% and what is not a conversion are told in format.h. */
    lab_todo("2.4 format_convert");
    /* END 2.4 */
}

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    /* TODO 2.2 format_v: put the format's characters, one by one or up to the
     * next % in one go; at a %, format_parse() and format_convert(), which
     * take their arguments from a va_copy() of `args`. Then a NUL: where the
     * text ends, or on the last character that the buffer has room for; a cap
     * of 0 has room for none. The result is the length of the whole text. */
    lab_todo("2.2 format_v");
    /* END 2.2 */
}
