/* SPDX-License-Identifier: MIT */
/*
 * devices - lab 06's application: says what stands on the PCI bus, and what
 * was agreed on with the virtio devices among it.
 *
 *     pci 00:02.0: 1af4:1000, class 020000
 *       bar 1: memory at 0xfebd1000, 4096 bytes
 *       bar 4: memory at 0xfe000000, 16384 bytes, 64 bits
 *       capability 0x11 at 0x98
 *     virtio pci 00:02.0: kind 1, virtio_net, status 0x0f, features 0x...
 *
 * All of it can be held against what the machine says of itself: `info pci`
 * and `info virtio-status` in QEMU's monitor. The challenge may say stay=1;
 * then the machine is left on, so that there is time to ask it.
 */
#include "console/format.h"
#include "core/challenge.h"
#include "core/start.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/core/virtio.h"
#include "event/event.h"

enum {
    CAPABILITY_LAST = 0x15, /* the last id that is given out so far */
    CLASS = 0x08,           /* revision, then three bytes of class */
    BARS = 6,
    BRIDGE_BARS = 2,        /* behind them a bridge has other registers */
};

static void show_bars(struct pci_address at)
{
    uint8_t type = pci_config_read8(at, PCI_HEADER_TYPE);
    bool bridge = (type & ~PCI_HEADER_MULTI_FUNCTION) == PCI_HEADER_BRIDGE;
    unsigned count = bridge ? BRIDGE_BARS : BARS;

    for (unsigned i = 0; i < count; i++) {
        struct pci_bar bar = pci_bar(at, i);
        if (bar.size == 0)
            continue;
        print("  bar %u: %s at 0x%llx, %llu bytes%s\n", i,
              bar.io ? "ports" : "memory", (unsigned long long)bar.base,
              (unsigned long long)bar.size, bar.wide ? ", 64 bits" : "");
        if (bar.wide)
            i++; /* the next register is its high half */
    }
}

static void show_capabilities(struct pci_address at)
{
    for (unsigned id = 1; id <= CAPABILITY_LAST; id++) {
        unsigned cap = 0;
        while ((cap = pci_capability(at, (uint8_t)id, cap)) != 0)
            print("  capability 0x%02x at 0x%02x\n", id, cap);
    }
}

static void show_functions(void)
{
    struct pci_address at = PCI_BEFORE_FIRST;

    while (pci_next(&at)) {
        print("pci %02x:%02x.%x: %04x:%04x, class %06x\n", at.bus, at.device,
              at.function, pci_config_read16(at, PCI_VENDOR_ID),
              pci_config_read16(at, PCI_DEVICE_ID),
              pci_config_read32(at, CLASS) >> 8);
        show_bars(at);
        show_capabilities(at);
    }
}

static void show_virtio(void)
{
    for (struct virtio_device *dev = virtio_devices; dev; dev = dev->next) {
        const char *driver = dev->driver ? dev->driver->name : "no driver";

        print("virtio %s: kind %u, %s, status 0x%02x, features 0x%llx\n",
              dev->where, dev->id, driver, dev->transport->get_status(dev),
              (unsigned long long)dev->features);
    }
}

int main(void)
{
    show_functions();
    show_virtio();
    print("devices: that is all\n");

    if (challenge_number("stay", 0) != 0)
        event_run();
    return 0;
}
