/* SPDX-License-Identifier: MIT */
/*
 * virtio_mmio.c - virtio devices in windows of memory. [virtio 1.2 §4.2]
 *
 * A transport: turns the calls of struct virtio_transport into accesses of
 * the window's registers. Where the windows are is arch's; what a device is
 * good for is its driver's. Only version 2, the modern one.
 *
 * A device has one interrupt line for all its queues and its configuration.
 * InterruptStatus says which of the two it was, but not which queue.
 */
#include "arch/arch.h"
#include "console/format.h"
#include "console/log.h"
#include "core/irq.h"
#include "core/start.h"
#include "drivers/virtio/core/virtio.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mem/heap.h"

/* [virtio 1.2 §4.2.2] */
enum {
    MAGIC_VALUE = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    STATUS = 0x070,
    QUEUE_DESC_LOW = 0x080,
    QUEUE_DRIVER_LOW = 0x090,
    QUEUE_DEVICE_LOW = 0x0a0,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100,

    MAGIC = 0x74726976, /* "virt" */
    LEGACY = 1,
    MODERN = 2,
    INTERRUPT_USED_BUFFER = 1 << 0,
    INTERRUPT_CONFIG_CHANGE = 1 << 1,

    QUEUES_MAX = 8,   /* more than any driver of ours asks for */
    REASONS_MAX = 16, /* looked at in one interrupt */
    STORM = 64,       /* so many that left reasons over, and no turn for the
                         event loop between them */
};

struct virtio_mmio {
    struct virtio_device device;
    uintptr_t registers;
    struct event_work *queue_work[QUEUES_MAX];
    struct event_work *config_work;

    unsigned line;
    unsigned left_over;          /* interrupts that left reasons over */
    struct event_work calm_work; /* the event loop has had a turn */
};

static struct virtio_mmio *mmio_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_mmio, device);
}

static uint32_t get(struct virtio_device *dev, unsigned reg)
{
    return mmio_read32(mmio_of(dev)->registers + reg);
}

static void set(struct virtio_device *dev, unsigned reg, uint32_t value)
{
    mmio_write32(mmio_of(dev)->registers + reg, value);
}

static uint8_t mmio_get_status(struct virtio_device *dev)
{
    return (uint8_t)get(dev, STATUS);
}

static void mmio_set_status(struct virtio_device *dev, uint8_t status)
{
    set(dev, STATUS, status);
}

static uint64_t mmio_get_features(struct virtio_device *dev)
{
    set(dev, DEVICE_FEATURES_SEL, 1);
    uint64_t high = get(dev, DEVICE_FEATURES);
    set(dev, DEVICE_FEATURES_SEL, 0);
    return high << 32 | get(dev, DEVICE_FEATURES);
}

static void mmio_set_features(struct virtio_device *dev, uint64_t features)
{
    set(dev, DRIVER_FEATURES_SEL, 1);
    set(dev, DRIVER_FEATURES, (uint32_t)(features >> 32));
    set(dev, DRIVER_FEATURES_SEL, 0);
    set(dev, DRIVER_FEATURES, (uint32_t)features);
}

static void mmio_read_config(struct virtio_device *dev, unsigned offset,
                             void *out, unsigned len)
{
    virtio_read_registers(mmio_of(dev)->registers + CONFIG, offset, out, len);
}

static uint32_t mmio_config_generation(struct virtio_device *dev)
{
    return get(dev, CONFIG_GENERATION);
}

static uint16_t mmio_queue_max(struct virtio_device *dev, unsigned index)
{
    if (index >= QUEUES_MAX)
        return 0;
    set(dev, QUEUE_SEL, index);
    uint32_t max = get(dev, QUEUE_NUM_MAX);
    return max <= UINT16_MAX ? (uint16_t)max : UINT16_MAX;
}

static void mmio_notify(struct virtq *vq)
{
    set(vq->transport, QUEUE_NOTIFY, vq->index);
}

/* The low half at `reg`, the high half behind it. */
static void set_address(struct virtio_device *dev, unsigned reg,
                        const volatile void *part)
{
    bus_addr_t address = virt_to_bus((const void *)part);

    set(dev, reg, (uint32_t)address);
    set(dev, reg + 4, (uint32_t)(address >> 32));
}

/* [virtio 1.2 §4.2.3.2] */
static int mmio_queue_enable(struct virtio_device *dev, struct virtq *vq,
                             struct event_work *work)
{
    set(dev, QUEUE_SEL, vq->index);
    if (get(dev, QUEUE_READY) != 0) {
        log_line("%s: %s is in use already", dev->where, vq->name);
        return -EIO;
    }
    set(dev, QUEUE_NUM, vq->num);
    set_address(dev, QUEUE_DESC_LOW, vq->desc);
    set_address(dev, QUEUE_DRIVER_LOW, vq->avail);
    set_address(dev, QUEUE_DEVICE_LOW, vq->used);

    vq->notify = mmio_notify;
    vq->transport = dev;
    mmio_of(dev)->queue_work[vq->index] = work;
    set(dev, QUEUE_READY, 1);
    return 0;
}

static int mmio_config_changed(struct virtio_device *dev,
                               struct event_work *work)
{
    mmio_of(dev)->config_work = work;
    return 0;
}

static const struct virtio_transport mmio_transport = {
    .get_status = mmio_get_status,
    .set_status = mmio_set_status,
    .get_features = mmio_get_features,
    .set_features = mmio_set_features,
    .read_config = mmio_read_config,
    .config_generation = mmio_config_generation,
    .queue_max = mmio_queue_max,
    .queue_enable = mmio_queue_enable,
    .config_changed = mmio_config_changed,
};

static void post(const struct virtio_mmio *mmio, uint32_t why)
{
    if ((why & INTERRUPT_USED_BUFFER) != 0) {
        for (unsigned i = 0; i < QUEUES_MAX; i++) {
            if (mmio->queue_work[i] != NULL)
                event_post(mmio->queue_work[i]);
        }
    }
    if ((why & INTERRUPT_CONFIG_CHANGE) != 0 && mmio->config_work != NULL)
        event_post(mmio->config_work);
}

/* The line may be shared, so this may be about another device. It may be
 * edge-triggered too, and then says nothing more while it is up: so until
 * there is no reason left, or this is a device that will never be content:
 * one that keeps the event loop from its turn has its line masked. What is
 * used after the acknowledgement is seen by the work, or raises the line
 * again. */
static void mmio_interrupt(void *ctx)
{
    struct virtio_mmio *mmio = ctx;

    if (mmio->left_over >= STORM)
        return; /* silenced: it is another device's turn */

    for (unsigned i = 0; i < REASONS_MAX; i++) {
        uint32_t why = get(&mmio->device, INTERRUPT_STATUS);
        if (why == 0)
            return;
        set(&mmio->device, INTERRUPT_ACK, why);
        post(mmio, why);
    }
    if (++mmio->left_over == STORM)
        arch_irq_mask(mmio->line);
    event_post(&mmio->calm_work);
}

/* A line is not for handlers to print. */
static void calm(struct event_work *work)
{
    struct virtio_mmio *mmio =
        container_of(work, struct virtio_mmio, calm_work);

    if (mmio->left_over < STORM)
        mmio->left_over = 0;
    else
        log_line("%s: its interrupts never cease; line %u is masked",
                 mmio->device.where, mmio->line);
}

/* Which kind of device is in window `i`; 0 when there is none that can be
 * used. [virtio 1.2 §4.2.3.1] */
static uint32_t identify(unsigned i, uintptr_t registers)
{
    uint32_t magic = mmio_read32(registers + MAGIC_VALUE);
    uint32_t version = mmio_read32(registers + VERSION);
    uint32_t id = mmio_read32(registers + DEVICE_ID);

    if (magic == UINT32_MAX)
        return 0; /* nothing answers */
    if (magic != MAGIC) {
        log_line("mmio %u: not used: it begins with 0x%08x, not with \"virt\"",
                 i, magic);
        return 0;
    }
    if (id == 0 || version == MODERN)
        return id;
    if (version == LEGACY)
        log_line("mmio %u: offers only the legacy interface, which is used on "
                 "PCI alone (QEMU: -global virtio-mmio.force-legacy=false)",
                 i);
    else
        log_line("mmio %u: not used: version %u of the interface is not known",
                 i, version);
    return 0;
}

static void look_at(unsigned i, const struct mmio_window *window)
{
    uintptr_t registers = arch_map_device(window->base, window->size);
    if (registers == 0 || window->size <= CONFIG)
        return;
    uint32_t id = identify(i, registers);
    if (id == 0)
        return;

    struct virtio_mmio *mmio = heap_alloc_array(1, sizeof(*mmio));
    if (mmio == NULL) {
        log_line("mmio %u: no memory for the device", i);
        return;
    }
    mmio->device.transport = &mmio_transport;
    mmio->device.id = id;
    mmio->registers = registers;
    mmio->line = window->line;
    mmio->calm_work.run = calm;
    format(mmio->device.where, sizeof(mmio->device.where), "mmio %u", i);

    struct irq_source source = { .kind = IRQ_LINE, .line = window->line };
    int error = irq_request(&source, mmio_interrupt, mmio);
    if (error != 0) {
        log_line("%s: no interrupt to be had: error %d", mmio->device.where,
                 -error);
        heap_free(mmio);
        return;
    }
    virtio_attach(&mmio->device);
}

static void mmio_scan(void)
{
    struct mmio_window window;

    for (unsigned i = 0; arch_mmio_window(i, &window); i++)
        look_at(i, &window);
}
INITCALL(INIT_BUSES, mmio_scan);
