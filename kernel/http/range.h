/* SPDX-License-Identifier: MIT */
/*
 * range.h - parts of a file, by Range. [RFC 9110 §14]
 *
 *     bytes=0-99        the first hundred bytes
 *     bytes=100-        the rest
 *     bytes=-100        the last hundred
 *     bytes=0-9,-10     two parts, in an answer of several
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>

#include "http/slice.h"

enum { HTTP_RANGES_MAX = 16 };

struct http_range {
    uint64_t first, len;        /* first + len <= the file's size; len > 0 */
};

struct http_ranges {
    unsigned count;             /* <= HTTP_RANGES_MAX */
    struct http_range range[HTTP_RANGES_MAX];   /* in the order asked for */
};

/* Reads the value of a Range field for a file of `size` bytes. Returns
 *   206  with *out: one part or more
 *   416  no part that it names is in the file
 *   0    it is to be ignored, and the whole file sent: another unit; not in
 *        the form above; more than HTTP_RANGES_MAX parts in the file; parts
 *        that together are longer than the file, which nobody can need; an
 *        empty file, of which "-1" is a part that no Content-Range can name
 * A part that reaches beyond the file is cut to it. */
unsigned http_range(struct http_slice value, uint64_t size,
                    struct http_ranges *out);

#endif
