/* SPDX-License-Identifier: MIT */
/*
 * challenge.c - reads the run's challenge once, at its first use.
 */
#include "core/challenge.h"

#include <stdbool.h>

#include "arch/arch.h"
#include "lib/number.h"
#include "lib/string.h"

static char text[CHALLENGE_MAX + 1];

const char *challenge_text(void)
{
    static bool known;
    if (known)
        return text;
    known = true;
    long len = arch_config_file("opt/lodge/challenge", text, CHALLENGE_MAX);
    if (len < 0)
        len = 0;
    if (len > CHALLENGE_MAX)
        len = CHALLENGE_MAX;
    text[len] = '\0';

    /* It comes from outside: let nothing but plain characters in. */
    for (char *c = text; c < text + len; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return text;
}

unsigned long challenge_number(const char *key, unsigned long otherwise)
{
    size_t len = strlen(key);
    for (const char *word = challenge_text(); word; word = strchr(word, ' ')) {
        while (*word == ' ')
            word++;
        if (strncmp(word, key, len) == 0 && word[len] == '=') {
            const char *digits = word + len + 1;
            uint64_t value;
            return number_parse(digits, strlen(digits), 10, &value)
                       ? value : otherwise;
        }
    }
    return otherwise;
}
