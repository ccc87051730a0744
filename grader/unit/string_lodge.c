/* SPDX-License-Identifier: MIT */
/* string_lodge.c - see string_names.h. */
#define memmove lodge_memmove
#define memcmp lodge_memcmp
#define memchr lodge_memchr
#define strlen lodge_strlen
#define strcmp lodge_strcmp
#define strncmp lodge_strncmp
#define strchr lodge_strchr
#define atoi lodge_atoi

#include "../../kernel/lib/atoi.c"
#include "../../kernel/lib/memcmp.c"
#include "../../kernel/lib/memmove.c"
#include "../../kernel/lib/strings.c"
