/* SPDX-License-Identifier: MIT */
/*
 * traps.S - where the processor comes in on an exception or an interrupt: the
 * vector table, 16 entries of 128 bytes. [Arm ARM, exception vectors]
 *
 *              synchronous   IRQ           FIQ           SError
 *     SP_EL0   exception     interrupt     exception     exception
 *     SP_EL1   a second exception, while one is told
 *     EL0      there are no programs below us
 *
 * Everything runs on SP_EL0, and the processor changes to SP_EL1 as it comes
 * in: an exception stays on that stack, and an interrupt changes back to the
 * stack that it met.
 */

/* Most are faults. One is an answer: that there is nobody to take a
 * semihosting call (debug.c). X0 and X1 are kept where no stack is needed. */
.macro unless_semihosting
    msr tpidr_el0, x0
    msr tpidr_el1, x1
    mrs x0, elr_el1
    adr x1, semihosting_instruction
    cmp x0, x1
    b.eq nobody_takes_it
    mrs x0, tpidr_el0
    mrs x1, tpidr_el1
.endm

.macro fault slot
    sub sp, sp, #288
    stp x0, x1, [sp]
    mov x1, #\slot
    b exception
.endm

    .section .text.traps, "ax"
    .balign 2048
    .globl trap_vectors
trap_vectors:
    unless_semihosting
    fault 0
    .balign 128
    b interrupt
    .set slot, 2
    .rept 14
    .balign 128
    .if slot == 4
    unless_semihosting
    .endif
    .if slot >= 4 && slot < 8
    mov x1, #slot
    b again
    .else
    fault slot
    .endif
    .set slot, slot + 1
    .endr

    .balign 128
nobody_takes_it:
    add x0, x0, #4              /* behind it */
    msr elr_el1, x0
    ldr x0, =semihosting_absent
    mov w1, #1
    strb w1, [x0]
    mrs x0, tpidr_el0
    mrs x1, tpidr_el1
    eret

/* What SP_EL1 points at may be what is wrong: another stack. X0 and X1 are
 * lost. */
again:
    ldr x0, =last_stack_top - 288
    mov sp, x0
    stp xzr, xzr, [sp]

/* Nothing comes back from an exception. x1: slot. */
exception:
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x2, sp_el0
    stp x30, x2, [sp, #240]
    mrs x2, elr_el1
    mrs x3, spsr_el1
    stp x2, x3, [sp, #256]
    mrs x2, esr_el1
    mrs x3, far_el1
    stp x2, x3, [sp, #272]
    mov x0, sp                  /* struct trap_frame */
    mov x29, xzr
    mov x30, xzr
    bl trap_exception

/* The function called keeps what the calling convention tells it to keep; the
 * rest is kept here. No vector registers: the kernel is compiled without. The
 * first pair is a frame like any other, for backtraces: as if what was
 * interrupted had called.
 *
 *     sp + 0     x29, ELR     <- x29
 *     sp + 16    SPSR, x30
 *     sp + 32    x0 to x18
 */
    .balign 128
interrupt:
    msr spsel, #0
    sub sp, sp, #192
    stp x0, x1, [sp, #32]
    stp x2, x3, [sp, #48]
    stp x4, x5, [sp, #64]
    stp x6, x7, [sp, #80]
    stp x8, x9, [sp, #96]
    stp x10, x11, [sp, #112]
    stp x12, x13, [sp, #128]
    stp x14, x15, [sp, #144]
    stp x16, x17, [sp, #160]
    str x18, [sp, #176]
    mrs x0, elr_el1
    mrs x1, spsr_el1
    stp x29, x0, [sp]
    stp x1, x30, [sp, #16]
    mov x29, sp
    bl gic_interrupt
    ldp x1, x30, [sp, #16]
    ldp x29, x0, [sp]
    msr spsr_el1, x1
    msr elr_el1, x0
    ldp x0, x1, [sp, #32]
    ldp x2, x3, [sp, #48]
    ldp x4, x5, [sp, #64]
    ldp x6, x7, [sp, #80]
    ldp x8, x9, [sp, #96]
    ldp x10, x11, [sp, #112]
    ldp x12, x13, [sp, #128]
    ldp x14, x15, [sp, #144]
    ldp x16, x17, [sp, #160]
    ldr x18, [sp, #176]
    add sp, sp, #192
    eret

/* long semihosting(unsigned operation, const void *parameter): asks whoever
 * watches this processor for something. */
    .globl semihosting
semihosting:
    stp x29, x30, [sp, #-16]!
    mov x29, sp
semihosting_instruction:
    hlt #0xf000
    ldp x29, x30, [sp], #16
    ret
