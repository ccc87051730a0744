/* SPDX-License-Identifier: MIT */
/*
 * x86.h - what the files of this port say to each other and to the processor.
 */
#ifndef ARCH_X86_64_X86_H
#define ARCH_X86_64_X86_H

#include "arch/port.h"

/* ---- More stacks, from kernel.ld ---------------------------------------- */

extern char exception_stack[], exception_stack_top[];
extern char double_fault_stack[], double_fault_stack_top[];
extern char nmi_stack[], nmi_stack_top[];

/* ---- Start-up, in this order (start.c) ---------------------------------- */

void segments_init(void);
void traps_init(void);
void loader_read(uint32_t magic, uint32_t info, struct mem_map *map);
void paging_init(struct mem_map *map);
void i8259_init(void);
void local_apic_init(void);
void clock_begin(void);
void io_apic_init(void);
void clock_init(void);

/* ---- Between them ------------------------------------------------------- */

/* The state of the processor when an exception came: traps.S pushes it from
 * the bottom of this struct up. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;      /* [SDM vol. 3 §6.14.2] */
};

/* Each of the 256 entries is TRAP_ENTRY_SIZE bytes of code. */
enum { TRAP_ENTRY_SIZE = 16 };
extern const char trap_entries[256][TRAP_ENTRY_SIZE];
_Noreturn void trap_exception(const struct trap_frame *frame);

/* Segment selectors and the interrupt stack table's slots. */
enum { SELECTOR_CODE = 0x08, SELECTOR_DATA = 0x10, SELECTOR_TSS = 0x18 };
enum { IST_EXCEPTION = 1, IST_DOUBLE_FAULT = 2, IST_NMI = 3 };

/* The one-shot counter of the local APIC: `count` steps from now; 0 stops. */
void local_apic_count(uint32_t count);
void clock_timer_came(void);            /* the timer's interrupt has */
uint32_t local_apic_counted(void);      /* steps left */
uint8_t local_apic_id(void);
void local_apic_let_8259_through(void);
void local_apic_end(void);              /* of the highest in service */

bool io_apic_has_line(unsigned line);

/* Keeps what a loader says of the screen, if it is one of pixels that we can
 * set; what it says comes from outside. */
void screen_set(const struct framebuffer *said);

bool is_microvm(void);                  /* a machine without PCI */
bool microvm_line(unsigned line);       /* a virtio-mmio window's? */

/* ---- The processor ------------------------------------------------------ */

enum {
    IA32_APIC_BASE = 0x1b,
    CR4_UMIP = 1 << 11,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
};

struct cpuid { uint32_t eax, ebx, ecx, edx; };

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t msr_read(uint32_t index)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t index, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     : : "c"(index), "a"((uint32_t)value),
                         "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t cr2_read(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

static inline void cr3_write(uint64_t value)
{
    __asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t cr4_read(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr4, %0" : "=r"(value));
    return value;
}

static inline void cr4_write(uint64_t value)
{
    __asm__ volatile("movq %0, %%cr4" : : "r"(value) : "memory");
}

#endif
