/* SPDX-License-Identifier: MIT */
/*
 * local_apic.c - the processor's own interrupt controller: what every
 * interrupt passes, and a timer. [SDM vol. 3 §11]
 *
 * A PCI device's message is a write to the local APIC's address; a line goes
 * through the I/O APIC (io_apic.c), which sends such a message in its place.
 * The two 8259s of a PC (i8259.c) are wired to the pin LINT0, and are let
 * through to the processor only when somebody wants one of their lines.
 */
#include "x86.h"

enum {                              /* [SDM vol. 3 §11.4.1] */
    APIC_ID = 0x020,
    APIC_TPR = 0x080,
    APIC_EOI = 0x0b0,
    APIC_SVR = 0x0f0,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_INITIAL_COUNT = 0x380,
    APIC_CURRENT_COUNT = 0x390,
    APIC_DIVIDE = 0x3e0,

    SVR_ENABLE = 1 << 8,
    LVT_MASKED = 1 << 16,
    LVT_NMI = 4 << 8,
    LVT_EXTINT = 7 << 8,            /* the vector comes from the 8259 */
    DIVIDE_BY_16 = 3,
};
enum { APIC_BASE_ENABLE = 1 << 11, APIC_BASE_X2APIC = 1 << 10 };

static uintptr_t apic;

static uint32_t read(unsigned reg)
{
    return mmio_read32(apic + reg);
}

static void write(unsigned reg, uint32_t value)
{
    mmio_write32(apic + reg, value);
}

void local_apic_init(void)
{
    uint64_t base = msr_read(IA32_APIC_BASE);
    if (base & APIC_BASE_X2APIC)
        core_refuse("the local APIC is in x2APIC mode.");
    msr_write(IA32_APIC_BASE, base | APIC_BASE_ENABLE);
    apic = arch_map_device(base & 0x000ffffffffff000, 4096);
    if (!apic)
        core_refuse("the local APIC's registers can't be mapped.");

    write(APIC_SVR, SVR_ENABLE | IRQ_SPURIOUS);
    write(APIC_TPR, 0);                 /* let every vector through */
    write(APIC_LVT_LINT0, LVT_MASKED);  /* the 8259s */
    write(APIC_LVT_LINT1, LVT_NMI);
    write(APIC_LVT_ERROR, LVT_MASKED);
    write(APIC_DIVIDE, DIVIDE_BY_16);
    write(APIC_LVT_TIMER, IRQ_TIMER);   /* one-shot */
    write(APIC_EOI, 0);                 /* whatever the firmware left over */
}

void local_apic_let_8259_through(void)
{
    write(APIC_LVT_LINT0, LVT_EXTINT);
}

void local_apic_count(uint32_t count)
{
    write(APIC_INITIAL_COUNT, count);
}

uint32_t local_apic_counted(void)
{
    return read(APIC_CURRENT_COUNT);
}

uint8_t local_apic_id(void)
{
    return (uint8_t)(read(APIC_ID) >> 24);
}

void local_apic_end(void)
{
    write(APIC_EOI, 0);
}

struct irq_message arch_irq_message(unsigned vector)
{
    /* Physical destination, fixed delivery, edge. [SDM vol. 3 §11.11] */
    return (struct irq_message){
        .address = 0xfee00000 | (uint32_t)local_apic_id() << 12,
        .data = vector,
    };
}
