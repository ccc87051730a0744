/* SPDX-License-Identifier: MIT */
/*
 * virtio_pci.h - what the two interfaces of virtio devices on PCI share.
 *
 *     virtio_pci.c    a device is found, and taken by one of the two:
 *       modern.c      registers in memory, where capabilities say
 *         structures.c  (finds them)
 *       legacy.c      registers in the ports of BAR 0
 *     vectors.c       an MSI-X vector for each queue, the same for both
 */
#ifndef VIRTIO_PCI_VIRTIO_PCI_H
#define VIRTIO_PCI_VIRTIO_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"
#include "drivers/virtio/core/virtio.h"
#include "drivers/virtio/pci/structures.h"
#include "lib/list.h"

/* legacy.c's: the ports of BAR 0, and what a legacy device has no register
 * for. */
struct virtio_pci_legacy {
    uint16_t port;          /* the first of them */
    uint32_t length;        /* how many */
    bool features_ok;       /* VIRTIO_STATUS_FEATURES_OK */
    uint32_t generation;    /* of the configuration */
};

struct virtio_pci {
    struct virtio_device device;
    union {
        struct virtio_pci_structures modern;
        struct virtio_pci_legacy legacy;
    };

    /* vectors.c's, but for: writes the number of a vector into the 16 bits at
     * `reg` of the device's registers, and returns what stands there then. */
    uint16_t (*set_vector)(struct virtio_pci *pci, unsigned reg,
                           uint16_t vector);
    struct pci_msix msix;
    unsigned vectors_used;
};

static inline struct virtio_pci *virtio_pci_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_pci, device);
}

/* Each makes `pci` a device that is used through that interface. Returns 0,
 * or -ENOTSUP when the function at `at` does not have it, or -EIO when it has,
 * but can't be used through it; *why says more of both. */
int virtio_pci_modern(struct virtio_pci *pci, struct pci_address at,
                      const struct pci_bar bars[PCI_BARS], const char **why);
int virtio_pci_legacy(struct virtio_pci *pci, struct pci_address at,
                      const struct pci_bar bars[PCI_BARS], const char **why);

/* Lets the next MSI-X vector of the device post `work`, and tells the device
 * by its register `reg` (pci->set_vector). Returns 0, or -ENOSPC after it has
 * said that there is none, or that the device did not take it.
 * [virtio 1.2 §4.1.5.1.2] */
int virtio_pci_vector(struct virtio_pci *pci, unsigned reg,
                      struct event_work *work);

#endif
