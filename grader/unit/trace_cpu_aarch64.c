/* SPDX-License-Identifier: MIT */
/* trace_cpu_aarch64.c - see trace.h. */
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "trace.h"

enum { MRS_DAIF = 0xd53b4220u, MSR_DAIFSET = 0xd50342dfu,
       MSR_DAIFCLR = 0xd50342ffu };

static bool registers(pid_t pid, bool write, struct user_regs_struct *r)
{
    struct iovec io = { r, sizeof *r };

    return ptrace(write ? PTRACE_SETREGSET : PTRACE_GETREGSET, pid,
                  (void *)NT_PRSTATUS, &io) == 0;
}

uintptr_t trace_pc(pid_t pid)
{
    struct user_regs_struct r;

    if (!registers(pid, false, &r))
        trace_fail("the host does not tell the registers of a child");
    return r.pc;
}

bool trace_privileged(pid_t pid)
{
    extern const char __executable_start[], etext[];
    struct user_regs_struct r;

    if (!registers(pid, false, &r) || r.pc < (uintptr_t)__executable_start ||
        r.pc >= (uintptr_t)etext)
        return false;
    uint32_t code = *(const uint32_t *)r.pc;
    if ((code & ~31u) == MRS_DAIF && (code & 31) != 31)
        r.regs[code & 31] = 0;                  /* interrupts are on */
    else if ((code | 0xf00) != (MSR_DAIFSET | 0xf00) &&
             (code | 0xf00) != (MSR_DAIFCLR | 0xf00))
        return false;
    r.pc += 4;
    return registers(pid, true, &r);
}

bool trace_repeats(uintptr_t pc)
{
    (void)pc;
    return false;
}
