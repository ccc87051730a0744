/* SPDX-License-Identifier: MIT */
/*
 * pci_config.c - PCI configuration space by two ports: an address is written
 * to one, and the other is then a window onto it. [PCI 3.0 §3.2.2.3.2]
 *
 *      31 30     24 23      16 15    11 10      8 7       2 1 0
 *     | 1| reserved|   bus    | device | function| register|0 0|
 *
 * A machine without PCI leaves the ports empty, and every read gives all
 * ones, as it does for a function that isn't there.
 */
#include "x86.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };

/* Points the window at the register; returns the port of its byte. */
static uint16_t window(struct pci_address at, unsigned offset)
{
    port_write32(CONFIG_ADDRESS,
                 1u << 31 | (uint32_t)at.bus << 16 |
                     (at.device & 31u) << 11 | (at.function & 7u) << 8 |
                     (offset & 0xfc));
    return (uint16_t)(CONFIG_DATA + (offset & 3));
}

uint8_t pci_config_read8(struct pci_address at, unsigned offset)
{
    return port_read8(window(at, offset));
}

uint16_t pci_config_read16(struct pci_address at, unsigned offset)
{
    return port_read16(window(at, offset));
}

uint32_t pci_config_read32(struct pci_address at, unsigned offset)
{
    return port_read32(window(at, offset));
}

void pci_config_write16(struct pci_address at, unsigned offset, uint16_t v)
{
    port_write16(window(at, offset), v);
}

void pci_config_write32(struct pci_address at, unsigned offset, uint32_t v)
{
    port_write32(window(at, offset), v);
}
