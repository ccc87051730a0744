/* SPDX-License-Identifier: MIT */
/*
 * cmdline.h - the words that the boot loader hands to the kernel:
 * "ip=10.77.0.2/24 gw=10.77.0.1".
 */
#ifndef CORE_CMDLINE_H
#define CORE_CMDLINE_H

#include <stddef.h>

enum { CMDLINE_MAX = 511 };

/* Copies the word behind `key=` into `value`, NUL-terminated. Returns its
 * length, -ENOENT when the key is not there, -ENOSPC when it doesn't fit. */
long cmdline_value(const char *key, char *value, size_t cap);

#endif
