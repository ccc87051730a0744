/* SPDX-License-Identifier: MIT */
/*
 * backtrace.c - who called whom, by the chain of frames.
 *
 * Every function begins by storing its caller's X29 and its own return address
 * and pointing X29 at the two, so that on the stack there is [AAPCS64, the
 * frame pointer]
 *
 *     X29 -> | caller's X29   | -> | its caller's X29 | -> ... -> 0
 *            | return address |    | return address   |
 *
 * The chain is walked when something has gone wrong, so nothing in it is
 * believed: a frame must lie in one of our stacks, above the one before it,
 * and its return address in the code.
 */
#include "aarch64.h"

struct frame {
    uint64_t fp;
    uint64_t return_address;
};

static bool inside(uint64_t fp, const char *bottom, const char *top)
{
    return fp >= (uintptr_t)bottom &&
           fp <= (uintptr_t)top - sizeof(struct frame) && fp % 8 == 0;
}

static bool in_a_stack(uint64_t fp)
{
    return inside(fp, main_stack, main_stack_top) ||
           inside(fp, exception_stack, exception_stack_top) ||
           inside(fp, last_stack, last_stack_top);
}

unsigned backtrace_from(uint64_t fp, uintptr_t *addresses, unsigned cap)
{
    unsigned n = 0;
    while (n < cap && in_a_stack(fp)) {
        const struct frame *frame = (const struct frame *)fp;
        uint64_t at = frame->return_address;
        if (at <= (uintptr_t)image_start || at >= (uintptr_t)text_end)
            break;
        addresses[n++] = at - 1;
        if (frame->fp <= fp)
            break;
        fp = frame->fp;
    }
    return n;
}

unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    return backtrace_from((uintptr_t)__builtin_frame_address(0), addresses,
                          cap);
}
