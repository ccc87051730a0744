/* SPDX-License-Identifier: MIT */
/*
 * backtrace.c - who called whom, by the chain of frames.
 *
 * On x86_64 and aarch64 alike a function of ours begins by storing its
 * caller's frame pointer and its return address side by side, and lets the
 * frame pointer point there (-fno-omit-frame-pointer):
 *
 *     frame -> | caller's frame | -> | its caller's frame | -> ...
 *              | return address |    | return address     |
 *
 * The chain is walked when something has gone wrong, so nothing in it is
 * believed: a frame must lie on our stack, above the one before it, and its
 * return address in our code. It ends at the C library, which keeps no frames,
 * and was our caller. (The C library's own backtrace() takes memory.)
 *
 * A fault inside the C library has calls of ours further up the stack, and no
 * chain that leads there: the first return address that is ours is taken for
 * the call, and from there on the first chain of two frames for its callers.
 */
#include "unix.h"

struct frame {
    uintptr_t caller;
    uintptr_t return_address;
};

/* The linker's: where the code of this program begins and ends. */
extern const char __executable_start[], etext[];

static uintptr_t stack_top;

void backtrace_init(uintptr_t outermost)
{
    stack_top = outermost + sizeof(struct frame);
}

bool backtrace_is_code(uintptr_t address)
{
    return address > (uintptr_t)__executable_start &&
           address < (uintptr_t)etext;
}

/* No sanitizer is to watch it look at other functions' frames. */
__attribute__((no_sanitize("address", "undefined")))
unsigned backtrace_from(uintptr_t at, uintptr_t bottom, uintptr_t *addresses,
                        unsigned cap)
{
    unsigned n = 0;

    while (n < cap && at >= bottom && at % sizeof(uintptr_t) == 0 &&
           at <= stack_top - sizeof(struct frame)) {
        const struct frame *frame = (const struct frame *)at;

        if (!backtrace_is_code(frame->return_address))
            break;
        addresses[n++] = frame->return_address - 1;
        bottom = at + sizeof(struct frame);
        at = frame->caller;
    }
    return n;
}

/* The first return address into our code that lies at `bottom` or above; where
 * it lies, or stack_top. */
__attribute__((no_sanitize("address", "undefined")))
static uintptr_t find_call(uintptr_t bottom)
{
    uintptr_t at = (bottom + sizeof at - 1) & ~(sizeof at - 1);

    while (at < stack_top && !backtrace_is_code(*(const uintptr_t *)at))
        at += sizeof at;
    return at;
}

__attribute__((no_sanitize("address", "undefined")))
unsigned backtrace_through(const struct context *at, uintptr_t *addresses,
                           unsigned cap)
{
    uintptr_t bottom = at->sp, frame = at->frame;
    unsigned n = 0;

    if (cap > 0 && backtrace_is_code(at->link)) {
        addresses[n++] = at->link - 1;
    } else {
        uintptr_t call = find_call(bottom);

        if (call >= stack_top || cap == 0)
            return 0;
        addresses[n++] = *(const uintptr_t *)call - 1;
        bottom = call + sizeof call;
    }
    /* The frame pointer is still ours, unless the C library has used it. */
    unsigned more = backtrace_from(frame, bottom, addresses + n, cap - n);

    while (more == 0 && bottom < stack_top) {
        bottom = find_call(bottom) + sizeof bottom;
        more = backtrace_from(bottom - 2 * sizeof bottom, at->sp,
                              addresses + n, cap - n);
        if (more == 1)
            more = 0;           /* it leads to no other: not a frame */
    }
    return n + more;
}

unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    return backtrace_from(here, here, addresses, cap);
}
