/* SPDX-License-Identifier: MIT */
/*
 * unit.h - tests that run on the host, one process each.
 *
 *     TEST(test_the_used_index_wraps_at_65536)
 *     {
 *         CHECK(vq.num_free == 8, "after init 8 descriptors are free, "
 *               "here %u", vq.num_free);
 *     }
 *
 * A test's name is the sentence that fails. The first CHECK that does not
 * hold ends its test, and its text says what was expected and what was seen.
 * Every test is run in a process of its own, with a limit on its time, so
 * that a crash, a hang or a lab_todo() of one is no other's.
 *
 *     program [--list] [--stop] [--seed N] [--time-limit SECONDS] [TEST...]
 *
 * prints a line for each test, "pass NAME", "fail NAME" or "todo NAME", with
 * what there is to say about it indented below, and exits with 0 when all
 * passed, else with 1; with --stop it ends at the first that did not. A TEST
 * is a name or the beginning of one. A test's limit is on the time that it has
 * a processor for, so that a busy machine fails nobody.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_test {
    const char *name;
    void (*run)(void);
    struct unit_test *next;
};

#define TEST(name_)                                                      \
    static void name_(void);                                             \
    static struct unit_test unit_test_##name_ = { #name_, name_, NULL }; \
    __attribute__((constructor)) static void unit_add_##name_(void)      \
    {                                                                    \
        unit_add(&unit_test_##name_);                                    \
    }                                                                    \
    static void name_(void)

#define CHECK(cond, ...)                                                 \
    ((cond) ? (void)0 : unit_fail(__FILE__, __LINE__, #cond, __VA_ARGS__))

/* Ends the test: what must not be reached. */
#define FAIL(...) unit_fail(__FILE__, __LINE__, NULL, __VA_ARGS__)

/* Random numbers that the run's seed and the test's name decide. */
uint64_t unit_random(void);
uint32_t unit_random_below(uint32_t limit);     /* 0 to limit - 1 */

/* `size` bytes at a multiple of `align` whose neighbours on both sides may
 * not be touched, filled with `fill`. Lasts as long as the test. */
void *unit_memory(size_t size, size_t align, int fill);

/* How many lines log_line() was given in this test, and the last of them. */
unsigned unit_log_count(void);
const char *unit_log_last(void);

/* The first panic from here on ends the test well, if its text has `words`
 * in it; that none comes is a failure. */
void unit_expect_panic(const char *words);

void unit_add(struct unit_test *test);
_Noreturn void unit_fail(const char *file, int line, const char *cond,
                         const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
