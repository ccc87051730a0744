/* SPDX-License-Identifier: MIT */
/*
 * backtrace.c - who called whom, by the chain of frames on a machine's stacks.
 *
 * Every function begins by storing its caller's frame pointer and its own
 * return address side by side, and lets the frame pointer point there
 * (-fno-omit-frame-pointer; RBP on x86_64, X29 on aarch64):
 *
 *     frame -> | caller's frame | -> | its caller's frame | -> ... -> 0
 *              | return address |    | return address     |
 *
 * The chain is walked when something has gone wrong, so nothing in it is
 * believed: a frame must lie in one of our stacks, above the one before it,
 * and its return address in the code.
 */
#include "arch/port.h"

struct frame {
    uint64_t caller;
    uint64_t return_address;
};

static bool in_a_stack(uint64_t fp)
{
    for (const struct stack *s = port_stacks; s->bottom; s++)
        if (fp >= (uintptr_t)s->bottom &&
            fp <= (uintptr_t)s->top - sizeof(struct frame) && fp % 8 == 0)
            return true;
    return false;
}

unsigned backtrace_frames(uint64_t fp, uintptr_t *addresses, unsigned cap)
{
    unsigned n = 0;
    while (n < cap && in_a_stack(fp)) {
        const struct frame *frame = (const struct frame *)fp;
        uint64_t at = frame->return_address;
        if (at <= (uintptr_t)image_start || at >= (uintptr_t)text_end)
            break;
        addresses[n++] = at - 1;
        if (frame->caller <= fp)
            break;
        fp = frame->caller;
    }
    return n;
}

unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    return backtrace_frames((uintptr_t)__builtin_frame_address(0), addresses,
                            cap);
}
