/* SPDX-License-Identifier: MIT */
/*
 * string.h - memory and strings, as ISO C has them. The compiler calls the
 * first four by itself. memcpy and memset are the port's (arch/ARCH/memcpy.c),
 * as what is quickest differs; the others are here. In a Unix process the
 * host's C library provides them all.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);

size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

#endif
