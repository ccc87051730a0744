/* SPDX-License-Identifier: MIT */
/*
 * sample_entry.S - where the processor comes in on an NMI that asks what it is
 * at. It is on a stack of its own (traps.c) and finds there
 * [SDM vol. 3 §6.14.2]
 *
 *     SS, RSP, RFLAGS, CS, RIP        <- RSP
 *
 * No other NMI comes before iretq.
 */
    .section .text.sample_nmi, "ax"
    .globl sample_nmi
sample_nmi:
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
    leaq 72(%rsp), %rdi         /* struct interrupted */
    movq %rbp, %rsi
    call sample_take
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    iretq
