/* SPDX-License-Identifier: MIT */
/*
 * aarch64.S - the same empty kernel for QEMU's virt: one byte to the PL011,
 * then sleep. There is no firmware: what passes is QEMU's time alone.
 */
    .text
    .globl _start
_start:
    mov x0, #0x09000000
    mov w1, #0x101                      /* UARTCR: enabled, and may send */
    str w1, [x0, #0x30]
    mov w1, #'!'
    str w1, [x0]                        /* UARTDR */
1:  wfi
    b 1b
