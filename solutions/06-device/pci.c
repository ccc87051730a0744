/* SPDX-License-Identifier: MIT */
/*
 * pci.c - which devices stand on the PCI bus, and what they say of themselves.
 *
 * Everything here is read from configuration space, through arch.h's
 * accessors. The bus scan and MSI-X (drivers/pci) and the drivers stand on it.
 * Giving addresses to devices is left to the firmware, which has done it.
 */
#include "drivers/pci/pci.h"

#include "core/panic.h"

bool pci_next(struct pci_address *at)
{
    /* TODO 6.1 pci_next: step `at` on (function, then device, then bus) until
     * somebody answers, or the last bus, pci_last_bus, is behind you. A
     * function that is not there reads as all ones. A device that has only
     * function 0 may answer for the others all the same: what says whether
     * there are any? Mind where PCI_BEFORE_FIRST leads. [PCI 3.0 §6.1,
     * §6.2.1] */
    unsigned n = 0; /* bus, device and function as one number */
    if (at->device != PCI_BEFORE_FIRST.device)
        n = (at->bus << 8 | at->device << 3 | at->function) + 1u;

    for (; n <= (pci_last_bus << 8 | 0xffu); n++) {
        struct pci_address f = { n >> 8 & 0xff, n >> 3 & 31, n & 7 };
        struct pci_address first = { f.bus, f.device, 0 };

        if (pci_config_read16(f, PCI_VENDOR_ID) == PCI_NOBODY) {
            if (f.function == 0)
                n |= 7; /* no device */
            continue;
        }
        if (f.function != 0 && (pci_config_read8(first, PCI_HEADER_TYPE) &
                                PCI_HEADER_MULTI_FUNCTION) == 0)
            continue;
        *at = f;
        return true;
    }
    return false;
    /* END 6.1 */
}

unsigned pci_capability(struct pci_address at, uint8_t id, unsigned after)
{
    /* TODO 6.2 pci_capability: the status register says whether there is a
     * list, the byte at PCI_CAPABILITIES where it begins, and the second byte
     * of each capability where the next is; 0 ends it. The low two bits of
     * these bytes mean nothing yet. A device may link its list into a ring:
     * no capability is met twice, also not by a caller who goes from one
     * match to the next with `after`. [PCI 3.0 §6.7] */
    uint64_t met = 0; /* a bit for each place where one can be */
    bool behind = after == 0;

    if ((pci_config_read16(at, PCI_STATUS) & PCI_STATUS_CAPABILITIES) == 0)
        return 0;

    unsigned here = pci_config_read8(at, PCI_CAPABILITIES) & ~3u;
    while (here >= PCI_HEADER_SIZE && (met >> (here / 4) & 1) == 0) {
        if (behind && pci_config_read8(at, here) == id)
            return here;
        behind = behind || here == after;
        met |= 1ull << (here / 4);
        here = pci_config_read8(at, here + 1) & ~3u;
    }
    return 0;
    /* END 6.2 */
}

struct pci_bar pci_bar(struct pci_address at, unsigned index)
{
    /* TODO 6.3 pci_bar: the low bits say what kind it is (ports or memory, 32
     * bits or 64); the rest is the base. For the size, write all ones and see
     * which bits stay 0: the lowest that stays 1 is the size. A 64-bit BAR is
     * both registers, written and read together. An index beyond 5 is no BAR,
     * nor is BAR 5 when it says 64 bits: all zero.
     * While you do so the device must not answer at the address that stands
     * there (PCI_COMMAND), and afterwards everything is as it was.
     * [PCI 3.0 §6.2.5.1] */
    unsigned low = PCI_BAR0 + 4 * index, high = low + 4;
    uint32_t value = pci_config_read32(at, low);
    uint32_t value_high = 0;
    struct pci_bar bar = { .io = (value & 1) != 0 };

    bar.wide = !bar.io && (value >> 1 & 3) == 2;
    if (index > 5 || (bar.wide && index == 5))
        return (struct pci_bar){ 0 };

    uint16_t command = pci_config_read16(at, PCI_COMMAND);
    pci_config_write16(at, PCI_COMMAND,
                       command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    pci_config_write32(at, low, UINT32_MAX);
    uint64_t ones = pci_config_read32(at, low) & (bar.io ? ~3u : ~15u);
    pci_config_write32(at, low, value);
    if (bar.wide) {
        value_high = pci_config_read32(at, high);
        pci_config_write32(at, high, UINT32_MAX);
        ones |= (uint64_t)pci_config_read32(at, high) << 32;
        pci_config_write32(at, high, value_high);
    }
    pci_config_write16(at, PCI_COMMAND, command);

    bar.base = (uint64_t)value_high << 32 | (value & (bar.io ? ~3u : ~15u));
    bar.size = ones & (~ones + 1);
    return bar;
    /* END 6.3 */
}

void pci_enable(struct pci_address at)
{
    /* TODO 6.4 pci_enable: one bit for each of: it answers on its ports, on
     * its memory, and may read and write ours. [PCI 3.0 §6.2.2] */
    uint16_t command = pci_config_read16(at, PCI_COMMAND);

    pci_config_write16(at, PCI_COMMAND,
                       command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
                           PCI_COMMAND_MASTER);
    /* END 6.4 */
}
