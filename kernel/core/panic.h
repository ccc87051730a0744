/* SPDX-License-Identifier: MIT */
/*
 * panic.h - the ways in which a guest gives up on itself.
 *
 * Nothing here uses what a student writes: the words leave by the debug
 * console and the raw serial line, and the machine ends with a status of its
 * own (core/exit.h). What they print begins, at the start of a line, with
 * "panic: ", "exception: " or "not written yet: ", and a backtrace has a line
 * "  at 0x00100abc" for each call, innermost first: whoever watches the
 * machine may rely on it. panic_text() and panic_hex(), which print and go on,
 * come with arch/upcalls.h.
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include "arch/upcalls.h"

/* A fault of our own: says where and why, prints a backtrace, ends the
 * machine. `why` is a whole sentence. Never for what comes from outside. */
#define panic(why) panic_at(__FILE__, __LINE__, why)

/* For what must be true whatever the world does. No work inside. */
#define assert(cond) \
    ((cond) ? (void)0 : panic("this does not hold: " #cond))

#endif
