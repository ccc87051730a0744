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
    if (out->len < out->cap)
        out->buf[out->len] = c;
    out->len++;
    /* END 2.1 */
}

void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len)
{
    /* TODO 2.3 format_field: work out how many blanks are missing to
     * spec->width (perhaps none: a width never cuts), then put blanks, prefix,
     * zeros and text in their order, the blanks at the end if spec->left. */
    size_t prefix_len = strlen(prefix), whole = prefix_len + zeros + len;
    size_t width = (size_t)spec->width;
    size_t blanks = width > whole ? width - whole : 0;

    for (size_t i = 0; !spec->left && i < blanks; i++)
        format_put(out, ' ');
    format_text(out, prefix, prefix_len);
    while (zeros-- > 0)
        format_put(out, '0');
    format_text(out, text, len);
    for (size_t i = 0; spec->left && i < blanks; i++)
        format_put(out, ' ');
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
    const char conversion = spec->conversion;
    const bool upper = conversion == 'X', octal = conversion == 'o';
    const bool hex = upper || conversion == 'x' || conversion == 'p';
    const unsigned base = hex ? 16 : octal ? 8 : 10;
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = "";
    char text[22]; /* 64 bits are 22 octal digits */
    size_t start = sizeof(text), least = 1, zeros;

    if (conversion == 'd' || conversion == 'i')
        prefix = negative ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    else if (conversion == 'p' || (hex && spec->alternate && value != 0))
        prefix = upper ? "0X" : "0x";

    for (; value != 0; value /= base)
        text[--start] = digits[value % base];

    if (spec->precision >= 0)
        least = (size_t)spec->precision;
    else if (spec->zero && !spec->left && (size_t)spec->width > strlen(prefix))
        least = (size_t)spec->width - strlen(prefix);
    size_t len = sizeof(text) - start;
    zeros = least > len ? least - len : 0;
    if (octal && spec->alternate && zeros == 0)
        zeros = 1;
    format_field(out, spec, prefix, zeros, text + start, len);
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
    for (;; p++) {
        if (*p == '-')
            spec->left = true;
        else if (*p == '0')
            spec->zero = true;
        else if (*p == '+')
            spec->plus = true;
        else if (*p == ' ')
            spec->space = true;
        else if (*p == '#')
            spec->alternate = true;
        else
            break;
    }
    p = format_number(p, &spec->width, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*p == '.') {
        p = format_number(p + 1, &spec->precision, args);
        if (spec->precision < 0)
            spec->precision = -1;
    }
    for (; *p == 'h' || *p == 'l' || *p == 'z' || *p == 't' || *p == 'j'; p++)
        spec->size = *p != 'h' ? 8 : spec->size == 4 ? 2 : 1;
    spec->conversion = *p;
    return *p ? p + 1 : p;
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
    uint64_t value;
    const char *s, *nul;
    size_t len;
    char c;

    switch (spec->conversion) {
    case 'd':
    case 'i':
        value = format_argument(spec, args, true);
        if ((int64_t)value < 0)
            format_integer(out, spec, -value, true);
        else
            format_integer(out, spec, value, false);
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        format_integer(out, spec, format_argument(spec, args, false), false);
        break;
    case 'p':
        value = (uintptr_t)va_arg(args->list, void *);
        format_integer(out, spec, value, false);
        break;
    case 'c':
        c = (char)va_arg(args->list, int);
        format_field(out, spec, "", 0, &c, 1);
        break;
    case 's':
        s = va_arg(args->list, const char *);
        s = s ? s : "(null)";
        nul = spec->precision < 0 ? s + strlen(s)
                                  : memchr(s, '\0', (size_t)spec->precision);
        len = nul ? (size_t)(nul - s) : (size_t)spec->precision;
        format_field(out, spec, "", 0, s, len);
        break;
    default:
        format_put(out, '%');
        if (spec->conversion && spec->conversion != '%')
            format_put(out, spec->conversion);
    }
    /* END 2.4 */
}

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    /* TODO 2.2 format_v: put the format's characters, one by one or up to the
     * next % in one go; at a %, format_parse() and format_convert(), which
     * take their arguments from a va_copy() of `args`. Then a NUL: where the
     * text ends, or on the last character that the buffer has room for; a cap
     * of 0 has room for none. The result is the length of the whole text. */
    struct format_out out = { .buf = buf, .cap = cap };
    struct format_spec spec;
    struct format_args copy;

    va_copy(copy.list, args);
    while (*format) {
        const char *literal = format;

        while (*format && *format != '%')
            format++;
        format_text(&out, literal, (size_t)(format - literal));
        if (*format == '\0')
            break;
        format = format_parse(format + 1, &spec, &copy);
        format_convert(&out, &spec, &copy);
    }
    va_end(copy.list);
    if (cap > 0)
        buf[out.len < cap ? out.len : cap - 1] = '\0';
    return (int)out.len;
    /* END 2.2 */
}
