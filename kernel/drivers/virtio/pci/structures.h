/* SPDX-License-Identifier: MIT */
/*
 * structures.h - where a virtio PCI device keeps its registers.
 * [virtio 1.2 §4.1.4]
 *
 * A vendor capability for each structure says in which BAR and at which
 * offset it lies:
 *
 *      0         1         2         3          4     5    6        8
 *      +---------+---------+---------+----------+-----+----+--------+
 *      | 9       | next    | cap_len | cfg_type | bar | id | (pad)  |
 *      +---------+---------+---------+----------+-----+----+--------+
 *      | offset                      | length                       | 16
 *      +-----------------------------+------------------------------+
 *      | notify_off_multiplier       |       (notify structure only)  20
 *      +-----------------------------+
 */
#ifndef VIRTIO_PCI_STRUCTURES_H
#define VIRTIO_PCI_STRUCTURES_H

#include <stdint.h>

#include "drivers/pci/pci.h"

enum virtio_pci_cfg_type {
    VIRTIO_PCI_CAP_COMMON_CFG = 1,
    VIRTIO_PCI_CAP_NOTIFY_CFG = 2,
    VIRTIO_PCI_CAP_ISR_CFG = 3,
    VIRTIO_PCI_CAP_DEVICE_CFG = 4,
};

/* A structure, mapped. Everything from registers to registers + length is
 * inside its BAR. */
struct virtio_pci_structure {
    uintptr_t registers; /* for mmio_*() */
    uint32_t length;     /* in bytes; 0: the device has no such structure */
};

struct virtio_pci_structures {
    struct virtio_pci_structure common, notify, device;
    uint32_t notify_off_multiplier;
};

/* Finds and maps the structures of the device at `at`. Returns 0, -ENOTSUP
 * when it has none of them (a legacy device), or -EIO when one is missing or
 * lies where it can't; of both *why says more. */
int virtio_pci_find(struct pci_address at, const struct pci_bar bars[PCI_BARS],
                    struct virtio_pci_structures *out, const char **why);

#endif
