/* SPDX-License-Identifier: MIT */
/*
 * format.c - another right answer to lab 02: what a letter means stands in
 * tables, and the loops are the same for all of them.
 */
#include "console/format.h"
#include "console/format_spec.h"
#include "lib/string.h"

void format_put(struct format_out *out, char c)
{
    format_text(out, &c, 1);
}

void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len)
{
    const size_t prefix_len = strlen(prefix);
    size_t whole = prefix_len + zeros + len;
    size_t blanks = (size_t)spec->width;

    blanks -= blanks < whole ? blanks : whole;
    const struct part {
        const char *text;       /* or one character for all of it */
        size_t len;
        bool repeated;
    } parts[] = {
        { " ", spec->left ? 0 : blanks, true },
        { prefix, prefix_len, false },
        { "0", zeros, true },
        { text, len, false },
        { " ", spec->left ? blanks : 0, true },
    };

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (size_t at = 0; at < parts[i].len; at++)
            format_put(out, parts[i].text[parts[i].repeated ? 0 : at]);
}

/* ---- Conversions -------------------------------------------------------- */

enum kind { INTEGER, ADDRESS, CHARACTER, STRING };

static const struct conversion {
    char letter;
    enum kind kind;
    unsigned base;
    const char *digits, *alternate;
    bool is_signed;
} conversions[] = {
    { 'd', INTEGER, 10, "0123456789", "", true },
    { 'i', INTEGER, 10, "0123456789", "", true },
    { 'u', INTEGER, 10, "0123456789", "", false },
    { 'o', INTEGER, 8, "01234567", "0", false },
    { 'x', INTEGER, 16, "0123456789abcdef", "0x", false },
    { 'X', INTEGER, 16, "0123456789ABCDEF", "0X", false },
    { 'p', ADDRESS, 16, "0123456789abcdef", "0x", false },
    { 'c', CHARACTER, 0, "", "", false },
    { 's', STRING, 0, "", "", false },
};

static const struct conversion *find(char letter)
{
    for (unsigned i = 0; i < sizeof conversions / sizeof conversions[0]; i++)
        if (conversions[i].letter == letter)
            return &conversions[i];
    return NULL;
}

/* Digits into `to`, first one first; how many. */
static size_t make_digits(char *to, uint64_t value, const struct conversion *c)
{
    if (value == 0)
        return 0;
    size_t before = make_digits(to, value / c->base, c);

    to[before] = c->digits[value % c->base];
    return before + 1;
}

void format_integer(struct format_out *out, const struct format_spec *spec,
                    uint64_t value, bool negative)
{
    const struct conversion *c = find(spec->conversion);
    const char *prefix = "";
    char digits[64];
    size_t len = make_digits(digits, value, c), zeros = 0;

    if (c->is_signed && negative)
        prefix = "-";
    else if (c->is_signed && (spec->plus || spec->space))
        prefix = spec->plus ? "+" : " ";
    if (c->base == 16 &&
        (c->kind == ADDRESS || (spec->alternate && value != 0)))
        prefix = c->alternate;

    long least = spec->precision;
    if (least < 0) {
        least = 1;
        if (spec->zero && !spec->left)
            least = spec->width - (long)strlen(prefix);
        if (least < 1)
            least = 1;
    }
    if ((size_t)least > len)
        zeros = (size_t)least - len;
    if (c->base == 8 && spec->alternate && zeros == 0)
        zeros++;
    format_field(out, spec, prefix, zeros, digits, len);
}

static void convert_string(struct format_out *out,
                           const struct format_spec *spec, const char *s)
{
    size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
    size_t len = 0;

    s = s == NULL ? "(null)" : s;
    while (len < most && s[len] != '\0')
        len++;
    format_field(out, spec, "", 0, s, len);
}

void format_convert(struct format_out *out, const struct format_spec *spec,
                    struct format_args *args)
{
    const struct conversion *c = find(spec->conversion);

    if (c == NULL) {
        const char both[2] = { '%', spec->conversion };
        bool one = spec->conversion == '%' || spec->conversion == '\0';

        format_text(out, both, one ? 1 : 2);
    } else if (c->kind == INTEGER) {
        uint64_t raw = format_argument(spec, args, c->is_signed);
        bool negative = c->is_signed && raw > INT64_MAX;

        format_integer(out, spec, negative ? ~raw + 1 : raw, negative);
    } else if (c->kind == ADDRESS) {
        void *p = va_arg(args->list, void *);

        format_integer(out, spec, (uintptr_t)p, false);
    } else if (c->kind == CHARACTER) {
        char text = (char)va_arg(args->list, int);

        format_field(out, spec, "", 0, &text, 1);
    } else {
        convert_string(out, spec, va_arg(args->list, const char *));
    }
}

/* ---- Specifications ----------------------------------------------------- */

static const struct length {
    const char *letters;
    unsigned size;
} lengths[] = {
    { "hh", 1 }, { "h", 2 }, { "ll", 8 }, { "l", 8 },
    { "z", 8 },  { "t", 8 }, { "j", 8 },
};

const char *format_parse(const char *p, struct format_spec *spec,
                         struct format_args *args)
{
    static const char letters[] = "-0+ #";
    const char *flag;

    *spec = (struct format_spec){ .precision = -1, .size = 4 };
    bool *flags[] = { &spec->left, &spec->zero, &spec->plus, &spec->space,
                      &spec->alternate };

    for (; *p != '\0' && (flag = strchr(letters, *p)) != NULL; p++)
        *flags[flag - letters] = true;
    p = format_number(p, &spec->width, args);
    spec->left |= spec->width < 0;
    spec->width *= spec->width < 0 ? -1 : 1;
    if (*p == '.')
        p = format_number(p + 1, &spec->precision, args);
    if (spec->precision < 0)
        spec->precision = -1;
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = strlen(lengths[i].letters);

        if (strncmp(p, lengths[i].letters, len) == 0) {
            spec->size = lengths[i].size;
            p += len;
            break;
        }
    }
    spec->conversion = *p;
    return p + (*p != '\0');
}

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    struct format_out out = { buf, cap, 0 };
    struct format_args mine;
    struct format_spec spec;
    const char *percent;

    va_copy(mine.list, args);
    while ((percent = strchr(format, '%')) != NULL) {
        format_text(&out, format, (size_t)(percent - format));
        format = format_parse(percent + 1, &spec, &mine);
        format_convert(&out, &spec, &mine);
    }
    va_end(mine.list);

    size_t whole = out.len + strlen(format);
    format_text(&out, format, strlen(format) + 1);
    if (whole >= cap && cap != 0)
        buf[cap - 1] = '\0';
    return (int)whole;
}
