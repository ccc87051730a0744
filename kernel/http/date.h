/* SPDX-License-Identifier: MIT */
/*
 * date.h - the day and the time, as HTTP writes them [RFC 9110 §5.6.7].
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT       IMF-fixdate: what we write
 *     Sunday, 06-Nov-94 08:49:37 GMT      RFC 850's, obsolete
 *     Sun Nov  6 08:49:37 1994            asctime()'s, obsolete
 *
 * All three are understood. Times are seconds since 1970, UTC.
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdint.h>

#include "http/slice.h"

enum {
    HTTP_DATE_SIZE = 30,        /* an IMF-fixdate and a NUL */
    HTTP_MINUTE_SIZE = 17,      /* "1994-11-06 08:49" and a NUL */
};

/* Writes `time` as an IMF-fixdate. After the year 9999: its last second. */
void http_date_write(uint64_t time, char buf[HTTP_DATE_SIZE]);

/* The same, written once for as long as `time` is the same: of use for now. It
 * stays until the next call. */
const char *http_date_text(uint64_t time);

/* Writes it for a person to read. */
void http_minute_write(uint64_t time, char buf[HTTP_MINUTE_SIZE]);

/* Reads a date in one of the three forms. `now` is the time, or 0 when nobody
 * knows: a year of two digits is never more than 50 years after it. A date
 * before 1970 is 0. Returns 0, or -EINVAL for what is no date. */
int http_date_parse(struct http_slice text, uint64_t now, uint64_t *out);

#endif
