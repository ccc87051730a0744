/* SPDX-License-Identifier: MIT */
/*
 * gic.c - the interrupt controller, a GICv2: a distributor, which knows all
 * the sources, and the interface of our processor. [GICv2, IHI 0048B]
 *
 *     INTID   0 to  15   from processor to processor: not used
 *            16 to  31   the processor's own (PPI): its timer
 *            32 to 1019  lines of devices (SPI): line n is INTID 32 + n
 *            1023        nobody's
 *
 * A source is named by its INTID here, and by a vector in arch.h.
 */
#include "aarch64.h"

#include "lib/errno.h"

enum {                              /* the distributor [§4.3] */
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_ISENABLER = 0x100,         /* a bit for each INTID, */
    GICD_ICENABLER = 0x180,
    GICD_ICPENDR = 0x280,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400,        /* a byte for each, */
    GICD_ITARGETSR = 0x800,
    GICD_ICFGR = 0xc00,             /* two bits for each */

    ICFGR_EDGE = 2,
    PRIORITY = 0x80,                /* all alike; less is more */
};
enum {                              /* the processor's interface [§4.4] */
    GICC_CTLR = 0x000,
    GICC_PMR = 0x004,
    GICC_IAR = 0x00c,
    GICC_EOIR = 0x010,

    PMR_ALL = 0xff,
    INTID_MASK = 0x3ff,
};
enum { FIRST_SPI = 32, INTIDS_MAX = 1020 };

static uintptr_t distributor, cpu;
static unsigned intids;             /* how many this one has */
static uint8_t vector_of[INTIDS_MAX];           /* 0: none */
static uint16_t intid_of[IRQ_LAST_VECTOR + 2];  /* by vector; 0: none */

static void set_bit(unsigned reg, unsigned intid)
{
    mmio_write32(distributor + reg + intid / 32 * 4, 1u << intid % 32);
}

static void set_byte(unsigned reg, unsigned intid, uint8_t value)
{
    mmio_write8(distributor + reg + intid, value);
}

static void set_edge(unsigned intid, bool edge)
{
    uintptr_t reg = distributor + GICD_ICFGR + intid / 16 * 4;
    unsigned shift = intid % 16 * 2;
    uint32_t value = mmio_read32(reg) & ~(3u << shift);

    mmio_write32(reg, value | (edge ? ICFGR_EDGE : 0u) << shift);
}

static void connect(unsigned intid, unsigned vector)
{
    vector_of[intid] = (uint8_t)vector;
    intid_of[vector] = (uint16_t)intid;
    set_byte(GICD_IPRIORITYR, intid, PRIORITY);
    set_bit(GICD_ISENABLER, intid);
}

void gic_connect(unsigned intid, unsigned vector)
{
    connect(intid, vector);
}

void gic_init(void)
{
    const struct board *b = board();

    if (b->gic_distributor.base == 0 || b->gic_cpu.base == 0)
        core_refuse("the device tree has no GICv2 (QEMU: -M "
                    "virt,gic-version=2).");
    distributor = arch_map_device(b->gic_distributor.base,
                                  b->gic_distributor.size);
    cpu = arch_map_device(b->gic_cpu.base, b->gic_cpu.size);
    if (!distributor || !cpu || b->gic_distributor.size < 4096 ||
        b->gic_cpu.size < 4096)
        core_refuse("the interrupt controller's registers can't be mapped.");

    mmio_write32(distributor + GICD_CTLR, 0);
    intids = ((mmio_read32(distributor + GICD_TYPER) & 31) + 1) * 32;
    if (intids > INTIDS_MAX)
        intids = INTIDS_MAX;
    for (unsigned intid = 0; intid < intids; intid += 32) {
        uintptr_t word = distributor + intid / 32 * 4;
        mmio_write32(word + GICD_ICENABLER, UINT32_MAX);
        mmio_write32(word + GICD_ICPENDR, UINT32_MAX);
        mmio_write32(word + GICD_ICACTIVER, UINT32_MAX);
    }
    mmio_write32(distributor + GICD_CTLR, 1);
    mmio_write32(cpu + GICC_PMR, PMR_ALL);
    mmio_write32(cpu + GICC_CTLR, 1);

    if (b->timer == 0)
        core_refuse("the device tree has no timer of the processor's.");
    connect(b->timer, IRQ_TIMER);
}

void gic_interrupt(void)
{
    unsigned intid = mmio_read32(cpu + GICC_IAR) & INTID_MASK;

    if (intid >= INTIDS_MAX) {
        irq_dispatch(IRQ_SPURIOUS);
        return;
    }
    if (vector_of[intid] == IRQ_TIMER)
        clock_silence();
    if (vector_of[intid])
        irq_dispatch(vector_of[intid]);
    else
        mmio_write32(cpu + GICC_EOIR, intid);
}

bool arch_irq_spurious(unsigned vector)
{
    return vector == IRQ_SPURIOUS;
}

void arch_irq_end(unsigned vector)
{
    if (vector <= IRQ_TIMER && intid_of[vector])
        mmio_write32(cpu + GICC_EOIR, intid_of[vector]);
}

static bool has_line(unsigned line)
{
    return line < intids - FIRST_SPI;
}

/* Whether the device tree says of a window that it tells by an edge. */
static bool is_edge(unsigned line)
{
    const struct board *b = board();

    for (unsigned i = 0; i < b->windows; i++)
        if (b->window[i].line == line)
            return b->window[i].edge;
    return false;
}

void arch_irq_mask(unsigned line)
{
    if (has_line(line))
        set_bit(GICD_ICENABLER, FIRST_SPI + line);
}

int arch_irq_route(unsigned line, unsigned vector)
{
    if (!has_line(line) || vector < IRQ_FIRST_VECTOR ||
        vector > IRQ_LAST_VECTOR)
        return -ENODEV;
    unsigned intid = FIRST_SPI + line;

    /* To our processor: the distributor says which one we are to it. */
    set_byte(GICD_ITARGETSR, intid, mmio_read8(distributor + GICD_ITARGETSR));
    set_edge(intid, is_edge(line));
    connect(intid, vector);
    return 0;
}

/* There is nobody here who would take a message. */
struct irq_message arch_irq_message(unsigned vector)
{
    return (struct irq_message){ 0, vector };
}
