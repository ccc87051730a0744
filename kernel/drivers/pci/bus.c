/* SPDX-License-Identifier: MIT */
/*
 * bus.c - shows every PCI function to every PCI driver, once, at start-up.
 *
 * How the functions are found is lab 06's (pci_next); what they are good for
 * is the drivers' (PCI_DRIVER).
 */
#include "core/start.h"
#include "drivers/pci/pci.h"

/* Where the linker puts what PCI_DRIVER() says. Weak: there may be none. */
extern const struct pci_driver *const __start_pci_drivers[]
    __attribute__((weak));
extern const struct pci_driver *const __stop_pci_drivers[]
    __attribute__((weak));

uint8_t pci_last_bus;

/* A bridge leads to the buses that the firmware has numbered behind it. Their
 * functions come later than the bridge, so the scan meets them in turn. */
static void look_behind(struct pci_address at)
{
    uint8_t type = pci_config_read8(at, PCI_HEADER_TYPE);
    if ((type & ~PCI_HEADER_MULTI_FUNCTION) != PCI_HEADER_BRIDGE)
        return;

    uint8_t last = pci_config_read8(at, PCI_SUBORDINATE_BUS);
    if (last > pci_last_bus)
        pci_last_bus = last;
}

void pci_bars(struct pci_address at, struct pci_bar bars[PCI_BARS])
{
    uint16_t command = pci_config_read16(at, PCI_COMMAND);

    pci_config_write16(at, PCI_COMMAND,
                       command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (i > 0 && bars[i - 1].wide)
            bars[i] = (struct pci_bar){ 0 };
        else
            bars[i] = pci_bar(at, i);
    }
}

static void pci_scan(void)
{
    struct pci_address at = PCI_BEFORE_FIRST;

    while (pci_next(&at)) {
        look_behind(at);
        uint16_t vendor = pci_config_read16(at, PCI_VENDOR_ID);
        uint16_t device = pci_config_read16(at, PCI_DEVICE_ID);
        const struct pci_driver *const *driver = __start_pci_drivers;

        while (driver < __stop_pci_drivers &&
               (*driver)->probe(at, vendor, device) != 0)
            driver++;
    }
}
INITCALL(INIT_BUSES, pci_scan);
