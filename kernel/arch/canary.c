/* SPDX-License-Identifier: MIT */
/*
 * canary.c - the number that guards return addresses.
 *
 * The compiler puts it between a function's arrays and its return address,
 * and looks at it again before returning (-fstack-protector-strong). Whoever
 * writes over the one has written over the other, unless he knows the number:
 * so it differs from boot to boot. (In a process, the C library's own functions
 * have another; what they say when it has changed has the status of an abort.)
 */
#include "arch/port.h"

/* Not static: the compiler looks for these two by their names. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0xae2f59c1d6037b00;
_Noreturn void __stack_chk_fail(void);

/* Must not itself be guarded: the number changes under it. */
__attribute__((no_stack_protector)) void canary_init(void)
{
    /* The lowest byte is zero, so that a string that runs over the array's
     * end can neither write the canary nor read it out. */
    __stack_chk_guard = arch_random() & ~(uintptr_t)0xff;
}

_Noreturn void __stack_chk_fail(void)
{
    panic_at(__FILE__, __LINE__,
             "a function has written past an array on its stack.");
}
