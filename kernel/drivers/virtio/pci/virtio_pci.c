/* SPDX-License-Identifier: MIT */
/*
 * virtio_pci.c - finds virtio devices on the PCI bus. [virtio 1.2 §4.1.2]
 *
 * There are three kinds: modern ones; legacy ones, from before virtio 1.0; and
 * transitional ones, which can be used either way and are taken by their modern
 * interface. The two transports are modern.c and legacy.c; what a device is
 * good for is its driver's.
 *
 * The ids tell a modern device from one of the other two; the capabilities,
 * whether it has the modern interface.
 */
#include "drivers/virtio/pci/virtio_pci.h"
#include "console/format.h"
#include "console/log.h"
#include "lib/errno.h"
#include "mem/heap.h"

enum {
    VENDOR = 0x1af4,
    DEVICE_TRANSITIONAL = 0x1000, /* to 0x103f; the id is the subsystem's */
    DEVICE_MODERN = 0x1040,       /* and the id; to 0x107f */
    DEVICE_LAST = 0x107f,
};

/* Everything that must be so before the driver sees the device. MSI-X is
 * enabled once and for all: the registers of a legacy device move with it. */
static int set_up(struct virtio_pci *pci, struct pci_address at,
                  bool only_modern)
{
    const char *why = "it has no MSI-X that works";
    struct pci_bar bars[PCI_BARS];

    pci_bars(at, bars);
    pci_enable(at);
    int error = pci_msix_enable(at, bars, &pci->msix);
    if (error == 0)
        error = virtio_pci_modern(pci, at, bars, &why);
    if (error == -ENOTSUP && !only_modern)
        error = virtio_pci_legacy(pci, at, bars, &why);
    if (error != 0)
        log_line("%s: not used: %s", pci->device.where, why);
    return error;
}

static int virtio_pci_probe(struct pci_address at, uint16_t vendor,
                            uint16_t device)
{
    if (vendor != VENDOR || device < DEVICE_TRANSITIONAL ||
        device > DEVICE_LAST)
        return -ENODEV;

    struct virtio_pci *pci = heap_alloc_array(1, sizeof(*pci));
    if (pci == NULL) {
        log_line("virtio: no memory for a PCI device");
        return -ENOMEM;
    }
    pci->device.id = device >= DEVICE_MODERN
                         ? device - DEVICE_MODERN
                         : pci_config_read16(at, PCI_SUBSYSTEM_ID);
    format(pci->device.where, sizeof(pci->device.where), "pci %02x:%02x.%x",
           at.bus, at.device, at.function);

    if (set_up(pci, at, device >= DEVICE_MODERN) != 0)
        heap_free(pci);
    else
        virtio_attach(&pci->device);
    return 0; /* ours, even if it is of no use */
}

static const struct pci_driver virtio_pci_driver = {
    .name = "virtio",
    .probe = virtio_pci_probe,
};
PCI_DRIVER(virtio_pci_driver);
