/* SPDX-License-Identifier: MIT */
/*
 * format.c - another right answer to lab 02: one function reads the format and
 * writes the text as it goes, and none of the pieces is needed.
 */
#include "console/format.h"
#include "console/format_spec.h"
#include "core/panic.h"
#include "lib/string.h"

struct sink {
    char *buf;
    size_t cap, len;
};

/* Never into the last place, which is the NUL's. */
static void put(struct sink *to, char c)
{
    if (to->cap > 0 && to->len < to->cap - 1)
        to->buf[to->len] = c;
    to->len++;
}

static void fill(struct sink *to, char c, long times)
{
    while (times-- > 0)
        put(to, c);
}

static void put_all(struct sink *to, const char *text, long len)
{
    for (long i = 0; i < len; i++)
        put(to, text[i]);
}

struct wish {
    bool minus, zero, plus, blank, hash;
    long width, precision;
    unsigned size;
};

static void put_padded(struct sink *to, const struct wish *wish,
                       const char *text, long len)
{
    fill(to, ' ', wish->minus ? 0 : wish->width - len);
    put_all(to, text, len);
    fill(to, ' ', wish->minus ? wish->width - len : 0);
}

static void put_number(struct sink *to, const struct wish *wish,
                       const char *front, uint64_t value, unsigned base,
                       char ten)
{
    char digits[22], *end = digits + sizeof digits, *first = end;

    for (; value; value /= base) {
        unsigned digit = (unsigned)(value % base);
        *--first = (char)(digit < 10 ? '0' + digit : ten + digit - 10);
    }
    long count = end - first, front_len = (long)strlen(front);
    long least = wish->precision < 0 ? 1 : wish->precision;

    if (base == 8 && wish->hash && least <= count)
        least = count + 1;
    long zeros = least > count ? least - count : 0;
    long blanks = wish->width - front_len - zeros - count;

    if (wish->zero && !wish->minus && wish->precision < 0 && blanks > 0) {
        zeros += blanks;
        blanks = 0;
    }
    fill(to, ' ', wish->minus ? 0 : blanks);
    put_all(to, front, front_len);
    fill(to, '0', zeros);
    put_all(to, first, count);
    fill(to, ' ', wish->minus ? blanks : 0);
}

static uint64_t argument(struct format_args *args, unsigned size, bool sign)
{
    if (size == 8)
        return va_arg(args->list, uint64_t);
    int n = va_arg(args->list, int);

    switch (size) {
    case 1:
        return sign ? (uint64_t)(signed char)n : (uint8_t)n;
    case 2:
        return sign ? (uint64_t)(int16_t)n : (uint16_t)n;
    default:
        return sign ? (uint64_t)n : (uint32_t)n;
    }
}

static void put_signed(struct sink *to, const struct wish *wish,
                       struct format_args *args)
{
    uint64_t n = argument(args, wish->size, true);
    bool below = n >> 63;
    const char *sign = below ? "-" : wish->plus ? "+" : wish->blank ? " " : "";

    put_number(to, wish, sign, below ? 0 - n : n, 10, 'a');
}

static void put_string(struct sink *to, const struct wish *wish, const char *s)
{
    long len = 0;

    if (!s)
        s = "(null)";
    while ((wish->precision < 0 || len < wish->precision) && s[len])
        len++;
    put_padded(to, wish, s, len);
}

/* What stands behind a %, whose conversion is at `p`; returns what is behind
 * that. */
static const char *convert(struct sink *to, const struct wish *wish,
                           const char *p, struct format_args *args)
{
    uint64_t n;
    char c;

    switch (*p) {
    case 'd': case 'i':
        put_signed(to, wish, args);
        break;
    case 'u':
        put_number(to, wish, "", argument(args, wish->size, false), 10, 'a');
        break;
    case 'o':
        put_number(to, wish, "", argument(args, wish->size, false), 8, 'a');
        break;
    case 'x':
        n = argument(args, wish->size, false);
        put_number(to, wish, wish->hash && n ? "0x" : "", n, 16, 'a');
        break;
    case 'X':
        n = argument(args, wish->size, false);
        put_number(to, wish, wish->hash && n ? "0X" : "", n, 16, 'A');
        break;
    case 'p':
        n = (uintptr_t)va_arg(args->list, void *);
        put_number(to, wish, "0x", n, 16, 'a');
        break;
    case 'c':
        c = (char)va_arg(args->list, int);
        put_padded(to, wish, &c, 1);
        break;
    case 's':
        put_string(to, wish, va_arg(args->list, const char *));
        break;
    case '\0':
        put(to, '%');
        return p;
    case '%':
        put(to, '%');
        break;
    default:
        put(to, '%');
        put(to, *p);
    }
    return p + 1;
}

static const char *read_wish(const char *p, struct wish *wish,
                             struct format_args *args)
{
    *wish = (struct wish){ .precision = -1, .size = 4 };
    for (;; p++)
        switch (*p) {
        case '-': wish->minus = true; break;
        case '0': wish->zero = true; break;
        case '+': wish->plus = true; break;
        case ' ': wish->blank = true; break;
        case '#': wish->hash = true; break;
        default: goto numbers;
        }
numbers:
    p = format_number(p, &wish->width, args);
    if (wish->width < 0) {
        wish->minus = true;
        wish->width = -wish->width;
    }
    if (*p == '.')
        p = format_number(p + 1, &wish->precision, args);
    for (; *p == 'h'; p++)
        wish->size /= 2;
    for (; *p == 'l' || *p == 'z' || *p == 't' || *p == 'j'; p++)
        wish->size = 8;
    return p;
}

int format_v(char *buf, size_t cap, const char *format, va_list args)
{
    struct sink to = { buf, cap, 0 };
    struct format_args copy;
    struct wish wish;

    va_copy(copy.list, args);
    while (*format)
        if (*format != '%') {
            put(&to, *format++);
        } else {
            format = read_wish(format + 1, &wish, &copy);
            format = convert(&to, &wish, format, &copy);
        }
    va_end(copy.list);
    if (cap)
        buf[to.len < cap ? to.len : cap - 1] = '\0';
    return (int)to.len;
}

/* ---- Left as they were -------------------------------------------------- */

void format_put(struct format_out *out, char c)
{
    lab_todo("2.1 format_put");
}

void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len)
{
    lab_todo("2.3 format_field");
}

void format_integer(struct format_out *out, const struct format_spec *spec,
                    uint64_t value, bool negative)
{
    lab_todo("2.5 format_integer");
}

const char *format_parse(const char *p, struct format_spec *spec,
                         struct format_args *args)
{
    lab_todo("2.6 format_parse");
}

void format_convert(struct format_out *out, const struct format_spec *spec,
                    struct format_args *args)
{
    lab_todo("2.4 format_convert");
}
