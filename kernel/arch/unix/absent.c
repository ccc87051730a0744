/* SPDX-License-Identifier: MIT */
/*
 * absent.c - what every machine has and a process has not: ports and registers
 * read as all ones, lines can't be had.
 */
#include <errno.h>

#include "unix.h"

uint8_t port_read8(uint16_t port) { (void)port; return UINT8_MAX; }
uint16_t port_read16(uint16_t port) { (void)port; return UINT16_MAX; }
uint32_t port_read32(uint16_t port) { (void)port; return UINT32_MAX; }
void port_write8(uint16_t port, uint8_t v) { (void)port; (void)v; }
void port_write16(uint16_t port, uint16_t v) { (void)port; (void)v; }
void port_write32(uint16_t port, uint32_t v) { (void)port; (void)v; }

uint8_t mmio_read8(uintptr_t addr) { (void)addr; return UINT8_MAX; }
uint16_t mmio_read16(uintptr_t addr) { (void)addr; return UINT16_MAX; }
uint32_t mmio_read32(uintptr_t addr) { (void)addr; return UINT32_MAX; }
uint64_t mmio_read64(uintptr_t addr) { (void)addr; return UINT64_MAX; }
void mmio_write8(uintptr_t addr, uint8_t v) { (void)addr; (void)v; }
void mmio_write16(uintptr_t addr, uint16_t v) { (void)addr; (void)v; }
void mmio_write32(uintptr_t addr, uint32_t v) { (void)addr; (void)v; }
void mmio_write64(uintptr_t addr, uint64_t v) { (void)addr; (void)v; }

uint16_t vga_read_cell(unsigned index) { (void)index; return 0; }
void vga_write_cell(unsigned index, uint16_t v) { (void)index; (void)v; }

uintptr_t arch_map_device(bus_addr_t base, uint64_t size)
{
    (void)base, (void)size;
    return 0;
}

struct irq_message arch_irq_message(unsigned vector)
{
    return (struct irq_message){ 0, vector };
}

int arch_irq_route(unsigned line, unsigned vector)
{
    (void)line, (void)vector;
    return -ENODEV;
}

void arch_irq_mask(unsigned line) { (void)line; }

bool arch_irq_spurious(unsigned vector)
{
    (void)vector;
    return false;
}

void arch_irq_end(unsigned vector) { (void)vector; }

bool arch_mmio_window(unsigned i, struct mmio_window *out)
{
    (void)i, (void)out;
    return false;
}
