/* SPDX-License-Identifier: MIT */
/*
 * modern.c - the interface of virtio 1.0 and later. [virtio 1.2 §4.1.4]
 *
 * A transport: turns the calls of struct virtio_transport into accesses of
 * the common configuration structure. Where the structures lie is
 * structures.c's, interrupts are vectors.c's.
 */
#include "arch/arch.h"
#include "console/log.h"
#include "drivers/virtio/pci/virtio_pci.h"
#include "lib/errno.h"
#include "lib/string.h"

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

/* The offset of a register of the common structure, and its address for
 * mmio_*(). */
#define OFFSET(field) offsetof(struct virtio_pci_common_cfg, field)
#define COMMON(dev, field)                                                     \
    (virtio_pci_of(dev)->modern.common.registers + OFFSET(field))

static uint8_t modern_get_status(struct virtio_device *dev)
{
    return mmio_read8(COMMON(dev, device_status));
}

static void modern_set_status(struct virtio_device *dev, uint8_t status)
{
    mmio_write8(COMMON(dev, device_status), status);
}

static uint64_t modern_get_features(struct virtio_device *dev)
{
    mmio_write32(COMMON(dev, device_feature_select), 1);
    uint64_t high = mmio_read32(COMMON(dev, device_feature));
    mmio_write32(COMMON(dev, device_feature_select), 0);
    return high << 32 | mmio_read32(COMMON(dev, device_feature));
}

static void modern_set_features(struct virtio_device *dev, uint64_t features)
{
    mmio_write32(COMMON(dev, driver_feature_select), 1);
    mmio_write32(COMMON(dev, driver_feature), (uint32_t)(features >> 32));
    mmio_write32(COMMON(dev, driver_feature_select), 0);
    mmio_write32(COMMON(dev, driver_feature), (uint32_t)features);
}

/* What lies outside the structure reads as zero. */
static void modern_read_config(struct virtio_device *dev, unsigned offset,
                               void *out, unsigned len)
{
    const struct virtio_pci_structure *config =
        &virtio_pci_of(dev)->modern.device;

    if (offset > config->length || len > config->length - offset)
        memset(out, 0, len);
    else
        virtio_read_registers(config->registers, offset, out, len);
}

static uint32_t modern_config_generation(struct virtio_device *dev)
{
    return mmio_read8(COMMON(dev, config_generation));
}

static uint16_t modern_queue_max(struct virtio_device *dev, unsigned index)
{
    if (index >= mmio_read16(COMMON(dev, num_queues)))
        return 0;
    mmio_write16(COMMON(dev, queue_select), (uint16_t)index);
    return mmio_read16(COMMON(dev, queue_size));
}

static uint16_t modern_set_vector(struct virtio_pci *pci, unsigned reg,
                                  uint16_t vector)
{
    uintptr_t at = pci->modern.common.registers + reg;

    mmio_write16(at, vector);
    return mmio_read16(at);
}

static void modern_notify(struct virtq *vq)
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
static int modern_queue_enable(struct virtio_device *dev, struct virtq *vq,
                               struct event_work *work)
{
    struct virtio_pci *pci = virtio_pci_of(dev);
    const struct virtio_pci_structure *notify = &pci->modern.notify;

    mmio_write16(COMMON(dev, queue_select), vq->index);
    uint64_t notify_at = (uint64_t)mmio_read16(COMMON(dev, queue_notify_off)) *
                         pci->modern.notify_off_multiplier;
    if (notify_at > notify->length - sizeof(le16) ||
        notify_at % sizeof(le16) != 0) {
        log_line("%s: %s is to be notified at no place inside the notify "
                 "structure",
                 dev->where, vq->name);
        return -EIO;
    }
    int error = virtio_pci_vector(pci, OFFSET(queue_msix_vector), work);
    if (error != 0)
        return error;

    mmio_write16(COMMON(dev, queue_size), vq->num);
    set_address(COMMON(dev, queue_desc), vq->desc);
    set_address(COMMON(dev, queue_driver), vq->avail);
    set_address(COMMON(dev, queue_device), vq->used);
    vq->notify = modern_notify;
    vq->transport = (void *)(notify->registers + (uintptr_t)notify_at);
    mmio_write16(COMMON(dev, queue_enable), 1);
    return 0;
}

static int modern_config_changed(struct virtio_device *dev,
                                 struct event_work *work)
{
    return virtio_pci_vector(virtio_pci_of(dev), OFFSET(config_msix_vector),
                             work);
}

static const struct virtio_transport modern_transport = {
    .get_status = modern_get_status,
    .set_status = modern_set_status,
    .get_features = modern_get_features,
    .set_features = modern_set_features,
    .read_config = modern_read_config,
    .config_generation = modern_config_generation,
    .queue_max = modern_queue_max,
    .queue_enable = modern_queue_enable,
    .config_changed = modern_config_changed,
};

int virtio_pci_modern(struct virtio_pci *pci, struct pci_address at,
                      const struct pci_bar bars[PCI_BARS], const char **why)
{
    int error = virtio_pci_find(at, bars, &pci->modern, why);

    pci->device.transport = &modern_transport;
    pci->set_vector = modern_set_vector;
    return error;
}
