/* SPDX-License-Identifier: MIT */
/*
 * format_spec.h - the pieces that format_v() is made of; nobody else's
 * business. The bodies are lab 02's; who writes format_v() in another way
 * needs none of them.
 *
 *     "at %#6x, "
 *         |
 *     format_parse()     -> struct format_spec: '#', width 6, 'x'
 *     format_convert()   -> takes an unsigned int from the arguments: 255
 *     format_integer()   -> prefix "0x", digits "ff"
 *     format_field()     -> "  0xff"
 *     format_put()       -> one character, if there is room for it
 */
#ifndef CONSOLE_FORMAT_SPEC_H
#define CONSOLE_FORMAT_SPEC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/string.h"

_Static_assert(sizeof(long) == 8 && sizeof(size_t) == 8,
               "l, ll, z, t and j are all of 8 bytes on our targets");

/* Where the text goes. */
struct format_out {
    char *buf;
    size_t cap;             /* of buf, for text to its last place: the NUL is
                               format_v()'s business */
    size_t len;             /* characters so far, stored or not */
};

/* What stands between % and the conversion. */
struct format_spec {
    bool left;              /* '-': blanks come behind the text */
    bool zero;              /* '0': zeros up to the width */
    bool plus;              /* '+': a sign also when it is positive */
    bool space;             /* ' ': a blank where the sign would be */
    bool alternate;         /* '#': 0x before %x, a 0 before %o */
    long width;             /* least number of characters; 0: none given */
    long precision;         /* least number of digits, or most characters of
                               a string; -1: none given */
    unsigned size;          /* of an integer argument, in bytes: 1 for hh,
                               2 for h, 4 for none, 8 for the others; says
                               nothing of %p */
    char conversion;        /* 'd', 's', ...; '\0' when the text ended */
};

/* A va_list that can be handed on by address on every processor. */
struct format_args {
    va_list list;
};

/* Adds `c`: stores it if there is room, and counts it in any case. */
void format_put(struct format_out *out, char c);

/* Given: adds text[len] in one go. */
static inline void format_text(struct format_out *out, const char *text,
                               size_t len)
{
    size_t room = out->len < out->cap ? out->cap - out->len : 0;

    if (room > len)
        room = len;
    if (room > 0)
        memcpy(out->buf + out->len, text, room);
    out->len += len;
}

/* Adds one converted argument, with blanks up to spec->width before it or,
 * with spec->left, behind it. It is made of `prefix` (a string: sign, 0x, or
 * ""), `zeros` times '0', and text[len]. */
void format_field(struct format_out *out, const struct format_spec *spec,
                  const char *prefix, size_t zeros, const char *text,
                  size_t len);

/* Adds the integer whose magnitude is `value` as spec->conversion wants it:
 * base, sign, prefix, precision, zeros. */
void format_integer(struct format_out *out, const struct format_spec *spec,
                    uint64_t value, bool negative);

/* Reads flags, width, precision, length and conversion. `p` stands behind the
 * %; returns where the text goes on. Takes an int from `args` for each *. */
const char *format_parse(const char *p, struct format_spec *spec,
                         struct format_args *args);

/* Takes the argument that spec->conversion needs from `args`, and adds it. */
void format_convert(struct format_out *out, const struct format_spec *spec,
                    struct format_args *args);

/* Given: reads a number at `p`, or for * takes the next argument; returns what
 * is behind it. No number is 0, and an absurd one stays small enough. */
static inline const char *format_number(const char *p, long *number,
                                        struct format_args *args)
{
    *number = 0;
    if (*p == '*') {
        *number = va_arg(args->list, int);
        return p + 1;
    }
    for (; *p >= '0' && *p <= '9'; p++)
        if (*number < INT32_MAX / 10)
            *number = *number * 10 + (*p - '0');
    return p;
}

/* Given: takes the next argument, an integer of spec->size bytes, and extends
 * it to 64 bits with its sign or with zeros. */
static inline uint64_t format_argument(const struct format_spec *spec,
                                       struct format_args *args,
                                       bool is_signed)
{
    unsigned unused = 64 - 8 * spec->size;
    uint64_t raw = spec->size == 8 ? va_arg(args->list, uint64_t)
                                   : va_arg(args->list, unsigned);

    raw <<= unused;
    return is_signed ? (uint64_t)((int64_t)raw >> unused) : raw >> unused;
}

#endif
