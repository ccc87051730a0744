/* SPDX-License-Identifier: MIT */
/*
 * arch_inline.h - the accessors of arch.h, each an instruction or two.
 *
 * The "memory" in every one keeps the compiler from moving other loads and
 * stores across it. What the processor itself may move is said at the
 * barriers.
 */
#ifndef ARCH_AARCH64_ARCH_INLINE_H
#define ARCH_AARCH64_ARCH_INLINE_H

#include <stdbool.h>
#include <stdint.h>

/* One load or store of exactly this width, and with the plainest address
 * there is: under a hypervisor that plays the device, others don't say enough
 * of themselves to be played. [Arm ARM, ESR_EL2.ISS.ISV] */
#define MMIO_ACCESS(bits, suffix, size)                                  \
    static inline uint##bits##_t mmio_read##bits(uintptr_t addr)         \
    {                                                                    \
        uint##bits##_t value;                                            \
        __asm__ volatile("ldr" suffix " %" size "0, [%1]"                \
                         : "=r"(value) : "r"(addr) : "memory");          \
        return value;                                                    \
    }                                                                    \
    static inline void mmio_write##bits(uintptr_t addr,                  \
                                        uint##bits##_t value)            \
    {                                                                    \
        __asm__ volatile("str" suffix " %" size "0, [%1]"                \
                         : : "r"(value), "r"(addr) : "memory");          \
    }
MMIO_ACCESS(8, "b", "w")
MMIO_ACCESS(16, "h", "w")
MMIO_ACCESS(32, "", "w")
MMIO_ACCESS(64, "", "x")
#undef MMIO_ACCESS

/* There is no text screen: what is written to its cells is lost. */
static inline uint16_t vga_read_cell(unsigned index)
{
    (void)index;
    return 0;
}

static inline void vga_write_cell(unsigned index, uint16_t cell)
{
    (void)index, (void)cell;
}

/* Memory is mapped where it is, and there is no IOMMU in between. */
static inline bus_addr_t virt_to_bus(const void *p)
{
    return (bus_addr_t)(uintptr_t)p;
}

/*
 * This processor may do two loads in either order, two stores likewise, and a
 * load before or after a store, as long as it alone can't tell; others can. So
 * each barrier is an instruction here. [Arm ARM, Data Memory Barrier]
 *
 * Whom they are for is said by their domain. A device of a virtual machine is
 * a thread on another processor of the host, and its memory is mapped inner
 * shareable and cached for both, as all of ours is (paging.c; "dma-coherent"
 * in the device tree): so "ish", the domain of all processors under one system,
 * reaches it. A device behind a real bus would ask for the outer domain.
 */

/* Stores before it are seen before stores after it: what a ring says is there
 * before its index. And loads before it are done: a buffer that goes back to
 * the device has been read. "ishst" gives the first alone. */
static inline void arch_write_barrier(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

/* Loads before it are done before loads (and stores) after it: the index is
 * looked at before what it tells of. */
static inline void arch_read_barrier(void)
{
    __asm__ volatile("dmb ishld" ::: "memory");
}

/* All that is before it, before all that is after it: a store is seen before
 * a load is done, which nothing weaker gives; and before the store to a
 * register that tells the device to look. */
static inline void arch_full_barrier(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

/* In DAIF a bit is a thing held back: I, the third, for interrupts. */
static inline bool arch_irq_disable(void)
{
    uint64_t daif;
    __asm__ volatile("mrs %0, daif; msr daifset, #2"
                     : "=r"(daif) : : "memory");
    return !(daif & 1 << 7);
}

static inline void arch_irq_restore(bool were_on)
{
    if (were_on)
        __asm__ volatile("msr daifclr, #2" ::: "memory");
}

/* wfi ends when an interrupt is pending, held back or not: so we sleep with
 * interrupts off, and one that comes between the caller's last look and wfi
 * is pending by then, and ends it at once. It is let in afterwards; isb is
 * where it comes in at the latest. [Arm ARM, Wait for Interrupt]
 * dsb first: what was stored is to be seen by others before we sleep. */
static inline void arch_irq_enable_and_wait(void)
{
    __asm__ volatile("dsb ish; wfi; msr daifclr, #2; isb; msr daifset, #2"
                     ::: "memory");
}

/* The counter may be read ahead of its turn, and then would seem to go back:
 * isb has it wait. */
static inline uint64_t arch_cycles(void)
{
    uint64_t count;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(count) : : "memory");
    return count;
}

#endif
