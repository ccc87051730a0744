/* SPDX-License-Identifier: MIT */
/*
 * range.c - see range.h. Pure: characters in, numbers out.
 */
#include "http/range.h"

/* Takes a number off the text; false when no digit is there. What does not
 * fit is as much as fits: beyond any file's end both are the same. */
static bool take_number(struct http_slice *text, uint64_t *out)
{
    size_t at = 0;

    *out = 0;
    for (; at < text->len && http_is_digit(text->data[at]); at++) {
        uint64_t digit = (uint64_t)(text->data[at] - '0');
        if (*out > (UINT64_MAX - digit) / 10)
            *out = UINT64_MAX;
        else
            *out = *out * 10 + digit;
    }
    text->data += at;
    text->len -= at;
    return at > 0;
}

static bool take_hyphen(struct http_slice *text)
{
    if (text->len == 0 || text->data[0] != '-')
        return false;
    text->data++;
    text->len--;
    return true;
}

/* "-100" of a file: its last hundred bytes, or all when it has fewer. */
static bool parse_suffix(struct http_slice spec, uint64_t size,
                         struct http_range *out)
{
    uint64_t len;

    if (!take_number(&spec, &len) || spec.len > 0)
        return false;
    out->len = len < size ? len : size;
    out->first = size - out->len;
    return true;
}

/* One part. False when it has not the form; len is 0 when nothing of it is in
 * the file. */
static bool parse_one(struct http_slice spec, uint64_t size,
                      struct http_range *out)
{
    uint64_t first, last = UINT64_MAX;

    *out = (struct http_range){ 0 };
    if (take_hyphen(&spec))
        return parse_suffix(spec, size, out);
    if (!take_number(&spec, &first) || !take_hyphen(&spec))
        return false;
    if (spec.len > 0 && (!take_number(&spec, &last) || spec.len > 0))
        return false;
    if (last < first)
        return false;
    if (first < size) {
        out->first = first;
        out->len = last < size ? last - first + 1 : size - first;
    }
    return true;
}

/* Is it "bytes=", which comes off? */
static bool take_unit(struct http_slice *value)
{
    struct http_slice unit = { value->data, 6 };

    if (value->len < 6 || !http_slice_is_nocase(unit, "bytes="))
        return false;
    value->data += 6;
    value->len -= 6;
    return true;
}

unsigned http_range(struct http_slice value, uint64_t size,
                    struct http_ranges *out)
{
    struct http_slice spec;
    uint64_t sum = 0;
    unsigned asked = 0;
    bool too_much = false;

    out->count = 0;
    if (!take_unit(&value))
        return 0;
    while (http_next_member(&value, &spec)) {
        struct http_range range;
        if (!parse_one(spec, size, &range))
            return 0;
        asked++;
        if (range.len == 0)
            continue;
        if (range.len > size - sum || out->count == HTTP_RANGES_MAX) {
            too_much = true;
            continue;
        }
        sum += range.len;
        out->range[out->count++] = range;
    }
    if (asked == 0 || too_much || size == 0)
        return 0;
    return out->count > 0 ? 206 : 416;
}
