/* SPDX-License-Identifier: MIT */
/*
 * aarch64.h - what the files of this port say to each other and to the
 * processor.
 */
#ifndef ARCH_AARCH64_AARCH64_H
#define ARCH_AARCH64_AARCH64_H

#include "arch/aarch64/board.h"
#include "arch/port.h"

/* ---- More stacks, from kernel.ld ---------------------------------------- */

extern char exception_stack[], exception_stack_top[];
extern char last_stack[], last_stack_top[];

/* ---- Start-up, in this order (start.c) ---------------------------------- */

void board_read(uintptr_t tree, struct mem_map *map);
void debug_init(void);
void paging_init(struct mem_map *map);
void gic_init(void);
void clock_init(void);

/* ---- Between them ------------------------------------------------------- */

/* The state of the processor when an exception came; traps.S fills it. */
struct trap_frame {
    uint64_t x[31];             /* x29 is the frame pointer, x30 the link */
    uint64_t sp, elr, spsr;
    uint64_t esr, far;          /* why, and at which address */
};
_Static_assert(sizeof(struct trap_frame) == 288, "traps.S counts on it");

/* `slot`: which of the 16 entries of the vector table it came in by. */
_Noreturn void trap_exception(const struct trap_frame *frame, unsigned slot);

/* An interrupt: finds out which, and has it handled. Called by traps.S. */
void gic_interrupt(void);

/* Lets `intid`, one of the processor's own, raise `vector`. */
void gic_connect(unsigned intid, unsigned vector);

/* The timer holds its line until it is told to let go. */
void clock_silence(void);

/* Switches the machine off, if it has firmware that can. */
void psci_off(void);

/* ---- The processor ------------------------------------------------------ */

#define SYSTEM_READ(name)                                                \
    ({                                                                   \
        uint64_t value_;                                                 \
        __asm__ volatile("mrs %0, " name : "=r"(value_));                \
        value_;                                                          \
    })
#define SYSTEM_WRITE(name, value)                                        \
    __asm__ volatile("msr " name ", %0" : : "r"((uint64_t)(value)) : "memory")

/* What was written to system registers holds for what comes after. */
#define SYSTEM_SYNC() __asm__ volatile("isb" ::: "memory")

#endif
