/* SPDX-License-Identifier: MIT */
/*
 * traps.S - where the processor comes in on an exception or an interrupt.
 *
 * It finds the stack as [SDM vol. 3 §6.14.2] draws it:
 *
 *     exceptions                       interrupts
 *
 *     SS                               SS
 *     RSP                              RSP
 *     RFLAGS                           RFLAGS
 *     CS                               CS
 *     RIP                              RIP
 *     error code, or 0 from us         RBP      <- RBP: a frame like any
 *     vector                           vector      other, for backtraces
 *     all registers
 */

/* The exceptions for which the processor pushes an error code. */
#define HAS_ERROR_CODE  0x60227d00      /* 8, 10-14, 17, 21, 29, 30 */

    .section .text.traps, "ax"
    .balign 16
    .globl trap_entries
trap_entries:
    .set vector, 0
    .rept 32
    .balign 16
    .if !(HAS_ERROR_CODE >> vector & 1)
    pushq $0
    .endif
    pushq $vector
    jmp exception
    .set vector, vector + 1
    .endr
    .rept 224
    .balign 16
    pushq %rbp
    movq %rsp, %rbp
    pushq $vector
    jmp interrupt
    .set vector, vector + 1
    .endr

/* Nothing comes back from an exception. */
exception:
    cld
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi             /* struct trap_frame */
    andq $-16, %rsp
    xorl %ebp, %ebp
    call trap_exception

/* The function called keeps what the calling convention tells it to keep; the
 * rest is kept here. No vector registers: the kernel is compiled without. */
interrupt:
    cld
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    movq -8(%rbp), %rdi         /* vector */
    andq $-16, %rsp
    call irq_dispatch
    leaq -80(%rbp), %rsp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    movq %rbp, %rsp
    popq %rbp
    iretq
