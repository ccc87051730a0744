/* SPDX-License-Identifier: MIT */
/* trace_cpu_x86_64.c - see trace.h. */
#include <sys/ptrace.h>
#include <sys/user.h>

#include "trace.h"

enum { HLT = 0xf4, CLI = 0xfa, STI = 0xfb, REPNE = 0xf2, REP = 0xf3 };

uintptr_t trace_pc(pid_t pid)
{
    struct user_regs_struct r;

    if (ptrace(PTRACE_GETREGS, pid, NULL, &r) != 0)
        trace_fail("the host does not tell the registers of a child");
    return r.rip;
}

bool trace_privileged(pid_t pid)
{
    struct user_regs_struct r;

    if (ptrace(PTRACE_GETREGS, pid, NULL, &r) != 0)
        return false;
    /* The child was forked: its code is ours. */
    extern const char __executable_start[], etext[];
    if (r.rip < (uintptr_t)__executable_start || r.rip >= (uintptr_t)etext)
        return false;
    uint8_t code = *(const uint8_t *)r.rip;
    if (code != CLI && code != STI && code != HLT)
        return false;
    r.rip++;
    return ptrace(PTRACE_SETREGS, pid, NULL, &r) == 0;
}

bool trace_repeats(uintptr_t pc)
{
    uint8_t code = *(const uint8_t *)pc;

    return code == REP || code == REPNE;
}
