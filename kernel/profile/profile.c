/* SPDX-License-Identifier: MIT */
/*
 * profile.c - takes a sample (arch/sample), walks the stack from there, and
 * counts it in the table of profile.h.
 *
 * It runs at any moment, so it calls nothing that may be in the middle of
 * something; and each sample costs the same however many there were.
 */
#include "profile/profile.h"

#include <stddef.h>

#include "arch/port.h"
#include "arch/sample/sample.h"
#include "console/log.h"
#include "core/start.h"
#include "lib/string.h"

enum { PROBES = 32 };           /* places where a stack may be */

struct profile_table profile_table;

static uint32_t hash(const struct profile_stack *stack)
{
    uint32_t h = 2166136261u;   /* FNV-1a, by words */

    for (unsigned i = 0; i < stack->depth; i++)
        h = (h ^ stack->pc[i]) * 16777619u;
    return h ^ h >> 15;
}

static bool is_same(const struct profile_stack *a,
                    const struct profile_stack *b)
{
    return a->depth == b->depth &&
           memcmp(a->pc, b->pc, a->depth * sizeof *a->pc) == 0;
}

/* Where `stack` is counted; NULL when there is no room. */
static struct profile_stack *find(const struct profile_stack *stack)
{
    uint32_t first = hash(stack);

    for (uint32_t i = 0; i < PROBES; i++) {
        struct profile_stack *place =
            &profile_table.stack[(first + i) % PROFILE_STACKS];

        if (place->count == 0)
            *place = *stack;
        if (is_same(place, stack))
            return place;
    }
    return NULL;
}

static void take(const struct sample *sample)
{
    static uintptr_t callers[PROFILE_DEPTH - 2];
    static struct profile_stack stack;

    profile_table.samples++;
    if (sample->idle) {
        profile_table.idle++;
        return;
    }
    unsigned count = backtrace_frames(sample->frame, callers,
                                      PROFILE_DEPTH - 2);

    stack.depth = 2 + count;
    stack.pc[0] = (uint32_t)sample->at;
    stack.pc[1] = (uint32_t)sample->link;
    for (unsigned i = 0; i < count; i++)
        stack.pc[2 + i] = (uint32_t)callers[i];

    struct profile_stack *place = find(&stack);
    if (place != NULL)
        place->count++;
    else
        profile_table.lost++;
}

static void profile_start(void)
{
    profile_table.hz = PROFILE_HZ;
    profile_table.stacks = PROFILE_STACKS;
    profile_table.depth = PROFILE_DEPTH;
    if (sample_start(PROFILE_HZ, take) != 0)
        log_line("profile: this machine has no timer to take samples by");
}
INITCALL(INIT_BUSES, profile_start);
