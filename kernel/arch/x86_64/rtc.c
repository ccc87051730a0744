/* SPDX-License-Identifier: MIT */
/*
 * rtc.c - the day: the PC's real-time clock, taken to run in UTC.
 *
 * It counts whole seconds, and all that we want of it is one look, to which
 * the clock since start-up is added ever after. [MC146818A §Address Map]
 */
#include "x86.h"

enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71 };
enum {
    SECONDS = 0x00, MINUTES = 0x02, HOURS = 0x04,
    DAY = 0x07, MONTH = 0x08, YEAR = 0x09,
    REGISTER_A = 0x0a, A_UPDATE_IN_PROGRESS = 0x80,
    REGISTER_B = 0x0b, B_24_HOURS = 0x02, B_BINARY = 0x04,
    HOURS_PM = 0x80,
    LOOKS_MAX = 100000,     /* an update takes 2 ms, a look some 1 us */
};

struct moment { uint8_t second, minute, hour, day, month, year; };

static uint8_t read(uint8_t reg)
{
    port_write8(CMOS_INDEX, reg);
    return port_read8(CMOS_DATA);
}

static struct moment read_all(void)
{
    return (struct moment){ read(SECONDS), read(MINUTES), read(HOURS),
                            read(DAY), read(MONTH), read(YEAR) };
}

static bool same(const struct moment *a, const struct moment *b)
{
    return a->second == b->second && a->minute == b->minute &&
           a->hour == b->hour && a->day == b->day && a->month == b->month &&
           a->year == b->year;
}

/* Two looks in a row that agree: none of them fell into an update. */
static bool read_steady(struct moment *out)
{
    for (unsigned look = 0; look < LOOKS_MAX; look++) {
        if (read(REGISTER_A) & A_UPDATE_IN_PROGRESS)
            continue;
        struct moment first = read_all();
        *out = read_all();
        if (same(&first, out))
            return true;
    }
    return false;
}

static uint8_t from_bcd(uint8_t v)
{
    return (uint8_t)((v >> 4) * 10 + (v & 0xf));
}

/* What was read, as numbers: hours from 0 to 23. */
static void decode(struct moment *m, uint8_t register_b)
{
    bool pm = !(register_b & B_24_HOURS) && (m->hour & HOURS_PM);

    if (!(register_b & B_24_HOURS))
        m->hour &= (uint8_t)~HOURS_PM;
    if (!(register_b & B_BINARY)) {
        m->second = from_bcd(m->second);
        m->minute = from_bcd(m->minute);
        m->hour = from_bcd(m->hour);
        m->day = from_bcd(m->day);
        m->month = from_bcd(m->month);
        m->year = from_bcd(m->year);
    }
    if (!(register_b & B_24_HOURS))
        m->hour = (uint8_t)(m->hour % 12 + (pm ? 12 : 0));
}

/* Days from 1970 to the given day of the years 2000 to 2099, of which every
 * fourth is a leap year. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    static const uint16_t before[] = { 0,   31,  59,  90,  120, 151,
                                       181, 212, 243, 273, 304, 334 };
    bool leap_day_past = year % 4 == 0 && month > 2;

    return 10957 + year * 365 + (year + 3) / 4 + before[month - 1] +
           leap_day_past + day - 1;
}

uint64_t arch_clock_unix(void)
{
    struct moment m;

    /* Where there is no such clock, every register reads as all ones. */
    if (read(REGISTER_B) == 0xff || !read_steady(&m))
        return 0;
    decode(&m, read(REGISTER_B));
    if (m.second > 60 || m.minute > 59 || m.hour > 23 || m.day < 1 ||
        m.day > 31 || m.month < 1 || m.month > 12 || m.year > 99)
        return 0;
    return ((days_since_1970(m.year, m.month, m.day) * 24 + m.hour) * 60 +
            m.minute) * 60 + m.second;
}
