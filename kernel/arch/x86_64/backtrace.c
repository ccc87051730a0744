/* SPDX-License-Identifier: MIT */
/*
 * backtrace.c - who called whom, by the chain of frames.
 *
 * Every function begins by pushing its caller's RBP and pointing RBP at it
 * (-fno-omit-frame-pointer), so that on the stack there is
 *
 *     RBP -> | caller's RBP   | -> | its caller's RBP | -> ... -> 0
 *            | return address |    | return address   |
 *
 * The chain is walked when something has gone wrong, so nothing in it is
 * believed: a frame must lie in one of our stacks, above the one before it,
 * and its return address in the code.
 */
#include "x86.h"

struct frame {
    uint64_t rbp;
    uint64_t return_address;
};

static bool inside(uint64_t rbp, const char *bottom, const char *top)
{
    return rbp >= (uintptr_t)bottom &&
           rbp <= (uintptr_t)top - sizeof(struct frame) && rbp % 8 == 0;
}

static bool in_a_stack(uint64_t rbp)
{
    return inside(rbp, main_stack, main_stack_top) ||
           inside(rbp, exception_stack, exception_stack_top) ||
           inside(rbp, double_fault_stack, double_fault_stack_top) ||
           inside(rbp, nmi_stack, nmi_stack_top);
}

unsigned backtrace_from(uint64_t rbp, uintptr_t *addresses, unsigned cap)
{
    unsigned n = 0;
    while (n < cap && in_a_stack(rbp)) {
        const struct frame *frame = (const struct frame *)rbp;
        uint64_t at = frame->return_address;
        if (at <= (uintptr_t)image_start || at >= (uintptr_t)text_end)
            break;
        addresses[n++] = at - 1;
        if (frame->rbp <= rbp)
            break;
        rbp = frame->rbp;
    }
    return n;
}

unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    return backtrace_from((uintptr_t)__builtin_frame_address(0), addresses,
                          cap);
}
