/* SPDX-License-Identifier: MIT */
/*
 * pci_config.c - PCI configuration space: devices here are on virtio-mmio, and
 * no bus is looked for. Whatever is asked is not there.
 */
#include "aarch64.h"

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
