/* SPDX-License-Identifier: MIT */
/*
 * no_machine.c - the port contract for tests of one module: a machine without
 * devices, whose memory is the host's.
 *
 * Every function is weak. A test that wants to see the barriers, to fire an
 * interrupt at the worst moment, or to be a device defines its own.
 */
#include "arch/arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WEAK __attribute__((weak))

/* Nothing is withheld (without/without.h). */
WEAK unsigned without_what;

/* A port or register at which nobody listens reads as all ones. */
WEAK uint8_t port_read8(uint16_t port) { (void)port; return UINT8_MAX; }
WEAK uint16_t port_read16(uint16_t port) { (void)port; return UINT16_MAX; }
WEAK uint32_t port_read32(uint16_t port) { (void)port; return UINT32_MAX; }
WEAK void port_write8(uint16_t port, uint8_t v) { (void)port; (void)v; }
WEAK void port_write16(uint16_t port, uint16_t v) { (void)port; (void)v; }
WEAK void port_write32(uint16_t port, uint32_t v) { (void)port; (void)v; }

WEAK uint8_t mmio_read8(uintptr_t addr) { (void)addr; return UINT8_MAX; }
WEAK uint16_t mmio_read16(uintptr_t addr) { (void)addr; return UINT16_MAX; }
WEAK uint32_t mmio_read32(uintptr_t addr) { (void)addr; return UINT32_MAX; }
WEAK uint64_t mmio_read64(uintptr_t addr) { (void)addr; return UINT64_MAX; }
WEAK void mmio_write8(uintptr_t addr, uint8_t v) { (void)addr; (void)v; }
WEAK void mmio_write16(uintptr_t addr, uint16_t v) { (void)addr; (void)v; }
WEAK void mmio_write32(uintptr_t addr, uint32_t v) { (void)addr; (void)v; }
WEAK void mmio_write64(uintptr_t addr, uint64_t v) { (void)addr; (void)v; }

WEAK uint16_t vga_read_cell(unsigned index) { (void)index; return 0; }
WEAK void vga_write_cell(unsigned index, uint16_t v) { (void)index; (void)v; }

WEAK bus_addr_t virt_to_bus(const void *p)
{
    return (uintptr_t)p;
}

WEAK void arch_write_barrier(void) { __sync_synchronize(); }
WEAK void arch_read_barrier(void) { __sync_synchronize(); }
WEAK void arch_full_barrier(void) { __sync_synchronize(); }

static bool irq_on;

WEAK bool arch_irq_disable(void)
{
    bool were_on = irq_on;
    irq_on = false;
    return were_on;
}

WEAK void arch_irq_restore(bool were_on)
{
    irq_on = were_on;
}

WEAK void arch_irq_enable_and_wait(void)
{
    irq_on = false;
}

WEAK uint64_t arch_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

WEAK uint64_t arch_cycles(void)
{
    return arch_clock_ns();
}

WEAK uint64_t arch_random(void)
{
    uint64_t value;
    return getentropy(&value, sizeof value) == 0 ? value : arch_clock_ns();
}

WEAK uint64_t arch_clock_unix(void)
{
    return (uint64_t)time(NULL);
}

WEAK void arch_timer_set(uint64_t deadline_ns)
{
    (void)deadline_ns;
}

WEAK uint8_t pci_config_read8(struct pci_address at, unsigned offset)
{
    (void)at, (void)offset;
    return UINT8_MAX;
}

WEAK uint16_t pci_config_read16(struct pci_address at, unsigned offset)
{
    (void)at, (void)offset;
    return UINT16_MAX;
}

WEAK uint32_t pci_config_read32(struct pci_address at, unsigned offset)
{
    (void)at, (void)offset;
    return UINT32_MAX;
}

WEAK void pci_config_write16(struct pci_address at, unsigned offset,
                             uint16_t v)
{
    (void)at, (void)offset, (void)v;
}

WEAK void pci_config_write32(struct pci_address at, unsigned offset,
                             uint32_t v)
{
    (void)at, (void)offset, (void)v;
}

WEAK uintptr_t arch_map_device(bus_addr_t base, uint64_t size)
{
    (void)size;
    return base;
}

WEAK void arch_debug_putc(char c)
{
    if (write(STDERR_FILENO, &c, 1) != 1)
        _exit(1);
}

/* The same status as QEMU's debug-exit device gives. */
WEAK _Noreturn void arch_exit(int status)
{
    fflush(NULL);
    _exit(status << 1 | 1);
}

WEAK struct irq_message arch_irq_message(unsigned vector)
{
    return (struct irq_message){ 0, vector };
}

WEAK int arch_irq_route(unsigned line, unsigned vector)
{
    (void)line, (void)vector;
    return 0;
}

WEAK void arch_irq_mask(unsigned line) { (void)line; }

WEAK int arch_irq_route_legacy(unsigned line)
{
    (void)line;
    return 0;
}

WEAK bool arch_irq_spurious(unsigned vector)
{
    return vector == IRQ_SPURIOUS;
}

WEAK void arch_irq_end(unsigned vector) { (void)vector; }

WEAK bool arch_framebuffer(struct framebuffer *out)
{
    (void)out;
    return false;
}

WEAK bool arch_mmio_window(unsigned i, struct mmio_window *out)
{
    (void)i, (void)out;
    return false;
}

/* "opt/lodge/challenge" is the environment variable LODGE_CHALLENGE. */
WEAK long arch_config_file(const char *name, void *buf, size_t cap)
{
    char variable[64] = "LODGE_";
    const char *base = strrchr(name, '/');
    size_t n = strlen(variable);
    for (const char *p = base ? base + 1 : name; *p; p++) {
        if (n == sizeof variable - 1)
            return -2;      /* ENOENT */
        char c = *p == '-' || *p == '.' ? '_' : *p;
        variable[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    const char *value = getenv(variable);
    if (!value)
        return -2;
    size_t len = strlen(value);
    memcpy(buf, value, len < cap ? len : cap);
    return (long)len;
}

WEAK unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    (void)addresses, (void)cap;
    return 0;
}
