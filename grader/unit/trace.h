/* SPDX-License-Identifier: MIT */
/*
 * trace.h - the guest's own objects, as they were compiled for it, in a process
 * that is single-stepped: how many of their instructions a recorded visit
 * takes. The count is exact, and the same in every run.
 *
 *     trace.c           the parent: steps and counts
 *     trace_client.c    plays trace.txt
 *     trace_machine.c   under the guest: a card, a disk, a clock that stands
 *     trace_cpu_*.c     what stepping must know of the processor
 *
 * Of all these nothing is counted: they are linked into a section of their own.
 */
#ifndef UNIT_TRACE_H
#define UNIT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TRACE_EXCHANGES = 32, TRACE_NAME = 16 };

/* ---- trace.c ---- */

/* Seen by parent and child. */
struct trace_shared {
    volatile bool counting;
    volatile unsigned exchange;         /* the one that is counted, or count */
    unsigned count;
    char name[TRACE_EXCHANGES][TRACE_NAME];
};
extern struct trace_shared *trace_shared;

/* From here to there is counted. */
void trace_on(void);
void trace_off(void);

/* In between: what the harness does takes less time when it is not stepped. */
void trace_pause(void);
void trace_go_on(void);

_Noreturn void trace_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* ---- trace_client.c ---- */

void trace_play(const char *text);

/* A frame has come from the guest. */
void trace_heard(const uint8_t *frame, size_t len);

/* ---- trace_machine.c ---- */

/* Everything up to the server that listens on port 80. */
void trace_machine_start(uint8_t *image, size_t size);

/* A frame goes in, and the loop runs until nothing is ready. Counted. */
void trace_frame(const uint8_t *frame, size_t len);

extern const uint8_t trace_guest_address[6];

/* ---- trace_cpu_*.c ---- */

uintptr_t trace_pc(pid_t pid);

/* The child has been refused an instruction that a guest may use (interrupts on
 * and off, sleep): does it for it. False when it is another. */
bool trace_privileged(pid_t pid);

/* Whether the instruction at `pc` is one that repeats itself, a step each. */
bool trace_repeats(uintptr_t pc);

#endif
