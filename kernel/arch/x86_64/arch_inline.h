/* SPDX-License-Identifier: MIT */
/*
 * arch_inline.h - the accessors of arch.h, each an instruction or two.
 *
 * The "memory" in every one keeps the compiler from moving other loads and
 * stores across it. What the processor itself may move is said at the
 * barriers.
 */
#ifndef ARCH_X86_64_ARCH_INLINE_H
#define ARCH_X86_64_ARCH_INLINE_H

#include <stdbool.h>
#include <stdint.h>

#define PORT_ACCESS(bits, suffix)                                        \
    static inline uint##bits##_t port_read##bits(uint16_t port)          \
    {                                                                    \
        uint##bits##_t value;                                            \
        __asm__ volatile("in" suffix " %1, %0"                           \
                         : "=a"(value) : "Nd"(port) : "memory");         \
        return value;                                                    \
    }                                                                    \
    static inline void port_write##bits(uint16_t port,                   \
                                        uint##bits##_t value)            \
    {                                                                    \
        __asm__ volatile("out" suffix " %0, %1"                          \
                         : : "a"(value), "Nd"(port) : "memory");         \
    }
PORT_ACCESS(8, "b")
PORT_ACCESS(16, "w")
PORT_ACCESS(32, "l")
#undef PORT_ACCESS

/* One mov of exactly this width: a register answers to no other. */
#define MMIO_ACCESS(bits, suffix, constraint)                            \
    static inline uint##bits##_t mmio_read##bits(uintptr_t addr)         \
    {                                                                    \
        uint##bits##_t value;                                            \
        __asm__ volatile("mov" suffix " %1, %0"                          \
                         : "=" constraint(value)                         \
                         : "m"(*(volatile uint##bits##_t *)addr)         \
                         : "memory");                                    \
        return value;                                                    \
    }                                                                    \
    static inline void mmio_write##bits(uintptr_t addr,                  \
                                        uint##bits##_t value)            \
    {                                                                    \
        __asm__ volatile("mov" suffix " %1, %0"                          \
                         : "=m"(*(volatile uint##bits##_t *)addr)        \
                         : constraint(value) : "memory");                \
    }
MMIO_ACCESS(8, "b", "q")
MMIO_ACCESS(16, "w", "r")
MMIO_ACCESS(32, "l", "r")
MMIO_ACCESS(64, "q", "r")
#undef MMIO_ACCESS

/* VGA text memory. paging.c maps the one page that holds the screen's 2000
 * cells: what is written beyond it faults. */
enum { VGA_TEXT = 0xb8000 };

static inline uint16_t vga_read_cell(unsigned index)
{
    return mmio_read16(VGA_TEXT + 2 * (uintptr_t)index);
}

static inline void vga_write_cell(unsigned index, uint16_t cell)
{
    mmio_write16(VGA_TEXT + 2 * (uintptr_t)index, cell);
}

/* Memory is mapped where it is, and there is no IOMMU in between. */
static inline bus_addr_t virt_to_bus(const void *p)
{
    return (bus_addr_t)(uintptr_t)p;
}

/*
 * The processor keeps loads in order among themselves, and stores likewise, and
 * no store overtakes an earlier load; what it may do is let a load overtake an
 * earlier store. So the first two only hold back the compiler.
 * [SDM vol. 3 §9.2.2]
 */
static inline void arch_write_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void arch_read_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void arch_full_barrier(void)
{
    __asm__ volatile("mfence" ::: "memory");
}

static inline bool arch_irq_disable(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags & 1 << 9;      /* RFLAGS.IF */
}

static inline void arch_irq_restore(bool were_on)
{
    if (were_on)
        __asm__ volatile("sti" ::: "memory");
}

/* sti lets no interrupt in before the instruction after it is under way, so
 * one that comes between the caller's last look and hlt still wakes it.
 * [SDM vol. 2, STI] */
static inline void arch_irq_enable_and_wait(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}

static inline uint64_t arch_cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#endif
