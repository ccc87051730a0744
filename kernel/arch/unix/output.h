/* SPDX-License-Identifier: MIT */
/*
 * output.h - where a process's words go: a serial line and a debug console,
 * as a machine has them.
 *
 *     drivers/host/console --\
 *                             OUTPUT_CONSOLE --> stdout, or LODGE_CONSOLE
 *     core/panic.h ----------<
 *                             OUTPUT_DEBUG ----> LODGE_DEBUG, if it is set
 *
 * A place is a file, or the descriptor N for "fd:N". Text leaves a line at a
 * time, and what has no line break yet when the process sleeps, ends, panics
 * or faults; a person at a terminal sees each character at once. A reader who
 * has gone away is let go, and one who is slow is waited for.
 */
#ifndef ARCH_UNIX_OUTPUT_H
#define ARCH_UNIX_OUTPUT_H

enum output { OUTPUT_CONSOLE, OUTPUT_DEBUG };

/* One character. Needs no start-up, and no memory. */
void output_putc(enum output where, char c);

/* Hands all that was put to the host. May be called from a signal handler. */
void output_flush(void);

#endif
