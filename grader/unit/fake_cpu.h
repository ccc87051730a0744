/* SPDX-License-Identifier: MIT */
/*
 * fake_cpu.h - a processor for the event loop: its clock stands still until it
 * sleeps, and its one device interrupts when the test says so, which is when it
 * hurts. To sleep with interrupts on, or where nothing will ever wake it, fails
 * the test.
 */
#ifndef FAKE_CPU_H
#define FAKE_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct fake_cpu {
    uint64_t now;               /* clock_ns() */
    uint64_t timer_at;          /* arch_timer_set()'s; UINT64_MAX: off */
    volatile bool irq_on;
    volatile bool pending;      /* the device waits until they are */
    bool in_sleep;              /* it will want attention in the next sleep */
    unsigned sleeps;
    void (*handler)(void);      /* of the one device that there is */
    bool stepped;               /* by every_instruction() */
};
extern struct fake_cpu cpu;

/* The device wants attention: at once, or when interrupts are on again. */
void cpu_interrupt(void);

#endif
