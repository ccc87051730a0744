/* SPDX-License-Identifier: MIT */
/*
 * string_names.h - for test_string.c: the kernel's string functions under
 * names that the host's C library doesn't have. string_lodge.c has those that
 * every port can use, string_PROCESSOR.c a port's own and the tests of them.
 */
#ifndef STRING_NAMES_H
#define STRING_NAMES_H

#include <stddef.h>

void *lodge_memmove(void *to, const void *from, size_t n);
int lodge_memcmp(const void *a, const void *b, size_t n);
void *lodge_memchr(const void *s, int byte, size_t n);
size_t lodge_strlen(const char *s);
int lodge_strcmp(const char *a, const char *b);
int lodge_strncmp(const char *a, const char *b, size_t n);
char *lodge_strchr(const char *s, int c);
int lodge_atoi(const char *text);

/* Tries a memcpy or memset on random places and lengths. */
void check_memcpy(void *(*copy)(void *restrict, const void *restrict, size_t));
void check_memset(void *(*set)(void *, int, size_t));

#endif
