/* SPDX-License-Identifier: MIT */
/*
 * context_x86_64.c - where an x86_64 host's processor was when a signal came.
 */
#define _GNU_SOURCE             /* names of registers */
#include <ucontext.h>

#include "unix.h"

struct context context_of(const void *ucontext)
{
    const greg_t *registers =
        ((const ucontext_t *)ucontext)->uc_mcontext.gregs;
    enum { TRAP_PAGE_FAULT = 14, WRITE = 1 << 1, FETCH = 1 << 4 };
    greg_t error = registers[REG_ERR];

    return (struct context){
        .pc = (uintptr_t)registers[REG_RIP],
        .sp = (uintptr_t)registers[REG_RSP],
        .frame = (uintptr_t)registers[REG_RBP],
        .doing = registers[REG_TRAPNO] != TRAP_PAGE_FAULT ? "access to "
                 : error & FETCH                          ? "execution of "
                 : error & WRITE                          ? "write to "
                                                          : "read of ",
    };
}
