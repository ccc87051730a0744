/* SPDX-License-Identifier: MIT */
/*
 * profile.h - where the guest's time goes: how often the processor was found
 * with which chain of calls.
 *
 * The table lies in memory and nobody in the guest reads it: who wants to know
 * stops the machine for a moment, copies it out (QEMU's pmemsave, at the
 * address of the symbol), and subtracts what it said at an earlier moment. So
 * asking costs the guest nothing. grader/lodge/profile.py does so.
 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <stdint.h>

enum {
    PROFILE_HZ = 997,           /* no divisor of anything that goes on here */
    PROFILE_STACKS = 8192,      /* different ones, a power of 2 */
    PROFILE_DEPTH = 46,         /* calls; the outermost of more are cut off */
};

/*
 * Innermost first. pc[0] is the instruction that was next; pc[1] the return
 * address if there is no frame for pc[0]'s function yet, or 0 (arch/sample);
 * the rest, from the chain of frames, lie inside their call instructions.
 * All addresses of ours are below 4 GiB. No such stack: count == 0.
 */
struct profile_stack {
    uint32_t count;
    uint32_t depth;             /* 2 to PROFILE_DEPTH, of pc[] */
    uint32_t pc[PROFILE_DEPTH];
};
_Static_assert(sizeof(struct profile_stack) == 192, "as it is read");

/* Invariant: samples == idle + lost + the sum of all counts. */
struct profile_table {
    uint32_t hz, stacks, depth, zero;
    uint64_t samples;           /* taken */
    uint64_t idle;              /* of these, asleep */
    uint64_t lost;              /* of these, with no room for one more stack */
    struct profile_stack stack[PROFILE_STACKS];     /* by its hash, or behind */
};
_Static_assert(sizeof(struct profile_table) == 40 + 192 * PROFILE_STACKS,
               "as it is read");

extern struct profile_table profile_table;

#endif
