/* SPDX-License-Identifier: MIT */
/*
 * structures.c - reads the vendor capabilities of a virtio PCI device.
 *
 * Nothing that the device says here is believed: every structure must lie
 * inside a memory BAR that has an address, and have room for its registers.
 * What the registers mean is modern.c's.
 */
#include "drivers/virtio/pci/structures.h"

#include <stddef.h>

#include "lib/errno.h"

enum {
    CAP_LEN = 2,
    CAP_CFG_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_LENGTH = 12,
    CAP_NOTIFY_OFF_MULTIPLIER = 16,
    CAP_SIZE = 16,
    CAP_NOTIFY_SIZE = 20,

    COMMON_SIZE_MIN = 56, /* without what later versions added */
    NOTIFY_SIZE_MIN = 2,
    DEVICE_SIZE_MIN = 1,

    /* What is behind that nobody looks at; but to map it costs page tables, of
     * which there are few for all devices together. */
    MAPPED_MAX = 1 << 20,
};

/* Why the structure of the capability at `cap` can't be used; NULL with the
 * structure in *out when it can. */
static const char *map(struct pci_address at, unsigned cap,
                       const struct pci_bar *bars, uint32_t min,
                       struct virtio_pci_structure *out)
{
    uint32_t offset = pci_config_read32(at, cap + CAP_OFFSET);
    uint32_t length = pci_config_read32(at, cap + CAP_LENGTH);
    struct pci_bar bar = bars[pci_config_read8(at, cap + CAP_BAR)];

    if (bar.io || bar.size == 0)
        return "a structure lies in a BAR that is no memory";
    if (bar.base == 0)
        return "a BAR has no address";
    if (offset > bar.size || length > bar.size - offset)
        return "a structure reaches beyond its BAR";
    if (length < min || offset % 4 != 0)
        return "a structure is too short, or its offset is odd";

    if (length > MAPPED_MAX)
        length = MAPPED_MAX;
    out->registers = arch_map_device(bar.base + offset, length);
    if (out->registers == 0)
        return "a BAR can't be mapped";
    out->length = length;
    return NULL;
}

/* The first capability for a structure counts, and one in a reserved BAR does
 * not count at all. [virtio 1.2 §4.1.4.1] */
static const char *take(struct pci_address at, unsigned cap,
                        const struct pci_bar *bars,
                        struct virtio_pci_structures *out)
{
    uint8_t cap_len = pci_config_read8(at, cap + CAP_LEN);
    if (cap_len < CAP_SIZE || cap > PCI_CONFIG_SIZE - CAP_SIZE ||
        pci_config_read8(at, cap + CAP_BAR) >= PCI_BARS)
        return NULL;

    switch (pci_config_read8(at, cap + CAP_CFG_TYPE)) {
    case VIRTIO_PCI_CAP_COMMON_CFG:
        if (out->common.length != 0)
            return NULL;
        return map(at, cap, bars, COMMON_SIZE_MIN, &out->common);
    case VIRTIO_PCI_CAP_NOTIFY_CFG:
        if (out->notify.length != 0)
            return NULL;
        if (cap_len < CAP_NOTIFY_SIZE ||
            cap > PCI_CONFIG_SIZE - CAP_NOTIFY_SIZE)
            return "the notify capability is too short";
        out->notify_off_multiplier =
            pci_config_read32(at, cap + CAP_NOTIFY_OFF_MULTIPLIER);
        return map(at, cap, bars, NOTIFY_SIZE_MIN, &out->notify);
    case VIRTIO_PCI_CAP_DEVICE_CFG:
        if (out->device.length != 0)
            return NULL;
        return map(at, cap, bars, DEVICE_SIZE_MIN, &out->device);
    default:
        return NULL; /* the ISR byte is for those without MSI-X */
    }
}

int virtio_pci_find(struct pci_address at, const struct pci_bar bars[PCI_BARS],
                    struct virtio_pci_structures *out, const char **why)
{
    unsigned cap = 0;

    *out = (struct virtio_pci_structures){ 0 };
    while ((cap = pci_capability(at, PCI_CAP_VENDOR, cap)) != 0) {
        *why = take(at, cap, bars, out);
        if (*why != NULL)
            return -EIO;
    }
    if (out->common.length == 0 && out->notify.length == 0) {
        *why = "it has none of the structures of a modern device";
        return -ENOTSUP;
    }
    *why = "the common or the notify structure is missing";
    return out->common.length != 0 && out->notify.length != 0 ? 0 : -EIO;
}
