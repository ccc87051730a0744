/* SPDX-License-Identifier: MIT */
/*
 * x86_64.S - an empty kernel: one byte on the serial line, then sleep.
 *
 * It does nothing else, so what passes until its byte is there is the time
 * that QEMU and the firmware take: the floor under every guest's boot.
 */
    .section .note.pvh, "a", @note      /* XEN_ELFNOTE_PHYS32_ENTRY */
    .balign 4
    .long 4, 8, 18                      /* name's length, entry's, type */
    .asciz "Xen"
    .quad _start

    .text
    .code32
    .globl _start
_start:
    movw $0x3f8, %dx
    movb $'!', %al
    outb %al, %dx
1:  hlt
    jmp 1b
