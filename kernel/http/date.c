/* SPDX-License-Identifier: MIT */
/*
 * date.c - see date.h. Pure: numbers in, characters out, and back again.
 */
#include "http/date.h"

#include "lib/errno.h"

static const char *const day_names[] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
};
static const char *const day_ends[] = {
    "day", "day", "sday", "nesday", "rsday", "day", "urday",
};
static const char *const month_names[] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

#define LAST_SECOND 253402300799ull     /* of the year 9999 */

enum { SECONDS_A_DAY = 86400, DAYS_UNTIL_1970 = 719162 };

struct moment {
    unsigned year, month, day;          /* 1994, 11, 6 */
    unsigned hour, minute, second;
};

/* ---- The calendar ---- */

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
                                          31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* Days from the first of January of the year 1, as if this calendar had
 * always been, to that of `year`. */
static uint64_t days_before(unsigned year)
{
    uint64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

static struct moment moment_of(uint64_t time)
{
    struct moment m = { .month = 1 };

    if (time > LAST_SECOND)
        time = LAST_SECOND;
    uint64_t days = time / SECONDS_A_DAY + DAYS_UNTIL_1970;
    unsigned rest = (unsigned)(time % SECONDS_A_DAY);
    m.hour = rest / 3600;
    m.minute = rest / 60 % 60;
    m.second = rest % 60;

    /* At most one too many: a year has 365 days or one more. */
    m.year = (unsigned)(days / 365) + 1;
    while (days_before(m.year) > days)
        m.year--;
    m.day = (unsigned)(days - days_before(m.year)) + 1;
    while (m.day > days_in(m.year, m.month))
        m.day -= days_in(m.year, m.month++);
    return m;
}

static int time_of(const struct moment *m, uint64_t *out)
{
    if (m->year == 0 || m->day == 0 || m->day > days_in(m->year, m->month) ||
        m->hour > 23 || m->minute > 59 || m->second > 60)
        return -EINVAL;

    uint64_t days = days_before(m->year) + m->day - 1;
    for (unsigned month = 1; month < m->month; month++)
        days += days_in(m->year, month);
    *out = 0;
    if (days >= DAYS_UNTIL_1970)
        *out = (days - DAYS_UNTIL_1970) * SECONDS_A_DAY + m->hour * 3600 +
               m->minute * 60 + m->second;
    return 0;
}

/* ---- Writing ---- */

/* Over the two digits at `place`; all else of a date is in its pattern. */
static void put_two(char *place, unsigned number)
{
    place[0] = (char)('0' + number / 10);
    place[1] = (char)('0' + number % 10);
}

static void put_year(char *place, unsigned year)
{
    put_two(place, year / 100);
    put_two(place + 2, year % 100);
}

void http_date_write(uint64_t time, char buf[HTTP_DATE_SIZE])
{
    struct moment m = moment_of(time);
    uint64_t days = (time < LAST_SECOND ? time : LAST_SECOND) / SECONDS_A_DAY;

    memcpy(buf, "Thu, 01 Jan 1970 00:00:00 GMT", HTTP_DATE_SIZE);
    /* That was a Thursday. */
    memcpy(buf, day_names[(days + 4) % 7], 3);
    put_two(buf + 5, m.day);
    memcpy(buf + 8, month_names[m.month - 1], 3);
    put_year(buf + 12, m.year);
    put_two(buf + 17, m.hour);
    put_two(buf + 20, m.minute);
    put_two(buf + 23, m.second);
}

const char *http_date_text(uint64_t time)
{
    static uint64_t written; /* the first second of 1970: text is that */
    static char text[HTTP_DATE_SIZE] = "Thu, 01 Jan 1970 00:00:00 GMT";

    if (time != written)
        http_date_write(time, text);
    written = time;
    return text;
}

void http_minute_write(uint64_t time, char buf[HTTP_MINUTE_SIZE])
{
    struct moment m = moment_of(time);

    memcpy(buf, "1970-01-01 00:00", HTTP_MINUTE_SIZE);
    put_year(buf, m.year);
    put_two(buf + 5, m.month);
    put_two(buf + 8, m.day);
    put_two(buf + 11, m.hour);
    put_two(buf + 14, m.minute);
}

/* ---- Reading. Each takes its part off the text, or says that it is not
 * there. ---- */

static bool take(struct http_slice *text, const char *wanted)
{
    size_t len = strlen(wanted);

    if (text->len < len || memcmp(text->data, wanted, len) != 0)
        return false;
    text->data += len;
    text->len -= len;
    return true;
}

static bool take_number(struct http_slice *text, size_t digits, unsigned *out)
{
    *out = 0;
    if (text->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!http_is_digit(text->data[i]))
            return false;
        *out = *out * 10 + (unsigned)(text->data[i] - '0');
    }
    text->data += digits;
    text->len -= digits;
    return true;
}

static bool take_month(struct http_slice *text, struct moment *m)
{
    for (m->month = 1; m->month <= 12; m->month++)
        if (take(text, month_names[m->month - 1]))
            return true;
    return false;
}

static bool take_time(struct http_slice *text, struct moment *m)
{
    return take_number(text, 2, &m->hour) && take(text, ":") &&
           take_number(text, 2, &m->minute) && take(text, ":") &&
           take_number(text, 2, &m->second);
}

/* ", 06 Nov 1994 08:49:37 GMT" */
static bool take_fixdate(struct http_slice *text, struct moment *m)
{
    return take(text, ", ") && take_number(text, 2, &m->day) &&
           take(text, " ") && take_month(text, m) && take(text, " ") &&
           take_number(text, 4, &m->year) && take(text, " ") &&
           take_time(text, m) && take(text, " GMT");
}

/* ", 06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(struct http_slice *text, uint64_t now, struct moment *m)
{
    if (!take(text, ", ") || !take_number(text, 2, &m->day) ||
        !take(text, "-") || !take_month(text, m) || !take(text, "-") ||
        !take_number(text, 2, &m->year) || !take(text, " ") ||
        !take_time(text, m) || !take(text, " GMT"))
        return false;
    /* The latest year with these two digits that is not too far ahead. */
    unsigned limit = moment_of(now).year + 50;
    m->year += limit / 100 * 100;
    if (m->year > limit)
        m->year -= 100;
    return true;
}

/* " Nov  6 08:49:37 1994" */
static bool take_asctime(struct http_slice *text, struct moment *m)
{
    if (!take(text, " ") || !take_month(text, m) || !take(text, " "))
        return false;
    if (!(take(text, " ") ? take_number(text, 1, &m->day)
                          : take_number(text, 2, &m->day)))
        return false;
    return take(text, " ") && take_time(text, m) && take(text, " ") &&
           take_number(text, 4, &m->year);
}

int http_date_parse(struct http_slice text, uint64_t now, uint64_t *out)
{
    struct moment m = { 0 };
    size_t day = 0;
    bool known;

    while (day < 7 && !take(&text, day_names[day]))
        day++;
    if (day == 7)
        return -EINVAL;
    if (text.len > 0 && text.data[0] == ',')
        known = take_fixdate(&text, &m);
    else if (text.len > 0 && text.data[0] == ' ')
        known = take_asctime(&text, &m);
    else
        known = take(&text, day_ends[day]) && take_rfc850(&text, now, &m);
    if (!known || text.len > 0)
        return -EINVAL;
    return time_of(&m, out);
}
