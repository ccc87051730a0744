/* SPDX-License-Identifier: MIT */
/* string_aarch64.c - see string_names.h. Plain C, which every host can run. */
#include "string_names.h"
#include "unit.h"

#define memcpy aarch64_memcpy
#define memset aarch64_memset

#include "../../kernel/arch/aarch64/memcpy.c"
#define WORD WORD_OF_MEMSET
#include "../../kernel/arch/aarch64/memset.c"

TEST(test_memcpy_of_aarch64_copies_what_it_is_told_and_nothing_else)
{
    check_memcpy(memcpy);
}

TEST(test_memset_of_aarch64_fills_what_it_is_told_and_nothing_else)
{
    check_memset(memset);
}
