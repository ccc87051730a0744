/* SPDX-License-Identifier: MIT */
/*
 * keyboard_map.c - which character a key's code is. [scan code set 1]
 *
 * The codes run along the rows of the keyboard, as the characters do here.
 */
#include "drivers/keyboard/keyboard.h"

/*                      code  0  1 ... */
const char keyboard_plain[128] = "\0\033" "1234567890-=\b"
                                 "\tqwertyuiop[]\n"
                                 "\0asdfghjkl;'`"
                                 "\0\\zxcvbnm,./\0"
                                 "*\0 ";

const char keyboard_shifted[128] = "\0\033" "!@#$%^&*()_+\b"
                                   "\tQWERTYUIOP{}\n"
                                   "\0ASDFGHJKL:\"~"
                                   "\0|ZXCVBNM<>?\0"
                                   "*\0 ";

/* Of the keypad; the others move a cursor that we don't have. */
const char keyboard_prefixed[128] = { [0x1c] = '\n', [0x35] = '/' };
