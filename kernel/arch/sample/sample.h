/* SPDX-License-Identifier: MIT */
/*
 * sample.h - what the processor is at, looked at many times a second by a
 * timer that nobody else uses.
 *
 * On a PC the look can't be held back: it is taken with interrupts off as well.
 * On aarch64 it is an interrupt like others: sample_start() lets interrupts in
 * for good, and what runs with them off is put down to where they come on
 * again.
 */
#ifndef ARCH_SAMPLE_SAMPLE_H
#define ARCH_SAMPLE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

struct sample {
    uintptr_t at;           /* the instruction that is next */
    uintptr_t link;         /* where the function returns to, if it has no frame
                               yet or no more; otherwise anything in the code,
                               or 0: what is right is told by the unwind tables
                               that the compiler has left for `at` */
    uintptr_t frame;        /* the frame pointer, for backtrace_frames() */
    bool idle;              /* it slept */
};

/* Has take() called about `hz` times a second, 20 to 10000, from now on. It is
 * called at any moment, even in the middle of what is done with interrupts
 * off: it may read, and write what is its own, and no more. Returns 0, or
 * -ENODEV when the machine has no such timer. Once. */
int sample_start(unsigned hz, void (*take)(const struct sample *sample));

#endif
