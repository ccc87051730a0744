/* SPDX-License-Identifier: MIT */
/*
 * boot.S - from the boot loader to the first C function, at EL1 with the MMU
 * and the caches on.
 *
 * A loader enters at _start with the MMU off, and the address of the device
 * tree in X0; or 0, when the tree lies where the memory begins (QEMU, for an
 * ELF). [Linux, Documentation/arm64/booting] Entered at EL2, we leave the
 * hypervisor's level for good.
 *
 * The page tables here are constants: so nothing at all is stored before the
 * caches are on, and no cache can hold an older view of what memory has. They
 * protect nothing, and serve until paging.c has made the real ones.
 */

#define SYS_WRITE0      0x04            /* semihosting, as in debug.c */
#define SYS_EXIT_EXTENDED 0x20
#define STOPPED_APPLICATION_EXIT 0x20026
#define EXIT_CODE_FAILED (17 << 1 | 1)  /* as in core/exit.h */

#define HCR_RW          (1 << 31)       /* EL1 is 64-bit */
#define CNTHCTL_COUNTER (1 << 0)        /* and reads the counter */
#define CNTHCTL_TIMER   (1 << 1)        /* and sets the timer */
#define CPTR_NO_TRAPS   0x33ff
#define SPSR_EL1T_MASKED 0x3c4          /* EL1 with SP_EL0, all of DAIF set */

#define MAIR            0x04ff          /* 0: normal, write-back;
                                           1: Device-nGnRE */
#define TCR_T0SZ        16              /* 48 bits of address */
#define TCR_WALKS       (1 << 8 | 1 << 10 | 3 << 12) /* cached, inner shareable */
#define TCR_EPD1        (1 << 23)       /* no upper half */
#define TCR_IPS_SHIFT   32
#define IPS_48_BITS     5

#define SCTLR_RES1      0x30d00800
#define SCTLR_M         (1 << 0)
#define SCTLR_A         (1 << 1)        /* no word where none may be */
#define SCTLR_C         (1 << 2)
#define SCTLR_SA        (1 << 3)
#define SCTLR_I         (1 << 12)
#define SCTLR_OFF       (SCTLR_RES1)
#define SCTLR_ON        (SCTLR_RES1 + SCTLR_M + SCTLR_A + SCTLR_C + SCTLR_SA + SCTLR_I)

#define BLOCK           (1 << 0)
#define TABLE           (3 << 0)
#define ATTR_DEVICE     (1 << 2)
#define INNER_SHAREABLE (3 << 8)
#define ACCESSED        (1 << 10)
#define NOT_GLOBAL      (1 << 11)       /* only while the ASID is 0 */
#define PXN             (1 << 53)
#define UXN             (1 << 54)

    .section .text.boot, "ax"
    .globl _start
_start:
    msr daifset, #15
    mov x19, x0

    /* 1. At which level are we? */
    mrs x1, CurrentEL
    cmp x1, #(1 << 2)
    b.eq at_el1
    cmp x1, #(2 << 2)
    b.ne refuse

    /* 2. From EL2 down: EL1 is 64-bit, has the counter and its timer, and is
     * not looked after. */
    ldr x1, =HCR_RW
    msr hcr_el2, x1
    mov x1, #(CNTHCTL_COUNTER + CNTHCTL_TIMER)
    msr cnthctl_el2, x1
    msr cntvoff_el2, xzr
    mov x1, #CPTR_NO_TRAPS
    msr cptr_el2, x1
    msr hstr_el2, xzr
    msr mdcr_el2, xzr
    mrs x1, midr_el1
    msr vpidr_el2, x1
    mrs x1, mpidr_el1
    msr vmpidr_el2, x1
    ldr x1, =SCTLR_OFF
    msr sctlr_el1, x1
    mov x1, #SPSR_EL1T_MASKED
    msr spsr_el2, x1
    adr x1, at_el1
    msr elr_el2, x1
    eret

at_el1:
    /* 3. Exceptions: they come in on SP_EL1, so that what went wrong may be
     * the stack; everything else runs on SP_EL0. */
    msr spsel, #1
    ldr x1, =exception_stack_top
    mov sp, x1
    msr spsel, #0
    ldr x1, =main_stack_top
    mov sp, x1
    ldr x1, =trap_vectors
    msr vbar_el1, x1

    msr cpacr_el1, xzr                  /* no vector registers: nobody saves
                                           them */
    msr mdscr_el1, xzr                  /* and no debugger */

    /* 4. The MMU and the caches on. Physical addresses have as many bits as
     * the processor says, and no more than 48. */
    mov x1, #MAIR
    msr mair_el1, x1
    mrs x2, id_aa64mmfr0_el1
    and x2, x2, #15
    mov x3, #IPS_48_BITS
    cmp x2, x3
    csel x2, x2, x3, lo
    ldr x1, =(TCR_T0SZ + TCR_WALKS + TCR_EPD1)
    orr x1, x1, x2, lsl #TCR_IPS_SHIFT
    msr tcr_el1, x1
    ldr x1, =boot_level0
    msr ttbr0_el1, x1                   /* and ASID 0 */
    tlbi vmalle1
    ic iallu
    dsb nsh
    isb
    ldr x1, =SCTLR_ON
    msr sctlr_el1, x1
    isb

    mov x0, x19
    mov x29, xzr                        /* backtraces end here */
    mov x30, xzr
    bl arch_start
1:  wfi
    b 1b

/* Says as best one can this early why not, and ends the machine. */
refuse:
    mov w0, #SYS_WRITE0
    adr x1, wrong_level
    hlt #0xf000
    mov w0, #SYS_EXIT_EXTENDED
    adr x1, exit_failed
    hlt #0xf000
1:  wfi
    b 1b

wrong_level:
    .asciz "cannot start: this is exception level 3; EL1 or EL2 is wanted.\n"
    .balign 8
exit_failed:
    .quad STOPPED_APPLICATION_EXIT, EXIT_CODE_FAILED

/* ---- The first page tables ------------------------------------------------
 *
 *     0 to 1 GiB     devices
 *     1 to 2 GiB     memory, as much of it as there is
 */
    .section .rodata.boot, "a"
    .balign 4096
boot_level0:
    .quad boot_level1 + TABLE
    .skip 511 * 8
boot_level1:
    .quad BLOCK + ATTR_DEVICE + ACCESSED + NOT_GLOBAL + PXN + UXN
    .quad (1 << 30) + BLOCK + INNER_SHAREABLE + ACCESSED + NOT_GLOBAL + UXN
    .skip 510 * 8
