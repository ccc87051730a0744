/* SPDX-License-Identifier: MIT */
/*
 * legacy.c - the interface from before virtio 1.0. [virtio 1.2 §4.1.4.10]
 *
 * A transport: turns the calls of struct virtio_transport into accesses of
 * the ports of BAR 0. Interrupts are vectors.c's.
 *
 *     0               4               8               12      14      16
 *     +---------------+---------------+---------------+-------+-------+--
 *     | device        | driver        | queue address | queue | queue | >
 *     | features      | features      | / 4096        | size  | select|
 *     +---------------+---------------+---------------+-------+-------+--
 *     16      18  19  20      22      24
 *     +-------+---+---+-------+-------+-----------------------------------
 *   > | queue |sta|ISR| config| queue | the device's configuration, in the
 *     | notify|tus|   | vector| vector| processor's byte order: with us,
 *     +-------+---+---+-------+-------+ little-endian ...
 *                     '- only while MSI-X is enabled, as it always is here
 *
 * The handshake is the modern one, step for step [virtio 1.2 §3.1.2]: a legacy
 * device minds neither that its configuration is read before it knows what was
 * agreed on, nor that its queues are set up between that and DRIVER_OK. What
 * it lacks is played here:
 *
 *   VERSION_1      said to be offered, so that nobody above need know; of what
 *                  is chosen, the device is told the 32 bits that it has
 *   ANY_LAYOUT     taken where it is offered, as is demanded of every driver
 *   FEATURES_OK    remembered here, and always stays: the device has no way to
 *                  say that it won't have our choice
 *   a generation   of the configuration, which changes when two reads in a
 *                  row did not agree [virtio 1.2 §2.5.4]
 *
 * DEVICE_NEEDS_RESET nobody can play: a legacy device that can't go on falls
 * silent.
 */
#include "arch/arch.h"
#include "console/log.h"
#include "drivers/virtio/pci/virtio_pci.h"
#include "lib/errno.h"
#include "lib/string.h"

enum {
    DEVICE_FEATURES = 0,
    DRIVER_FEATURES = 4,
    QUEUE_ADDRESS = 8,
    QUEUE_SIZE = 12,
    QUEUE_SELECT = 14,
    QUEUE_NOTIFY = 16,
    DEVICE_STATUS = 18,
    CONFIG_MSIX_VECTOR = 20,
    QUEUE_MSIX_VECTOR = 22,
    CONFIG = 24,

    REVISION = 0,
    PORTS = 65536, /* all that there are */
    ADDRESS_UNIT = 4096,
};

static struct virtio_pci_legacy *legacy_of(struct virtio_device *dev)
{
    return &virtio_pci_of(dev)->legacy;
}

static uint16_t port(struct virtio_device *dev, unsigned reg)
{
    return (uint16_t)(legacy_of(dev)->port + reg);
}

/* ---- What was there before 1.0, and what is played ----------------------- */

static uint8_t legacy_get_status(struct virtio_device *dev)
{
    uint8_t status = port_read8(port(dev, DEVICE_STATUS));

    return legacy_of(dev)->features_ok ? status | VIRTIO_STATUS_FEATURES_OK
                                       : status;
}

static void legacy_set_status(struct virtio_device *dev, uint8_t status)
{
    legacy_of(dev)->features_ok = (status & VIRTIO_STATUS_FEATURES_OK) != 0;
    port_write8(port(dev, DEVICE_STATUS),
                (uint8_t)(status & ~VIRTIO_STATUS_FEATURES_OK));
}

static uint64_t legacy_get_features(struct virtio_device *dev)
{
    return port_read32(port(dev, DEVICE_FEATURES)) | VIRTIO_F_VERSION_1;
}

/* dev->features becomes what was truly agreed on. [virtio 1.2 §6.3] */
static void legacy_set_features(struct virtio_device *dev, uint64_t features)
{
    uint32_t offered = port_read32(port(dev, DEVICE_FEATURES));

    dev->features =
        (uint32_t)features | (offered & (uint32_t)VIRTIO_F_ANY_LAYOUT);
    port_write32(port(dev, DRIVER_FEATURES), (uint32_t)dev->features);
}

/* ---- The configuration --------------------------------------------------- */

/* Reads `len` bytes into `out`, one by one: it may be done in any width. True
 * when it changed nothing there. */
static bool reads_the_same(uint16_t at, uint8_t *out, unsigned len)
{
    bool same = true;

    for (unsigned i = 0; i < len; i++) {
        uint8_t byte = port_read8((uint16_t)(at + i));

        same = same && out[i] == byte;
        out[i] = byte;
    }
    return same;
}

/* What lies beyond the ports reads as zero. */
static void legacy_read_config(struct virtio_device *dev, unsigned offset,
                               void *out, unsigned len)
{
    uint32_t length = legacy_of(dev)->length - CONFIG;

    memset(out, 0, len);
    if (offset > length || len > length - offset)
        return;
    reads_the_same(port(dev, CONFIG + offset), out, len);
    if (!reads_the_same(port(dev, CONFIG + offset), out, len))
        legacy_of(dev)->generation++;
}

static uint32_t legacy_config_generation(struct virtio_device *dev)
{
    return legacy_of(dev)->generation;
}

/* ---- Queues -------------------------------------------------------------- */

static uint16_t legacy_queue_max(struct virtio_device *dev, unsigned index)
{
    if (index > UINT16_MAX)
        return 0;
    port_write16(port(dev, QUEUE_SELECT), (uint16_t)index);
    return port_read16(port(dev, QUEUE_SIZE));
}

static uint16_t legacy_set_vector(struct virtio_pci *pci, unsigned reg,
                                  uint16_t vector)
{
    uint16_t at = port(&pci->device, reg);

    port_write16(at, vector);
    return port_read16(at);
}

static void legacy_notify(struct virtq *vq)
{
    port_write16(port(vq->transport, QUEUE_NOTIFY), vq->index);
}

/* One number says where the whole ring lies: its parts are where both sides
 * compute them to be. [virtio 1.2 §4.1.5.1.3.1] */
static int legacy_queue_enable(struct virtio_device *dev, struct virtq *vq,
                               struct event_work *work)
{
    uint64_t address = virt_to_bus(vq->desc) / ADDRESS_UNIT;

    if (address > UINT32_MAX) {
        log_line("%s: %s lies above the 16 TiB in which a legacy device looks",
                 dev->where, vq->name);
        return -EIO;
    }
    port_write16(port(dev, QUEUE_SELECT), vq->index);
    if (port_read32(port(dev, QUEUE_ADDRESS)) != 0) {
        log_line("%s: %s is in use already", dev->where, vq->name);
        return -EIO;
    }
    int error = virtio_pci_vector(virtio_pci_of(dev), QUEUE_MSIX_VECTOR, work);
    if (error != 0)
        return error;

    vq->notify = legacy_notify;
    vq->transport = dev;
    port_write32(port(dev, QUEUE_ADDRESS), (uint32_t)address);
    return 0;
}

static int legacy_config_changed(struct virtio_device *dev,
                                 struct event_work *work)
{
    return virtio_pci_vector(virtio_pci_of(dev), CONFIG_MSIX_VECTOR, work);
}

static const struct virtio_transport legacy_transport = {
    .get_status = legacy_get_status,
    .set_status = legacy_set_status,
    .get_features = legacy_get_features,
    .set_features = legacy_set_features,
    .read_config = legacy_read_config,
    .config_generation = legacy_config_generation,
    .queue_max = legacy_queue_max,
    .queue_enable = legacy_queue_enable,
    .config_changed = legacy_config_changed,
};

/* ---- The device ---------------------------------------------------------- */

/* Why BAR 0 can't be the registers of a legacy device; NULL when it can. */
static const char *look_at(const struct pci_bar *bar)
{
    if (!bar->io || bar->size == 0)
        return "it has neither modern structures nor ports in BAR 0";
    if (bar->base == 0)
        return "its BAR 0 has no address";
    if (bar->size < CONFIG)
        return "its BAR 0 has no room for the registers";
    if (bar->base >= PORTS || bar->size > PORTS - bar->base)
        return "its BAR 0 lies beyond the last port";
    return NULL;
}

int virtio_pci_legacy(struct virtio_pci *pci, struct pci_address at,
                      const struct pci_bar bars[PCI_BARS], const char **why)
{
    const struct pci_bar *bar = &bars[0];

    *why = look_at(bar);
    if (pci_config_read8(at, PCI_REVISION_ID) != REVISION)
        *why = "it has no modern structures, nor the revision of a legacy "
               "device";
    if (*why != NULL)
        return -EIO;

    pci->legacy = (struct virtio_pci_legacy){
        .port = (uint16_t)bar->base,
        .length = (uint32_t)bar->size,
    };
    pci->device.legacy = true;
    pci->device.transport = &legacy_transport;
    pci->set_vector = legacy_set_vector;
    return 0;
}
