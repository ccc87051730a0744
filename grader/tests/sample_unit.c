/* SPDX-License-Identifier: MIT */
/* sample_unit.c - tests that end in every way in which a test can. */
#include <stdio.h>
#include <stdlib.h>

#include "core/panic.h"
#include "fuzz.h"
#include "unit.h"

TEST(test_that_passes_)
{
    char *memory = unit_memory(100, 16, 3);
    CHECK(memory[0] == 3 && memory[99] == 3, "unit_memory() is not filled");
}

TEST(test_that_fails_)
{
    CHECK(1 == 2, "expected one, seen %d", 2);
}

TEST(test_that_is_not_written_yet_)
{
    lab_todo("5.2 virtq_add");
}

TEST(test_that_panics_)
{
    panic("a fault of ours");
}

TEST(test_that_should_panic_and_does_)
{
    unit_expect_panic("fault of");
    panic("a fault of ours");
}

TEST(test_that_should_panic_and_is_calm_)
{
    unit_expect_panic("fault of");
}

TEST(test_that_never_ends_)
{
    for (volatile int i = 0;;)
        i = 1;
}

TEST(test_that_floods_)
{
    for (;;)
        printf("pass test_that_floods_\n");
}

TEST(test_that_ends_the_program_)
{
    exit(0);
}

TEST(test_that_pretends_)
{
    fprintf(stderr, "pass test_that_pretends_\n");
    _Exit(0);
}

TEST(test_that_reads_too_far_)
{
    volatile char *memory = unit_memory(100, 16, 0);
    memory[100]++;
}

TEST(test_that_reads_a_byte_too_far_in_a_fuzz_entry_)
{
    static volatile size_t size = 3;    /* nothing that a compiler can see */
    volatile char *volatile copy = fuzz_copy((const uint8_t *)"123", size);
    copy[size]++;
}

TEST(test_that_overflows_)
{
    volatile int most = 0x7fffffff;
    most++;
}

TEST(test_that_follows_null_)
{
    int *volatile nowhere = NULL;
    *nowhere = 1;
}

TEST(test_random_)
{
    FAIL("%llu", (unsigned long long)unit_random());
}
