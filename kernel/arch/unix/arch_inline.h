/* SPDX-License-Identifier: MIT */
/*
 * arch_inline.h - the accessors of arch.h, out of line: in a Unix process
 * there is no machine to touch (absent.c). In a program of host tests a fake
 * device defines those that it wants to hear of (grader/unit/no_machine.c has
 * the others).
 */
#ifndef ARCH_UNIX_ARCH_INLINE_H
#define ARCH_UNIX_ARCH_INLINE_H

#include <stdbool.h>
#include <stdint.h>

uint8_t port_read8(uint16_t port);
uint16_t port_read16(uint16_t port);
uint32_t port_read32(uint16_t port);
void port_write8(uint16_t port, uint8_t value);
void port_write16(uint16_t port, uint16_t value);
void port_write32(uint16_t port, uint32_t value);

uint8_t mmio_read8(uintptr_t addr);
uint16_t mmio_read16(uintptr_t addr);
uint32_t mmio_read32(uintptr_t addr);
uint64_t mmio_read64(uintptr_t addr);
void mmio_write8(uintptr_t addr, uint8_t value);
void mmio_write16(uintptr_t addr, uint16_t value);
void mmio_write32(uintptr_t addr, uint32_t value);
void mmio_write64(uintptr_t addr, uint64_t value);

uint16_t vga_read_cell(unsigned index);
void vga_write_cell(unsigned index, uint16_t cell);

bus_addr_t virt_to_bus(const void *p);

void arch_write_barrier(void);
void arch_read_barrier(void);
void arch_full_barrier(void);

bool arch_irq_disable(void);
void arch_irq_restore(bool were_on);
void arch_irq_enable_and_wait(void);

uint64_t arch_cycles(void);

#endif
