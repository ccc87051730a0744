/* SPDX-License-Identifier: MIT */
/*
 * boot.S - from the boot loader to the first C function, in long mode.
 *
 * Two kinds of loader can start this image, both in 32-bit protected mode
 * with paging off and flat segments, and both at _start:
 *
 *   PVH (qemu -kernel)     finds the entry in an ELF note; EBX leads to its
 *                          start_info
 *   multiboot2 (GRUB)      finds a header in the first 32 KiB of the file;
 *                          EAX holds a magic number, EBX leads to its tags
 *
 * EAX and EBX are handed on to arch_start(); loader.c tells which it was.
 * The page tables made here map the first 4 GiB and protect nothing: they
 * serve until paging.c has made the real ones.
 */

#define CR0_MP          (1 << 1)
#define CR0_EM          (1 << 2)
#define CR0_WP          (1 << 16)
#define CR0_NW          (1 << 29)
#define CR0_CD          (1 << 30)
#define CR0_PG          (1 << 31)
#define CR4_PAE         (1 << 5)
#define IA32_EFER       0xc0000080
#define EFER_LME        (1 << 8)
#define EFER_NXE        (1 << 11)
#define CPUID_NX        (1 << 20)       /* leaf 0x80000001, EDX */
#define CPUID_LM        (1 << 29)

#define PAGE_PRESENT    (1 << 0)
#define PAGE_WRITE      (1 << 1)
#define PAGE_LARGE      (1 << 7)

#define COM1            0x3f8
#define DEBUG_CONSOLE   0xe9
#define DEBUG_EXIT      0x501
#define EXIT_FAILED     17              /* as in core/exit.h */

/* ---- What the loaders look for ------------------------------------------ */

#define MB2_MAGIC       0xe85250d6
#define MB2_LENGTH      (mb2_end - mb2_header)

    .section .multiboot2, "a"           /* [multiboot2 §3.1] */
    .balign 8
mb2_header:
    .long MB2_MAGIC
    .long 0                             /* architecture: i386 */
    .long MB2_LENGTH
    .long -(MB2_MAGIC + MB2_LENGTH)     /* the sum of all four is 0 */
    .short 1, 0                         /* tag: what we want to be told */
    .long 16
    .long 1, 6                          /*   command line, memory map */
    .short 4, 1                         /* tag: a text screen is fine */
    .long 12, 1 << 1
    .balign 8
    .short 5, 1                         /* tag: and so is one of pixels, */
    .long 20, 0, 0, 0                   /*   of any size and depth */
    .balign 8
    .short 0, 0                         /* tag: end */
    .long 8
mb2_end:

    .section .note.pvh, "a", @note      /* XEN_ELFNOTE_PHYS32_ENTRY */
    .balign 4
    .long 4                             /* length of the name */
    .long 8                             /* length of the descriptor */
    .long 18                            /* type */
    .asciz "Xen"
    .quad _start

/* ---- To long mode, numbered as [SDM vol. 3 §10.8.5] --------------------- */

    .section .text.boot, "ax"
    .code32
    .globl _start
_start:
    cli
    cld
    movl $main_stack_top, %esp
    movl %eax, %edi                     /* arch_start()'s arguments */
    movl %ebx, %esi

    /* Is this a processor for us? */
    movl $no_long_mode, %ebp
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb refuse
    movl $0x80000001, %eax
    cpuid
    testl $CPUID_LM, %edx
    jz refuse
    movl $no_nx, %ebp
    testl $CPUID_NX, %edx
    jz refuse

    /* Tables for 4 GiB in pages of 2 MiB, each address onto itself. The
     * memory is zero: the loader has cleared it with the rest of .bss. */
    movl $(boot_page_directories + PAGE_PRESENT + PAGE_WRITE), %eax
    movl $boot_pdpt, %ebx
    movl $4, %ecx
1:  movl %eax, (%ebx)
    addl $4096, %eax
    addl $8, %ebx
    loop 1b
    movl $(boot_pdpt + PAGE_PRESENT + PAGE_WRITE), boot_pml4
    movl $(PAGE_PRESENT + PAGE_WRITE + PAGE_LARGE), %eax
    movl $boot_page_directories, %ebx
    movl $(4 * 512), %ecx
1:  movl %eax, (%ebx)
    addl $(2 << 20), %eax
    addl $8, %ebx
    loop 1b

    /* Step 1: paging off. It is, or we would not have come here. */

    /* Step 2: physical-address extensions on. */
    movl $CR4_PAE, %eax
    movl %eax, %cr4

    /* Step 3: CR3 to the level-4 table. */
    movl $boot_pml4, %eax
    movl %eax, %cr3

    /* Step 4: IA-32e mode on; and bit 63 of a page-table entry may from now
     * on forbid to execute. */
    movl $IA32_EFER, %ecx
    rdmsr
    orl $(EFER_LME + EFER_NXE), %eax
    wrmsr

    /* Step 5: paging on, which brings IA-32e mode with it. With WP we too
     * must keep to read-only pages; the caches on. */
    movl %cr0, %eax
    andl $~(CR0_CD + CR0_NW + CR0_EM), %eax
    orl $(CR0_PG + CR0_WP + CR0_MP), %eax
    movl %eax, %cr0

    /* Still 32-bit code, in compatibility mode, until CS says otherwise. */
    lgdt boot_gdt_pointer
    ljmp $SELECTOR_CODE, $long_mode

    .code64
long_mode:
    movl $SELECTOR_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $main_stack_top, %esp          /* a 32-bit move clears the upper */
    movl %edi, %edi                     /* half, which had no meaning yet */
    movl %esi, %esi
    xorl %ebp, %ebp                     /* backtraces end here */
    call arch_start
1:  hlt
    jmp 1b

/* Says the text at EBP as best one can this early, and ends the machine. */
    .code32
refuse:
    movl %ebp, %esi
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, $DEBUG_CONSOLE
    movw $COM1, %dx
    outb %al, %dx
    jmp 1b
2:  movw $DEBUG_EXIT, %dx
    movw $EXIT_FAILED, %ax
    outw %ax, %dx
3:  hlt
    jmp 3b

    .section .rodata.boot, "a"
no_long_mode:
    .asciz "cannot start: this processor has no 64-bit mode.\n"
no_nx:
    .asciz "cannot start: this processor can't forbid to execute a page (NX).\n"

/* ---- Segments -------------------------------------------------------------
 *
 * Long mode asks for a code segment with the L bit, and for the task-state
 * segment that segments.c puts in the last two slots. [SDM vol. 3 §3.4.5]
 */
    .set SELECTOR_CODE, 0x08
    .set SELECTOR_DATA, 0x10

    .section .data.gdt, "aw"
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff            /* 0x08: code, 64-bit */
    .quad 0x00cf93000000ffff            /* 0x10: data */
    .quad 0, 0                          /* 0x18: task state */
boot_gdt_pointer:
    .short . - gdt - 1
    .quad gdt

    .section .bss.boot, "aw", @nobits
    .balign 4096
boot_pml4:              .skip 4096
boot_pdpt:              .skip 4096
boot_page_directories:  .skip 4 * 4096
