/* SPDX-License-Identifier: MIT */
/*
 * virtio_pci.c - virtio devices on the PCI bus. [virtio 1.2 §4.1]
 *
 * A transport: turns the calls of struct virtio_transport into accesses of
 * the common configuration structure, and gives each queue an MSI-X vector of
 * its own. Where the structures lie is structures.c's; what a device is good
 * for is its driver's. Only the modern interface.
 */
#include "arch/arch.h"
#include "console/format.h"
#include "core/irq.h"
#include "console/log.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/core/virtio.h"
#include "drivers/virtio/pci/structures.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mem/heap.h"

enum {
    VENDOR = 0x1af4,
    DEVICE_TRANSITIONAL = 0x1000, /* to 0x103f; the id is the subsystem's */
    DEVICE_MODERN = 0x1040,       /* and the id; to 0x107f */
    DEVICE_LAST = 0x107f,
};

/* [virtio 1.2 §4.1.4.3] */
struct virtio_pci_common_cfg {
    le32 device_feature_select;
    le32 device_feature;
    le32 driver_feature_select;
    le32 driver_feature;
    le16 config_msix_vector;
    le16 num_queues;
    uint8_t device_status;
    uint8_t config_generation;

    le16 queue_select; /* those below are of the queue chosen here */
    le16 queue_size;
    le16 queue_msix_vector;
    le16 queue_enable;
    le16 queue_notify_off;
    le64 queue_desc;
    le64 queue_driver;
    le64 queue_device;
};
_Static_assert(sizeof(struct virtio_pci_common_cfg) == 56,
               "virtio 1.2 §4.1.4.3");


struct virtio_pci {
    struct virtio_device device;
    struct virtio_pci_structures at;
    struct pci_msix msix;
    unsigned vectors_used;
};

static struct virtio_pci *pci_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_pci, device);
}

/* The address of a register of the common structure, for mmio_*(). */
#define COMMON(dev, field)                                                     \
    (pci_of(dev)->at.common.registers +                                        \
     offsetof(struct virtio_pci_common_cfg, field))

static uint8_t pci_get_status(struct virtio_device *dev)
{
    return mmio_read8(COMMON(dev, device_status));
}

static void pci_set_status(struct virtio_device *dev, uint8_t status)
{
    mmio_write8(COMMON(dev, device_status), status);
}

static uint64_t pci_get_features(struct virtio_device *dev)
{
    mmio_write32(COMMON(dev, device_feature_select), 1);
    uint64_t high = mmio_read32(COMMON(dev, device_feature));
    mmio_write32(COMMON(dev, device_feature_select), 0);
    return high << 32 | mmio_read32(COMMON(dev, device_feature));
}

static void pci_set_features(struct virtio_device *dev, uint64_t features)
{
    mmio_write32(COMMON(dev, driver_feature_select), 1);
    mmio_write32(COMMON(dev, driver_feature), (uint32_t)(features >> 32));
    mmio_write32(COMMON(dev, driver_feature_select), 0);
    mmio_write32(COMMON(dev, driver_feature), (uint32_t)features);
}

/* What lies outside the structure reads as zero. */
static void pci_read_config(struct virtio_device *dev, unsigned offset,
                            void *out, unsigned len)
{
    const struct virtio_pci_structure *config = &pci_of(dev)->at.device;

    if (offset > config->length || len > config->length - offset)
        memset(out, 0, len);
    else
        virtio_read_registers(config->registers, offset, out, len);
}

static uint32_t pci_config_generation(struct virtio_device *dev)
{
    return mmio_read8(COMMON(dev, config_generation));
}

static uint16_t pci_queue_max(struct virtio_device *dev, unsigned index)
{
    if (index >= mmio_read16(COMMON(dev, num_queues)))
        return 0;
    mmio_write16(COMMON(dev, queue_select), (uint16_t)index);
    return mmio_read16(COMMON(dev, queue_size));
}

static void pci_interrupt(void *ctx)
{
    event_post(ctx);
}

/* Lets the next entry of the MSI-X table post `work`. Returns its number. */
static int next_vector(struct virtio_pci *pci, struct event_work *work)
{
    if (pci->vectors_used == pci->msix.count)
        return -ENOSPC;

    struct irq_source source = { .kind = IRQ_MESSAGE };
    int error = irq_request(&source, pci_interrupt, work);
    if (error != 0)
        return error;
    error = pci_msix_set(&pci->msix, pci->vectors_used, &source);
    return error != 0 ? error : (int)pci->vectors_used++;
}

/* Writes the vector into the register at `reg`, and looks whether the device
 * took it. [virtio 1.2 §4.1.5.1.2] */
static int set_vector(struct virtio_pci *pci, uintptr_t reg,
                      struct event_work *work)
{
    int vector = next_vector(pci, work);
    if (vector >= 0)
        mmio_write16(reg, (uint16_t)vector);
    if (vector < 0 || mmio_read16(reg) != vector) {
        log_line("%s: no interrupt to be had", pci->device.where);
        return -ENOSPC;
    }
    return 0;
}

static void pci_notify(struct virtq *vq)
{
    mmio_write16((uintptr_t)vq->transport, vq->index);
}

/* As two halves: a device need not take eight bytes at once. */
static void set_address(uintptr_t reg, const volatile void *part)
{
    bus_addr_t address = virt_to_bus((const void *)part);

    mmio_write32(reg, (uint32_t)address);
    mmio_write32(reg + 4, (uint32_t)(address >> 32));
}

/* [virtio 1.2 §4.1.5.1.3] */
static int pci_queue_enable(struct virtio_device *dev, struct virtq *vq,
                            struct event_work *work)
{
    struct virtio_pci *pci = pci_of(dev);

    mmio_write16(COMMON(dev, queue_select), vq->index);
    uint64_t notify_at = (uint64_t)mmio_read16(COMMON(dev, queue_notify_off)) *
                         pci->at.notify_off_multiplier;
    if (notify_at > pci->at.notify.length - sizeof(le16) ||
        notify_at % sizeof(le16) != 0) {
        log_line("%s: %s is to be notified at no place inside the notify "
                 "structure",
                 dev->where, vq->name);
        return -EIO;
    }
    int error = set_vector(pci, COMMON(dev, queue_msix_vector), work);
    if (error != 0)
        return error;

    mmio_write16(COMMON(dev, queue_size), vq->num);
    set_address(COMMON(dev, queue_desc), vq->desc);
    set_address(COMMON(dev, queue_driver), vq->avail);
    set_address(COMMON(dev, queue_device), vq->used);
    vq->notify = pci_notify;
    vq->transport = (void *)(pci->at.notify.registers + (uintptr_t)notify_at);
    mmio_write16(COMMON(dev, queue_enable), 1);
    return 0;
}

static int pci_config_changed(struct virtio_device *dev,
                              struct event_work *work)
{
    return set_vector(pci_of(dev), COMMON(dev, config_msix_vector), work);
}

static const struct virtio_transport pci_transport = {
    .get_status = pci_get_status,
    .set_status = pci_set_status,
    .get_features = pci_get_features,
    .set_features = pci_set_features,
    .read_config = pci_read_config,
    .config_generation = pci_config_generation,
    .queue_max = pci_queue_max,
    .queue_enable = pci_queue_enable,
    .config_changed = pci_config_changed,
};

/* Everything that must be so before the driver sees the device. */
static int set_up(struct virtio_pci *pci, struct pci_address at)
{
    const char *where = pci->device.where;
    const char *why = NULL;

    pci_enable(at);
    int error = virtio_pci_find(at, &pci->at, &why);
    if (error == -ENOTSUP) {
        log_line("%s: offers only the legacy interface, which is not "
                 "supported yet",
                 where);
        return error;
    }
    if (error != 0) {
        log_line("%s: not used: %s", where, why);
        return error;
    }
    error = pci_msix_enable(at, &pci->msix);
    if (error != 0)
        log_line("%s: not used: it has no MSI-X that works", where);
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
    pci->device.transport = &pci_transport;
    pci->device.id = device >= DEVICE_MODERN
                         ? device - DEVICE_MODERN
                         : pci_config_read16(at, PCI_SUBSYSTEM_ID);
    format(pci->device.where, sizeof(pci->device.where), "pci %02x:%02x.%x",
           at.bus, at.device, at.function);

    if (set_up(pci, at) != 0)
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
