/* SPDX-License-Identifier: MIT */
/*
 * sanitizers.c - when SANITIZE has linked sanitizers in: what they find is a
 * fault of ours as an exception is, so it ends the process with the same
 * status. Their report goes to standard error. Without them nobody calls this.
 */
#include <signal.h>

#include "output.h"
#include "unix.h"

/* They look for these by their names; ASAN_OPTIONS, UBSAN_OPTIONS and
 * LSAN_OPTIONS in the environment have the last word. 37 is EXIT_PANIC as
 * arch_exit() gives it. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_options(void);

const char *__asan_default_options(void)
{
    return "exitcode=37:detect_stack_use_after_return=1";
}

const char *__ubsan_default_options(void)
{
    return "exitcode=37:print_stacktrace=1";
}

const char *__lsan_default_options(void)
{
    return "exitcode=37";
}

/* Theirs, where they are. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));
void __lsan_register_root_region(const void *base, size_t size)
    __attribute__((weak));

/* An abort that was asked for (abort_on_error) is not to be told again. */
static void dying(void)
{
    (void)signal(SIGABRT, SIG_DFL);
    output_flush();
}

void sanitizers_init(void)
{
    const struct mem_map *map = mem_map();

    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(dying);
    /* What pages of ours point to is not lost. */
    for (unsigned i = 0; __lsan_register_root_region && i < map->count; i++)
        __lsan_register_root_region((const void *)map->region[i].base,
                                    map->region[i].size);
}
