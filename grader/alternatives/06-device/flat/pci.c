/* SPDX-License-Identifier: MIT */
/*
 * pci.c - another right answer to lab 06: an address that is counted up like a
 * number on a clock face, a walk along capabilities that counts its steps
 * against the place where it began, and one table for the kinds of BARs.
 */
#include "drivers/pci/pci.h"

/* The next address to ask; false behind the last. */
static bool step(struct pci_address *at, bool whole_device)
{
    if (at->device > 31) { /* PCI_BEFORE_FIRST */
        *at = (struct pci_address){ 0, 0, 0 };
        return true;
    }
    if (!whole_device && at->function < 7) {
        at->function++;
        return true;
    }
    at->function = 0;
    if (at->device < 31) {
        at->device++;
        return true;
    }
    at->device = 0;
    if (at->bus == pci_last_bus)
        return false;
    at->bus++;
    return true;
}

/* Whether functions behind 0 may be looked for. */
static bool alone(struct pci_address at)
{
    at.function = 0;
    return pci_config_read16(at, PCI_VENDOR_ID) == PCI_NOBODY ||
           pci_config_read8(at, PCI_HEADER_TYPE) < 0x80;
}

bool pci_next(struct pci_address *at)
{
    struct pci_address next = *at;
    bool skip = next.device < 32 && alone(next);

    while (step(&next, skip)) {
        if (pci_config_read16(next, PCI_VENDOR_ID) != PCI_NOBODY) {
            *at = next;
            return true;
        }
        skip = alone(next);
    }
    return false;
}

/* The `n`th capability, 0 when there are not so many, whatever its id. */
static unsigned nth(struct pci_address at, unsigned n)
{
    unsigned here = pci_config_read8(at, PCI_CAPABILITIES) / 4 * 4;

    while (n-- > 0 && here >= PCI_HEADER_SIZE)
        here = pci_config_read8(at, here + 1) / 4 * 4;
    return here >= PCI_HEADER_SIZE ? here : 0;
}

/* Its number in the list, counted from 0; the first of it, if it is a ring. */
static unsigned number_of(struct pci_address at, unsigned place)
{
    unsigned n = 0;

    while (n < 48 && nth(at, n) != place && nth(at, n) != 0)
        n++;
    return n;
}

unsigned pci_capability(struct pci_address at, uint8_t id, unsigned after)
{
    unsigned n = 0, here;

    if ((pci_config_read16(at, PCI_STATUS) >> 4 & 1) == 0)
        return 0;
    if (after != 0)
        n = number_of(at, after) + 1;
    for (; n < 48 && (here = nth(at, n)) != 0; n++) {
        if (number_of(at, here) < n)
            return 0; /* been here: a ring */
        if (pci_config_read8(at, here) == id)
            return here;
    }
    return 0;
}

/* By the low three bits: ports in every second. */
static const struct kind {
    uint8_t flags, registers;
    bool io;
} kinds[8] = {
    [0] = { 15, 1, false }, [1] = { 3, 1, true },  [2] = { 15, 1, false },
    [3] = { 3, 1, true },   [4] = { 15, 2, false }, [5] = { 3, 1, true },
    [6] = { 15, 1, false }, [7] = { 3, 1, true },
};

struct pci_bar pci_bar(struct pci_address at, unsigned index)
{
    struct pci_bar none = { 0 }, bar = none;
    uint32_t was[2] = { 0 }, ones[2] = { 0 };

    if (index > 5)
        return none;
    was[0] = pci_config_read32(at, PCI_BAR0 + 4 * index);
    const struct kind *kind = &kinds[was[0] % 8];
    if (index + kind->registers > 6)
        return none;

    uint16_t command = pci_config_read16(at, PCI_COMMAND);
    pci_config_write16(at, PCI_COMMAND, (uint16_t)(command >> 2 << 2));
    for (unsigned i = 0; i < kind->registers; i++) {
        unsigned reg = PCI_BAR0 + 4 * (index + i);
        was[i] = pci_config_read32(at, reg);
        pci_config_write32(at, reg, 0xffffffff);
        ones[i] = pci_config_read32(at, reg);
        pci_config_write32(at, reg, was[i]);
    }
    pci_config_write16(at, PCI_COMMAND, command);

    bar.io = kind->io;
    bar.wide = kind->registers == 2;
    bar.base = (uint64_t)was[1] << 32 | (was[0] & ~(uint32_t)kind->flags);
    uint64_t mask = (uint64_t)ones[1] << 32 |
                    (ones[0] & ~(uint32_t)kind->flags);
    bar.size = mask ? 1 : 0;
    while (bar.size && !(mask & bar.size))
        bar.size <<= 1;
    return bar;
}

void pci_enable(struct pci_address at)
{
    uint16_t command = pci_config_read16(at, PCI_COMMAND);

    command |= PCI_COMMAND_MASTER;
    command |= PCI_COMMAND_MEMORY;
    command |= PCI_COMMAND_IO;
    pci_config_write16(at, PCI_COMMAND, command);
}
