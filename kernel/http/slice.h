/* SPDX-License-Identifier: MIT */
/*
 * slice.h - a piece of a text that lies in somebody else's memory, and what
 * kinds of characters HTTP tells apart.
 */
#ifndef HTTP_SLICE_H
#define HTTP_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/string.h"

/* No NUL follows it. All zero: there is none. */
struct http_slice {
    const char *data;
    size_t len;
};

/* Is `slice` the very text `text`? The compiler knows how long a constant is,
 * and how to compare a few bytes, if it is asked by these names. */
static inline bool http_slice_is(struct http_slice slice, const char *text)
{
    size_t len = __builtin_strlen(text);

    return slice.len == len && __builtin_memcmp(slice.data, text, len) == 0;
}

static inline char http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Is it, if "A" and "a" are the same? */
static inline bool http_slice_is_nocase(struct http_slice slice,
                                        const char *text)
{
    for (size_t i = 0; i < slice.len; i++)
        if (text[i] == '\0' ||
            http_lower(slice.data[i]) != http_lower(text[i]))
            return false;
    return text[slice.len] == '\0';
}

static inline bool http_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, -1 for any other character. */
static inline int http_hex_value(char c)
{
    if (http_is_digit(c))
        return c - '0';
    c = http_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whitespace inside a line: OWS is made of it [RFC 9110 §5.6.3]. */
static inline bool http_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* `slice` without the blanks at its ends. */
static inline struct http_slice http_trim(struct http_slice slice)
{
    while (slice.len > 0 && http_is_blank(slice.data[0])) {
        slice.data++;
        slice.len--;
    }
    while (slice.len > 0 && http_is_blank(slice.data[slice.len - 1]))
        slice.len--;
    return slice;
}

/* The last member of a list "a, b , c", without blanks: "c". Of a value without
 * a comma it is all [RFC 9110 §5.6.1]. */
static inline struct http_slice http_last_member(struct http_slice list)
{
    size_t start = list.len;

    while (start > 0 && list.data[start - 1] != ',')
        start--;
    struct http_slice last = { list.data + start, list.len - start };
    return http_trim(last);
}

/* Takes the first member off a list, without blanks; false when there is none
 * left. Empty members are passed over. */
static inline bool http_next_member(struct http_slice *list,
                                    struct http_slice *member)
{
    while (list->len > 0) {
        const char *comma = memchr(list->data, ',', list->len);
        size_t len = comma != NULL ? (size_t)(comma - list->data) : list->len;
        struct http_slice found = { list->data, len };

        if (comma != NULL)
            len++;
        list->data += len;
        list->len -= len;
        *member = http_trim(found);
        if (member->len > 0)
            return true;
    }
    return false;
}

/*
 * Kinds of characters that are no range: a set of them is a bit for each of
 * ASCII's, the first 64 in one word and the others in another.
 */
#define HTTP_BIT(c) (1ull << ((c) & 63))
#define HTTP_DIGITS (0x3ffull << '0')
#define HTTP_LETTERS (0x3ffffffull << ('A' & 63) | 0x3ffffffull << ('a' & 63))

static inline bool http_is_in(char c, uint64_t first, uint64_t second)
{
    unsigned char at = (unsigned char)c;

    return at < 128 && ((at < 64 ? first : second) >> (at & 63) & 1) != 0;
}

/* What a token is made of, such as a method or a field name
 * [RFC 9110 §5.6.2]. */
static inline bool http_is_tchar(char c)
{
    return http_is_in(
        c,
        HTTP_DIGITS | HTTP_BIT('!') | HTTP_BIT('#') | HTTP_BIT('$') |
            HTTP_BIT('%') | HTTP_BIT('&') | HTTP_BIT('\'') | HTTP_BIT('*') |
            HTTP_BIT('+') | HTTP_BIT('-') | HTTP_BIT('.'),
        HTTP_LETTERS | HTTP_BIT('^') | HTTP_BIT('_') | HTTP_BIT('`') |
            HTTP_BIT('|') | HTTP_BIT('~'));
}

/* A visible character of ASCII: not a space, not a control character. */
static inline bool http_is_vchar(char c)
{
    return c > ' ' && c < 0x7f;
}

/* What a field value may hold: visible characters, those beyond ASCII, and
 * blanks. Not CR, LF, NUL, or any other control character
 * [RFC 9110 §5.5]. */
static inline bool http_is_field_char(char c)
{
    return (unsigned char)c >= ' ' ? c != 0x7f : c == '\t';
}

#endif
