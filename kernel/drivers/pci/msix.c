/* SPDX-License-Identifier: MIT */
/*
 * msix.c - interrupts as messages: the device writes a word to an address of
 * our choice, for each of its reasons another. [PCI 3.0 §6.8.2]
 *
 *     capability, in configuration space        table, in a BAR, of entries:
 *      0         1      2                        0             8      12
 *      +---------+------+---------+              +-------------+------+------+
 *      | id      | next | control | 0            | address     | data | mask |
 *      +---------+------+---------+              +-------------+------+------+
 *      | offset of the table, BAR | 4
 *      +--------------------------+
 *
 * Which message raises which vector is core/irq.h's.
 */
#include "drivers/pci/pci.h"
#include "lib/errno.h"

enum {
    MSIX_CONTROL = 2,
    MSIX_CONTROL_SIZE = 0x7ff, /* number of vectors, less one */
    MSIX_CONTROL_MASK_ALL = 1 << 14,
    MSIX_CONTROL_ENABLE = 1 << 15,
    MSIX_TABLE = 4,
    MSIX_TABLE_BAR = 7,

    ENTRY_SIZE = 16,
    ENTRY_ADDRESS = 0,
    ENTRY_ADDRESS_HIGH = 4,
    ENTRY_DATA = 8,
    ENTRY_CONTROL = 12,
    ENTRY_CONTROL_MASKED = 1,
};

int pci_msix_enable(struct pci_address at, const struct pci_bar bars[PCI_BARS],
                    struct pci_msix *out)
{
    unsigned cap = pci_capability(at, PCI_CAP_MSIX, 0);
    if (cap == 0 || cap > PCI_CONFIG_SIZE - 12)
        return -ENODEV;

    uint16_t control = pci_config_read16(at, cap + MSIX_CONTROL);
    uint32_t table = pci_config_read32(at, cap + MSIX_TABLE);
    uint32_t offset = table & ~(uint32_t)MSIX_TABLE_BAR;
    unsigned count = (control & MSIX_CONTROL_SIZE) + 1u;

    if ((table & MSIX_TABLE_BAR) >= PCI_BARS)
        return -EIO;
    struct pci_bar bar = bars[table & MSIX_TABLE_BAR];
    if (bar.io || bar.base == 0 || offset > bar.size ||
        count * ENTRY_SIZE > bar.size - offset)
        return -EIO;
    uintptr_t mapped = arch_map_device(bar.base + offset, count * ENTRY_SIZE);
    if (mapped == 0)
        return -EIO;

    for (unsigned i = 0; i < count; i++)
        mmio_write32(mapped + i * ENTRY_SIZE + ENTRY_CONTROL,
                     ENTRY_CONTROL_MASKED);
    control = (uint16_t)(control & ~MSIX_CONTROL_MASK_ALL);
    pci_config_write16(at, cap + MSIX_CONTROL, control | MSIX_CONTROL_ENABLE);

    uint16_t command = pci_config_read16(at, PCI_COMMAND);
    pci_config_write16(at, PCI_COMMAND, command | PCI_COMMAND_INTX_DISABLE);
    *out = (struct pci_msix){ .at = at, .table = mapped, .count = count };
    return 0;
}

int pci_msix_set(struct pci_msix *msix, unsigned entry,
                 const struct irq_source *source)
{
    if (entry >= msix->count)
        return -EINVAL;

    uintptr_t slot = msix->table + entry * ENTRY_SIZE;
    mmio_write32(slot + ENTRY_ADDRESS, (uint32_t)source->address);
    mmio_write32(slot + ENTRY_ADDRESS_HIGH, (uint32_t)(source->address >> 32));
    mmio_write32(slot + ENTRY_DATA, source->data);
    mmio_write32(slot + ENTRY_CONTROL, 0);
    return 0;
}
