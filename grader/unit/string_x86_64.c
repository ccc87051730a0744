/* SPDX-License-Identifier: MIT */
/* string_x86_64.c - see string_names.h. */
#include "string_names.h"
#include "unit.h"

#define memcpy x86_64_memcpy
#define memset x86_64_memset

#include "../../kernel/arch/x86_64/memcpy.c"
#include "../../kernel/arch/x86_64/memset.c"

TEST(test_memcpy_of_x86_64_copies_what_it_is_told_and_nothing_else)
{
    check_memcpy(memcpy);
}

TEST(test_memset_of_x86_64_fills_what_it_is_told_and_nothing_else)
{
    check_memset(memset);
}
