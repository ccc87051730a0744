/* SPDX-License-Identifier: MIT */
/*
 * upcalls.h - what a port calls in turn.
 *
 * arch/ lies below core/ and may include nothing of it, yet a processor that
 * has come up must enter the kernel somewhere, and so must an interrupt and a
 * fault. These are the doors, all of them; core/ defines what is behind.
 */
#ifndef ARCH_UPCALLS_H
#define ARCH_UPCALLS_H

#include <stddef.h>
#include <stdint.h>

/* The processor is sane: memory mapped, exceptions caught, interrupts off.
 * Runs the initcalls in order, then main(), then ends the machine. */
_Noreturn void core_start(void);

/* The machine or its boot loader won't do. `why` is a whole sentence. */
_Noreturn void core_refuse(const char *why);

/* Keeps a copy of the boot loader's line; what is beyond CMDLINE_MAX is
 * cut. Before core_start(). */
void cmdline_set(const char *text, size_t len);

/*
 * Interrupt `vector`, 32 to 255, has come; interrupts are off. Calls every
 * handler that irq_request() registered for it, in the order in which they
 * were, and tells the controller that it is done (arch_irq_end). A vector that
 * nobody has asked for is ended all the same, or it would hold back others for
 * good. A spurious interrupt is not (arch_irq_spurious): the controller doesn't
 * wait for it, and no handler is called. The body is lab 04's.
 */
void irq_dispatch(unsigned vector);

/* A fault of our own: says where and why, prints a backtrace, ends the
 * machine. `why` is a whole sentence. Never for what comes from outside. */
_Noreturn void panic_at(const char *file, int line, const char *why);

/* The pieces of it, for exceptions: text, a number as 0x and at least eight
 * hexadecimal digits, a line "  at 0x00100abc" for each address, and the
 * end of the machine. */
void panic_text(const char *text);
void panic_hex(unsigned long long value);
void panic_backtrace(const uintptr_t *addresses, unsigned count);
_Noreturn void panic_end(void);

/* The body of every function that a student has yet to write, here and above.
 * `what` is the step's number and the function's name: "5.2 virtq_add". */
_Noreturn void lab_todo(const char *what);

#endif
