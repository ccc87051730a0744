/* SPDX-License-Identifier: MIT */
/*
 * cmdline.c - words of the form key=value on the kernel's command line.
 */
#include "core/cmdline.h"

#include "arch/upcalls.h"
#include "lib/errno.h"
#include "lib/string.h"

static char line[CMDLINE_MAX + 1];

void cmdline_set(const char *text, size_t len)
{
    if (len > CMDLINE_MAX)
        len = CMDLINE_MAX;
    memcpy(line, text, len);
    line[len] = '\0';
}

/* The first byte after the word that begins at `word`. */
static const char *end_of(const char *word)
{
    while (*word && *word != ' ')
        word++;
    return word;
}

long cmdline_value(const char *key, char *value, size_t cap)
{
    size_t key_len = strlen(key);
    for (const char *word = line; *word; word++) {
        const char *end = end_of(word);
        size_t len = (size_t)(end - word);
        if (len > key_len && word[key_len] == '=' &&
            memcmp(word, key, key_len) == 0) {
            len -= key_len + 1;
            if (len >= cap)
                return -ENOSPC;
            memcpy(value, word + key_len + 1, len);
            value[len] = '\0';
            return (long)len;
        }
        if (!*end)
            break;
        word = end;
    }
    return -ENOENT;
}
