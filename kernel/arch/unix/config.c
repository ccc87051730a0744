/* SPDX-License-Identifier: MIT */
/*
 * config.c - what the run hands in, from the environment: the file
 * "opt/lodge/challenge" is the variable LODGE_CHALLENGE.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unix.h"

long arch_config_file(const char *name, void *buf, size_t cap)
{
    char variable[64] = "LODGE_";
    const char *base = strrchr(name, '/');
    size_t n = strlen(variable);

    for (const char *p = base ? base + 1 : name; *p; p++) {
        if (n == sizeof variable - 1)
            return -ENOENT;
        char c = *p == '-' || *p == '.' ? '_' : *p;
        variable[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    const char *value = getenv(variable);
    if (!value)
        return -ENOENT;
    size_t len = strlen(value);
    memcpy(buf, value, len < cap ? len : cap);
    return (long)len;
}
