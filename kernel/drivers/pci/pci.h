/* SPDX-License-Identifier: MIT */
/*
 * pci.h - finding devices on the PCI bus and what they say of themselves.
 * [PCI 3.0 §6] The bodies of the first four are lab 06's.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "core/irq.h"

enum {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION_ID = 0x08,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBORDINATE_BUS = 0x1a,     /* of a bridge: the last bus behind it */
    PCI_SUBSYSTEM_ID = 0x2e,
    PCI_CAPABILITIES = 0x34,
    PCI_HEADER_SIZE = 0x40,         /* capabilities lie behind it */
    PCI_CONFIG_SIZE = 0x100,

    PCI_NOBODY = 0xffff,            /* no such vendor: nobody answers */

    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_MASTER = 1 << 2,
    PCI_COMMAND_INTX_DISABLE = 1 << 10,
    PCI_STATUS_CAPABILITIES = 1 << 4,
    PCI_HEADER_MULTI_FUNCTION = 0x80,
    PCI_HEADER_BRIDGE = 1,

    PCI_CAP_MSIX = 0x11,
    PCI_CAP_VENDOR = 0x09,
};

/* Given: the number of the last bus that there is. 0 until the bus scan has
 * met a bridge; asking all 256 would take longer than booting does. */
extern uint8_t pci_last_bus;

/* Finds the next function after `at` on buses 0 to pci_last_bus, in the order
 * bus, device, function; the first of all when `at` is PCI_BEFORE_FIRST.
 * Functions 1 to 7 are looked at only when function 0 says that there may be
 * some. False at the end, with `at` as it was. */
bool pci_next(struct pci_address *at);
#define PCI_BEFORE_FIRST ((struct pci_address){ 0xff, 0xff, 0xff })

/* Offset of the next capability with id `id` behind the one at `after` (0:
 * from the start); 0 when there is none. A list that loops ends, also for who
 * goes through it by handing the result back as `after`. [PCI 3.0 §6.7] */
unsigned pci_capability(struct pci_address at, uint8_t id, unsigned after);

/* One base address register. [PCI 3.0 §6.2.5.1] */
struct pci_bar {
    bool io;                /* ports, else memory */
    bool wide;              /* memory of 64 bits: takes the next BAR as well */
    uint64_t base;
    uint64_t size;          /* in bytes; 0: not implemented */
};

/* Reads and sizes BAR `index`; the register is as it was. All zero when there
 * is no such BAR: an index beyond 5, or BAR 5 when it says that it is of 64
 * bits, as no register is left for its other half. */
struct pci_bar pci_bar(struct pci_address at, unsigned index);

/* Lets the function answer on its BARs and master the bus. */
void pci_enable(struct pci_address at);

/* Given: all BARs of a function, which from here on answers at none of them
 * until pci_enable(). To begin or to cease to answer is cheap for a device and
 * costs an emulator a new map of all memory, a millisecond perhaps: so it
 * happens once, and not twice for each BAR. The one that a wide BAR takes as
 * well is all zero. */
enum { PCI_BARS = 6 };
void pci_bars(struct pci_address at, struct pci_bar bars[PCI_BARS]);

/* Given: switches the function's MSI-X on, with all its vectors masked; `bars`
 * as pci_bars() gave them. Returns 0 with their number in out->count, -ENODEV
 * when it has no MSI-X, -EIO when its table is not where it can be.
 * [PCI 3.0 §6.8.2] */
struct pci_msix { struct pci_address at; uintptr_t table; unsigned count; };
int pci_msix_enable(struct pci_address at, const struct pci_bar bars[PCI_BARS],
                    struct pci_msix *out);

/* Given: points entry `entry` at `source`, which irq_request() has filled in,
 * and unmasks it. */
int pci_msix_set(struct pci_msix *msix, unsigned entry,
                 const struct irq_source *source);

/* A driver for PCI functions: probe() is called with every function found,
 * and takes it (0) or not (-ENODEV). */
struct pci_driver {
    const char *name;
    int (*probe)(struct pci_address at, uint16_t vendor, uint16_t device);
};

#define PCI_DRIVER(driver)                                               \
    static const struct pci_driver *const pci_driver_##driver            \
        __attribute__((used, section("pci_drivers"))) = &driver

#endif
