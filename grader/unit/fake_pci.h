/* SPDX-License-Identifier: MIT */
/*
 * fake_pci.h - a PCI bus in this process: configuration space behind arch.h's
 * accessors, with registers that behave as hardware's do, or as hardware's
 * should not.
 *
 * An access that is not aligned or not inside the 256 bytes ends the test, and
 * so does one read too many: who walks a list for ever is found out.
 */
#ifndef FAKE_PCI_H
#define FAKE_PCI_H

#include "drivers/pci/pci.h"
#include "unit.h"

struct fake_function {
    struct pci_address at;
    uint8_t config[PCI_CONFIG_SIZE];    /* as it is read */
    uint64_t bar_size[6];       /* a power of two; 0: not implemented. Of a
                                   64-bit BAR that of its low half counts */
    bool answers_for_all;       /* as function 1 to 7 of its device too */
    bool short_ports;           /* the upper half of a BAR of ports is 0 */
    unsigned began;             /* how often it began to answer on its BARs */
};

/* An empty bus; how many reads there may be until the test fails. */
void fake_pci_begin(unsigned reads);
unsigned fake_pci_reads(void);

/* Plugs in a function with these ids and nothing else; it stays. */
struct fake_function *fake_function(uint8_t bus, uint8_t device,
                                    uint8_t function, uint16_t vendor,
                                    uint16_t id);

void fake_set16(struct fake_function *f, unsigned offset, uint16_t value);
void fake_set32(struct fake_function *f, unsigned offset, uint32_t value);

/* Implements BAR `index`. `low_bits` are those that say what kind it is: 0
 * memory, 4 memory of 64 bits (and the next register), 8 prefetchable, 1
 * ports. */
void fake_bar(struct fake_function *f, unsigned index, uint32_t low_bits,
              uint64_t base, uint64_t size);

/* A capability of `len` bytes at `offset`, the next being at `next`; the list
 * begins with the first that is made. Returns where its bytes lie. */
uint8_t *fake_capability(struct fake_function *f, unsigned offset, uint8_t id,
                         uint8_t next, unsigned len);

#endif
