/* SPDX-License-Identifier: MIT */
/*
 * microvm.c - the virtio-mmio windows of QEMU's microvm, which has no PCI.
 *
 * 24 of them, 512 bytes each, from 0xfeb00000 on, with the lines of the
 * second I/O APIC. Most are empty, and say so themselves. On a machine with a
 * PCI bus the same addresses may be anything, so there are no windows then.
 */
#include "x86.h"

enum {
    WINDOWS = 24,
    WINDOWS_BASE = 0xfeb00000,
    WINDOW_SIZE = 512,
    FIRST_LINE = 24,
};

/* A PC's host bridge is always function 0 of device 0 on bus 0. */
static bool has_pci(void)
{
    const struct pci_address host_bridge = { 0, 0, 0 };
    return pci_config_read16(host_bridge, 0) != 0xffff;
}

bool arch_mmio_window(unsigned i, struct mmio_window *out)
{
    if (i >= WINDOWS || has_pci())
        return false;
    out->base = WINDOWS_BASE + (bus_addr_t)i * WINDOW_SIZE;
    out->size = WINDOW_SIZE;
    out->line = FIRST_LINE + i;
    return true;
}
