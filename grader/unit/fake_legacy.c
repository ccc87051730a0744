/* SPDX-License-Identifier: MIT */
#include "fake_legacy.h"

#include <string.h>

#include "drivers/virtio/core/virtio.h"
#include "fake_driver.h"

/* [virtio 1.2 §4.1.4.10] */
enum { DEVICE_FEATURES = 0, DRIVER_FEATURES = 4, QUEUE_ADDRESS = 8,
       QUEUE_SIZE = 12, QUEUE_SELECT = 14, QUEUE_NOTIFY = 16,
       DEVICE_STATUS = 18, ISR_STATUS = 19, CONFIG_VECTOR = 20,
       QUEUE_VECTOR = 22 };

enum { TABLE = 0x20000000, TABLE_SIZE = 4096, PAGE = 4096, ENTRY = 16,
       NO_VECTOR = 0xffff };

struct fake_legacy legacy;
uintptr_t legacy_bias;
bool legacy_bias_fixed;

static uint8_t table[TABLE_SIZE];

struct fake_function *legacy_begin(void)
{
    fake_pci_begin(20000);
    memset(&legacy, 0, sizeof legacy);
    memset(table, 0, sizeof table);
    legacy_bias = 0;
    legacy_bias_fixed = false;
    struct fake_function *f = fake_function(0, 3, 0, 0x1af4, 0x1005);
    fake_set16(f, PCI_SUBSYSTEM_ID, VIRTIO_ID_RNG);
    fake_bar(f, 0, 1, LEGACY_PORT, LEGACY_PORTS);
    fake_bar(f, 2, 0, TABLE, TABLE_SIZE);
    fake_capability(f, LEGACY_MSIX, PCI_CAP_MSIX, 0, 0);
    fake_set16(f, LEGACY_MSIX + 2, LEGACY_VECTORS - 1);
    fake_set32(f, LEGACY_MSIX + 4, 2);
    for (unsigned q = 0; q < LEGACY_QUEUES; q++)
        legacy.queue_size[q] = 16;
    legacy.function = f;
    return f;
}

/* ---- Memory ------------------------------------------------------------ */

bus_addr_t virt_to_bus(const void *p)
{
    if (!legacy_bias_fixed && legacy_bias == 0)
        legacy_bias = ((uintptr_t)p & ~(uintptr_t)(PAGE - 1)) - 0x100000;
    return (uintptr_t)p - legacy_bias;
}

static void *memory(uint64_t address)
{
    return (void *)(uintptr_t)(address + legacy_bias);
}

/* ---- The MSI-X table, which alone lies in memory ----------------------- */

static uint8_t *slot(uintptr_t addr)
{
    CHECK(addr >= TABLE && addr - TABLE <= sizeof table - 4 && addr % 4 == 0,
          "a legacy device has no register in memory at 0x%lx",
          (unsigned long)addr);
    return table + (addr - TABLE);
}

uint32_t mmio_read32(uintptr_t addr)
{
    uint32_t v;

    memcpy(&v, slot(addr), 4);
    return v;
}

void mmio_write32(uintptr_t addr, uint32_t v)
{
    memcpy(slot(addr), &v, 4);
}

static bool msix_is_on(void)
{
    return (legacy.function->config[LEGACY_MSIX + 3] & 0x80) != 0;
}

static void interrupt(uint16_t vector)
{
    CHECK(vector < LEGACY_VECTORS, "there is a vector to interrupt by: here "
          "%u", vector);
    uintptr_t entry = TABLE + vector * ENTRY;
    CHECK(mmio_read32(entry + 12) == 0, "vector %u is not masked", vector);
    driver_interrupt(mmio_read32(entry + 8));
}

void legacy_config_interrupt(void)
{
    interrupt(legacy.config_vector);
}

/* ---- The ports --------------------------------------------------------- */

static void mind(bool well, const char *what)
{
    CHECK(well || legacy.raves, "the driver %s", what);
}

/* Where the port lies in the device; its own registers have their width. */
static unsigned offset_of(uint16_t port, unsigned width)
{
    static const uint8_t widths[] = {
        [DEVICE_FEATURES] = 4, [DRIVER_FEATURES] = 4, [QUEUE_ADDRESS] = 4,
        [QUEUE_SIZE] = 2, [QUEUE_SELECT] = 2, [QUEUE_NOTIFY] = 2,
        [DEVICE_STATUS] = 1, [ISR_STATUS] = 1, [CONFIG_VECTOR] = 2,
        [QUEUE_VECTOR] = 2, [QUEUE_VECTOR + 1] = 0,
    };
    unsigned offset = (unsigned)port - LEGACY_PORT;

    CHECK(port >= LEGACY_PORT && offset <= LEGACY_PORTS - width,
          "port 0x%x, %u bytes, is the device's", port, width);
    CHECK(legacy.function->config[PCI_COMMAND] & PCI_COMMAND_IO,
          "the device was told to answer on its ports");
    CHECK(msix_is_on(), "MSI-X is enabled first, as the registers move");
    CHECK(offset >= sizeof widths || widths[offset] == width, "register %u is "
          "accessed by its own width, not by %u bytes", offset, width);
    return offset;
}

static uint32_t config_read(unsigned at, unsigned width)
{
    uint32_t value = 0;

    CHECK(at <= LEGACY_CONFIG - width, "the configuration is read at %u, %u "
          "bytes", at, width);
    if (legacy.config_reads > 0 && --legacy.config_reads == 0)
        memcpy(legacy.config, legacy.config_next, LEGACY_CONFIG);
    for (unsigned i = 0; i < width && legacy.restless; i++)
        legacy.config[at + i]++;
    memcpy(&value, legacy.config + at, width);
    return value;
}

static uint32_t port_read(uint16_t port, unsigned width)
{
    unsigned offset = offset_of(port, width);
    unsigned q = legacy.queue_select;

    if (legacy.raves)
        return (uint32_t)unit_random();
    switch (offset) {
    case DEVICE_FEATURES:
        return legacy.offered;
    case DRIVER_FEATURES:
        return legacy.accepted;
    case QUEUE_ADDRESS:
        return q < LEGACY_QUEUES ? legacy.page[q] : 0;
    case QUEUE_SIZE:
        return q < LEGACY_QUEUES ? legacy.queue_size[q] : 0;
    case QUEUE_SELECT:
        return q;
    case DEVICE_STATUS:
        return legacy.status;
    case CONFIG_VECTOR:
        return legacy.config_vector;
    case QUEUE_VECTOR:
        return q < LEGACY_QUEUES ? legacy.queue_vector[q] : NO_VECTOR;
    case QUEUE_NOTIFY:
    case ISR_STATUS:
        FAIL("register %u is not for a driver with MSI-X to read", offset);
    default:
        return config_read(offset - QUEUE_VECTOR - 2, width);
    }
}

static void forget(void)
{
    legacy.status = legacy.never_resets ? legacy.status : 0;
    legacy.accepted = 0;
    legacy.config_vector = NO_VECTOR;
    for (unsigned q = 0; q < LEGACY_QUEUES; q++) {
        legacy.page[q] = legacy.queue_in_use;
        legacy.queue_vector[q] = NO_VECTOR;
        legacy.avail_idx[q] = 0;
    }
}

static void set_status(uint8_t status)
{
    const uint8_t known = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                          VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED;

    mind((status & ~known) == 0, "writes a status that no legacy device knows");
    if (status == 0) {
        forget();
        return;
    }
    mind((legacy.status & ~status) == 0, "takes back a bit of the status");
    mind(!(status & VIRTIO_STATUS_DRIVER) ||
             (legacy.status & VIRTIO_STATUS_ACKNOWLEDGE),
         "sets DRIVER before ACKNOWLEDGE");
    legacy.status = status;
}

static void set_features(uint32_t features)
{
    mind((features & ~legacy.offered) == 0, "takes what was not offered");
    mind((features & 1u << 30) == 0, "takes bit 30");
    mind((legacy.offered & ~features & (uint32_t)VIRTIO_F_ANY_LAYOUT) == 0,
         "does not take ANY_LAYOUT");
    mind(legacy.status == (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER),
         "chooses features at the wrong time");
    mind(legacy.page[0] == legacy.queue_in_use, "chooses features when a queue "
         "is in use");
    legacy.accepted = features;
}

static void set_page(uint32_t page)
{
    unsigned q = legacy.queue_select;

    mind(q < LEGACY_QUEUES && legacy.page[q] == 0, "sets up a queue twice");
    mind((legacy.status & VIRTIO_STATUS_DRIVER_OK) == 0, "sets up a queue of a "
         "device that runs");
    mind(page != 0, "gives no page");
    mind((legacy.function->config[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0,
         "gives a ring to a device that may not read it");
    if (q < LEGACY_QUEUES)
        legacy.page[q] = page;
}

static uint16_t vector_of(uint32_t v)
{
    return legacy.takes_no_vector || v >= LEGACY_VECTORS ? NO_VECTOR
                                                         : (uint16_t)v;
}

static void port_write(uint16_t port, unsigned width, uint32_t v)
{
    unsigned q = legacy.queue_select;

    switch (offset_of(port, width)) {
    case DRIVER_FEATURES:
        set_features(v);
        break;
    case QUEUE_ADDRESS:
        set_page(v);
        break;
    case QUEUE_SELECT:
        legacy.queue_select = (uint16_t)v;
        break;
    case QUEUE_NOTIFY:
        mind(v < LEGACY_QUEUES && legacy.page[v] != 0, "notifies a queue that "
             "is not set up");
        legacy.notified[v % LEGACY_QUEUES]++;
        break;
    case DEVICE_STATUS:
        set_status((uint8_t)v);
        break;
    case CONFIG_VECTOR:
        legacy.config_vector = vector_of(v);
        break;
    case QUEUE_VECTOR:
        legacy.queue_vector[q % LEGACY_QUEUES] = vector_of(v);
        break;
    default:
        FAIL("the driver writes to port 0x%x", port);
    }
}

uint8_t port_read8(uint16_t port) { return (uint8_t)port_read(port, 1); }
uint16_t port_read16(uint16_t port) { return (uint16_t)port_read(port, 2); }
uint32_t port_read32(uint16_t port) { return port_read(port, 4); }
void port_write8(uint16_t port, uint8_t v) { port_write(port, 1, v); }
void port_write16(uint16_t port, uint16_t v) { port_write(port, 2, v); }
void port_write32(uint16_t port, uint32_t v) { port_write(port, 4, v); }

/* ---- The ring ---------------------------------------------------------- */

/* The parts lie where the formula of [virtio 1.2 §2.7.2] puts them, which is
 * worked out here and not by virtqueue.h. */
bool legacy_use(unsigned q, uint8_t byte)
{
    const size_t num = legacy.queue_size[q];
    uint8_t *ring = memory((uint64_t)legacy.page[q] * PAGE);
    uint16_t *avail = (uint16_t *)(ring + 16 * num);
    size_t used_at = (16 * num + 2 * (3 + num) + PAGE - 1) / PAGE * PAGE;
    uint16_t *used = (uint16_t *)(ring + used_at);

    if (avail[1] == legacy.avail_idx[q])
        return false;
    uint16_t place = legacy.avail_idx[q]++ % num;
    const struct virtq_desc *desc =
        (const struct virtq_desc *)ring + avail[2 + place];
    CHECK(desc->flags == VIRTQ_DESC_F_WRITE, "the chain is one buffer to "
          "write");
    memset(memory(desc->addr), byte, desc->len);

    struct virtq_used_elem *elem = (struct virtq_used_elem *)(used + 2) + place;
    *elem = (struct virtq_used_elem){ avail[2 + place], desc->len };
    used[1] = legacy.avail_idx[q];
    interrupt(legacy.queue_vector[q]);
    return true;
}
