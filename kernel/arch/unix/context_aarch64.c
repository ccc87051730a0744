/* SPDX-License-Identifier: MIT */
/*
 * context_aarch64.c - where an aarch64 host's processor was when a signal came.
 */
#include <ucontext.h>

#include "unix.h"

enum { FRAME_POINTER = 29, LINK = 30 };

struct context context_of(const void *ucontext)
{
    const mcontext_t *machine = &((const ucontext_t *)ucontext)->uc_mcontext;

    return (struct context){
        .pc = (uintptr_t)machine->pc,
        .sp = (uintptr_t)machine->sp,
        .frame = (uintptr_t)machine->regs[FRAME_POINTER],
        .link = (uintptr_t)machine->regs[LINK],
        .doing = "access to ",
    };
}
