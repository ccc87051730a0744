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
    lab_todo("6.1 pci_next");
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
    lab_todo("6.2 pci_capability");
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
    lab_todo("6.3 pci_bar");
    /* END 6.3 */
}

void pci_enable(struct pci_address at)
{
    /* TODO 6.4 pci_enable: one bit for each of: it answers on its ports, on
     * its memory, and may read and write ours. [PCI 3.0 §6.2.2] */
    lab_todo("6.4 pci_enable");
    /* END 6.4 */
}
