/* SPDX-License-Identifier: MIT */
/*
 * no_pc.c - what a PC has and other ports have not: PCI configuration space,
 * where nobody is, the two 8259s, and pixels that firmware has set up.
 */
#include "arch/arch.h"

#include "lib/errno.h"

uint8_t pci_config_read8(struct pci_address at, unsigned offset)
{
    (void)at, (void)offset;
    return UINT8_MAX;
}

uint16_t pci_config_read16(struct pci_address at, unsigned offset)
{
    (void)at, (void)offset;
    return UINT16_MAX;
}

uint32_t pci_config_read32(struct pci_address at, unsigned offset)
{
    (void)at, (void)offset;
    return UINT32_MAX;
}

void pci_config_write16(struct pci_address at, unsigned offset, uint16_t v)
{
    (void)at, (void)offset, (void)v;
}

void pci_config_write32(struct pci_address at, unsigned offset, uint32_t v)
{
    (void)at, (void)offset, (void)v;
}

int arch_irq_route_legacy(unsigned line)
{
    (void)line;
    return -ENODEV;
}

bool arch_framebuffer(struct framebuffer *out)
{
    (void)out;
    return false;
}
