/* SPDX-License-Identifier: MIT */
/*
 * io_apic.c - interrupt lines: each I/O APIC turns a change of a line into a
 * message to the local APIC. [82093AA §3]
 *
 *     lines  0-23   at 0xfec00000, on every machine
 *     lines 24-47   at 0xfec10000, on a microvm with acpi=on
 *
 * A device of old (lines 0 to 15) tells by an edge. The others hold the line
 * for as long as they have something to tell, so theirs is looked at by level:
 * an edge that came while the last one was served would go unseen.
 */
#include "x86.h"

#include "lib/errno.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10 };
enum { IOAPICVER = 0x01, IOREDTBL = 0x10 };
enum {
    REDIRECT_LEVEL = 1 << 15,   /* else edge */
    REDIRECT_MASKED = 1 << 16,
    ISA_LINES = 16,
};

static struct io_apic {
    bus_addr_t base;
    unsigned first_line;
    unsigned count;             /* 0: not there */
    uintptr_t registers;
} io_apics[] = {
    { .base = 0xfec00000, .first_line = 0 },
    { .base = 0xfec10000, .first_line = 24 },
};
enum { IO_APICS = sizeof io_apics / sizeof io_apics[0] };

static uint32_t read(const struct io_apic *io, unsigned reg)
{
    mmio_write32(io->registers + IOREGSEL, reg);
    return mmio_read32(io->registers + IOWIN);
}

static void write(const struct io_apic *io, unsigned reg, uint32_t value)
{
    mmio_write32(io->registers + IOREGSEL, reg);
    mmio_write32(io->registers + IOWIN, value);
}

/* How many lines it has; 0 when nobody is there. Where nothing answers, reads
 * give all zeros or all ones, and IOREGSEL doesn't keep what is written. Only
 * a microvm is asked for lines from 24 on: elsewhere something else may be
 * there, and QEMU remarks on it when nothing is. */
static unsigned probe(struct io_apic *io)
{
    if (io->first_line > 0 && !is_microvm())
        return 0;
    io->registers = arch_map_device(io->base, 0x20);
    if (!io->registers)
        return 0;
    uint32_t version = read(io, IOAPICVER);
    if ((mmio_read32(io->registers + IOREGSEL) & 0xff) != IOAPICVER ||
        (version & 0xff) < 0x10 || (version & 0xff) > 0x2f)
        return 0;
    unsigned count = (version >> 16 & 0xff) + 1;
    return count <= 240 ? count : 0;
}

void io_apic_init(void)
{
    for (unsigned i = 0; i < IO_APICS; i++) {
        struct io_apic *io = &io_apics[i];
        io->count = probe(io);
        for (unsigned line = 0; line < io->count; line++)
            write(io, IOREDTBL + 2 * line, REDIRECT_MASKED);
    }
}

static const struct io_apic *io_apic_of(unsigned line)
{
    for (unsigned i = 0; i < IO_APICS; i++)
        if (line >= io_apics[i].first_line &&
            line - io_apics[i].first_line < io_apics[i].count)
            return &io_apics[i];
    return NULL;
}

bool io_apic_has_line(unsigned line)
{
    return io_apic_of(line) != NULL;
}

void arch_irq_mask(unsigned line)
{
    const struct io_apic *io = io_apic_of(line);
    if (!io)
        return;
    bool were_on = arch_irq_disable();  /* two registers, one after another */
    write(io, IOREDTBL + 2 * (line - io->first_line), REDIRECT_MASKED);
    arch_irq_restore(were_on);
}

int arch_irq_route(unsigned line, unsigned vector)
{
    const struct io_apic *io = io_apic_of(line);
    if (!io)
        return -ENODEV;
    bool level = line >= ISA_LINES || microvm_line(line);
    unsigned entry = IOREDTBL + 2 * (line - io->first_line);
    write(io, entry + 1, (uint32_t)local_apic_id() << 24);
    write(io, entry, vector | (level ? REDIRECT_LEVEL : 0));
    return 0;
}
