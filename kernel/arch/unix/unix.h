/* SPDX-License-Identifier: MIT */
/*
 * unix.h - what the files of this port know of each other.
 *
 * A process is a machine whose wires are descriptors: one that is ready is an
 * interrupt, and the place where the machine sleeps is epoll_wait(). See
 * arch/unix/descriptor.h and output.h for what drivers see of it.
 *
 * How it ends (core/exit.h has the first four):
 *
 *     33, 35, 37, 39   as QEMU does: done, failed, panic, not written yet.
 *                      37 is also an exception (traps.c), and what a sanitizer
 *                      has found (sanitizers.c)
 *     130, 143         stopped by SIGINT, SIGTERM (stop.c)
 */
#ifndef ARCH_UNIX_UNIX_H
#define ARCH_UNIX_UNIX_H

#include "arch/port.h"

/* In the order of start-up. What goes wrong is told in a sentence. */
void backtrace_init(uintptr_t outermost);   /* the frame that calls all */
void output_init(void);         /* console and debug console */
void traps_init(void);          /* faults of ours are told from here on */
void memory_init(void);         /* takes the machine's memory from the host */
void sanitizers_init(void);
void clock_init(void);          /* start-up is now */
void wait_init(void);           /* interrupts */
void stop_init(void);           /* SIGINT, SIGTERM */

/* The host's monotonic clock when arch_clock_ns() is `ns`. */
uint64_t clock_host_ns(uint64_t ns);

/* Whether that is an address in this program's code. */
bool backtrace_is_code(uintptr_t address);

/* The return addresses, less one, of the chain that begins with the frame at
 * `at`, which lies at `bottom` or above. Returns how many of `cap` there
 * are. */
unsigned backtrace_from(uintptr_t at, uintptr_t bottom, uintptr_t *addresses,
                        unsigned cap);

/* Where the processor was when a signal came; `ucontext` is what a handler
 * gets. */
struct context {
    uintptr_t pc, sp, frame;
    uintptr_t link;             /* the return address, where a register has it
                                   as long as there is no frame; else 0 */
    const char *doing;          /* "write to ", ..., as far as is known */
};
struct context context_of(const void *ucontext);

/* The same from a place that is not in our code: the C library, which keeps no
 * frames, or where there is no code at all. What calls of ours led there is
 * looked for on the stack, and may be a guess. */
unsigned backtrace_through(const struct context *at, uintptr_t *addresses,
                           unsigned cap);

#endif
