/* SPDX-License-Identifier: MIT */
/*
 * microvm.c - the virtio-mmio windows of QEMU's microvm, which has no PCI.
 *
 *     0xfeb00000 + 512 * i     24 windows, lines 24 + i, with a second I/O
 *                              APIC (acpi=on); 8, lines 5 + i, without
 *
 * Most are empty, and say so themselves. On a machine with a PCI bus the same
 * addresses may be anything, so there are no windows then.
 */
#include "x86.h"

enum { WINDOWS_BASE = 0xfeb00000, WINDOW_SIZE = 512 };

/* A PC's host bridge is always function 0 of device 0 on bus 0. */
bool is_microvm(void)
{
    const struct pci_address host_bridge = { 0, 0, 0 };
    return pci_config_read16(host_bridge, 0) == 0xffff;
}

/* The windows' first line and how many there are of both. */
static unsigned first_line(unsigned *count)
{
    bool second_io_apic = io_apic_has_line(24);
    *count = !is_microvm() ? 0 : second_io_apic ? 24 : 8;
    return second_io_apic ? 24 : 5;
}

bool microvm_line(unsigned line)
{
    unsigned count;
    unsigned first = first_line(&count);
    return line >= first && line - first < count;
}

bool arch_mmio_window(unsigned i, struct mmio_window *out)
{
    unsigned count;
    unsigned first = first_line(&count);
    if (i >= count)
        return false;
    out->base = WINDOWS_BASE + (bus_addr_t)i * WINDOW_SIZE;
    out->size = WINDOW_SIZE;
    out->line = first + i;
    return true;
}
