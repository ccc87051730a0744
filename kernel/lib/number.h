/* SPDX-License-Identifier: MIT */
/*
 * number.h - numbers out of text.
 */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Reads the digits of base `base` (2 to 16) at the start of text[len] into
 * *value. No sign, no blanks, no prefix. Returns how many there were; 0, with
 * *value as it was, when there is none or the number is beyond 64 bits. */
size_t number_parse(const char *text, size_t len, unsigned base,
                    uint64_t *value);

/* As ISO C has it; a number beyond an int gives the nearest one. */
int atoi(const char *text);

#endif
