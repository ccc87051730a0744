/* SPDX-License-Identifier: MIT */
/*
 * print - lab 02's application: a table of what the printf family makes of
 * numbers and words.
 *
 * The numbers follow from the challenge's seed=number (1 without one):
 *
 *     state = state * 6364136223846793005 + 1442695040888963407
 *     number = state >> (state >> 58)             both modulo 2^64
 *
 * so some are small and some large. Each line shows a format and what came of
 * it for the next number: the number itself, cut to the type that the format
 * takes; or, for %s, the word at number % 8; or, for %c, the character 33 +
 * number % 94. The table is gone through ROUNDS times, and is longer than a
 * screen.
 *
 * With more=number in the challenge as many lines follow whose formats are
 * made up as well (make_row), each out of the next state / 2048, before its
 * number.
 */
#include <stdint.h>

#include "console/format.h"
#include "core/challenge.h"
#include "core/start.h"

enum { ROUNDS = 3 };
enum type { INT, LONG, WORD, CHAR, POINTER };

static const struct row {
    enum type type;
    const char *format;
} table[] = {
    { INT, "%d" },       { INT, "%i" },        { INT, "%u" },
    { INT, "%x" },       { INT, "%X" },        { INT, "%o" },
    { INT, "%+d" },      { INT, "% d" },       { INT, "%12d" },
    { INT, "%-12d" },    { INT, "%012d" },     { INT, "%.9d" },
    { INT, "%#x" },      { INT, "%#12o" },     { INT, "%#012X" },
    { INT, "%hhd" },     { INT, "%hhu" },      { INT, "%hx" },
    { LONG, "%ld" },     { LONG, "%lu" },      { LONG, "%lx" },
    { LONG, "%lld" },    { LONG, "%zu" },      { LONG, "%jd" },
    { LONG, "%#24llx" }, { LONG, "%-24.21ld" }, { WORD, "%s" },
    { WORD, "%10s" },    { WORD, "%-10s" },    { WORD, "%.3s" },
    { WORD, "%10.2s" },  { CHAR, "%c" },       { CHAR, "%-4c" },
    { POINTER, "%p" },   { POINTER, "%20p" },
};
enum { ROWS = sizeof table / sizeof table[0] };

static const char *const words[8] = {
    "", "a", "of", "two", "page", "frame", "packet", "library",
};

static uint64_t state;

static uint64_t step(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state;
}

static uint64_t next(void)
{
    uint64_t number = step();

    return number >> (number >> 58);
}

/* ---- A format that is made up ------------------------------------------- */

/* The remainder of *n, which is left with the rest: one choice of `count`. */
static unsigned choose(uint64_t *n, unsigned count)
{
    unsigned choice = (unsigned)(*n % count);

    *n /= count;
    return choice;
}

static char *add_number(char *to, unsigned number)
{
    if (number >= 10)
        *to++ = (char)('0' + number / 10);
    *to++ = (char)('0' + number % 10);
    return to;
}

/* Conversions, and the flags that C defines for them. */
static const struct kind {
    enum type type;
    char conversion;
    const char *flags;
} kinds[8] = {
    { INT, 'd', "-0+ " }, { INT, 'i', "-0+ " }, { INT, 'u', "-0" },
    { INT, 'x', "-0#" },  { INT, 'X', "-0#" },  { INT, 'o', "-0#" },
    { CHAR, 'c', "-" },   { WORD, 's', "-" },
};

/* Makes a row of the choices that are in `n`: conversion; each flag; a width
 * below 24, 0 for none; a precision below 20 or one that is a '.' alone or
 * none; and a length. */
static struct row make_row(char format[16], uint64_t n)
{
    static const char *const lengths[8] = {
        "", "hh", "h", "l", "ll", "z", "j", "t",
    };
    const struct kind *kind = &kinds[choose(&n, 8)];
    struct row row = { kind->type, format };
    char *to = format;

    *to++ = '%';
    for (const char *flag = kind->flags; *flag; flag++)
        if (choose(&n, 2))
            *to++ = *flag;
    unsigned width = choose(&n, 24), precision = choose(&n, 60);
    if (width > 0)
        to = add_number(to, width);
    if (precision < 40 && kind->type != CHAR)
        *to++ = '.';
    if (precision < 20 && kind->type != CHAR)
        to = add_number(to, precision);
    unsigned length = choose(&n, 8);
    if (kind->type == INT) {
        for (const char *c = lengths[length]; *c; c++)
            *to++ = *c;
        row.type = length < 3 ? INT : LONG;
    }
    *to++ = kind->conversion;
    *to = '\0';
    return row;
}

/* ---- Lines -------------------------------------------------------------- */

/* The format comes from the table above, and so does its argument's type. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void print_row(const struct row *row, uint64_t number)
{
    char text[64];

    switch (row->type) {
    case INT:
        format(text, sizeof text, row->format, (int)number);
        break;
    case LONG:
        format(text, sizeof text, row->format, (long)number);
        break;
    case WORD:
        format(text, sizeof text, row->format, words[number % 8]);
        break;
    case CHAR:
        format(text, sizeof text, row->format, (int)(33 + number % 94));
        break;
    case POINTER:
        format(text, sizeof text, row->format, (void *)(uintptr_t)number);
        break;
    }
    print("%-12s [%s]\n", row->format, text);
}

int main(void)
{
    state = challenge_number("seed", 1);
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < ROWS; i++)
            print_row(&table[i], next());
    unsigned more = (unsigned)challenge_number("more", 0);
    for (unsigned i = 0; i < more; i++) {
        char format[16];
        struct row row = make_row(format, step() >> 11);
        print_row(&row, next());
    }
    print("%u%% of %u lines\n", 100u, ROUNDS * ROWS + more);
    return 0;
}
