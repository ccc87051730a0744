/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_pci.c - virtio devices on the PCI bus, whose capabilities say
 * what can't be: each is let be with one line.
 */
#include "fake_driver.h"
#include "fake_pci.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"

#include <string.h>

/* Where the registers of the device lie: two BARs, each of 4 KiB. */
enum { TABLE = 0x20000000, REGISTERS = 0x20001000, BAR_SIZE = 4096,
       COMMON = 0, NOTIFY = 0x800, DEVICE = 0xc00 };

/* Offsets in the common structure. [virtio 1.2 §4.1.4.3] */
enum { DEVICE_FEATURE_SELECT = 0, DEVICE_FEATURE = 4, CONFIG_VECTOR = 16,
       NUM_QUEUES = 18, STATUS = 20, QUEUE_SELECT = 22, QUEUE_SIZE = 24,
       QUEUE_VECTOR = 26, QUEUE_ENABLE = 28, QUEUE_NOTIFY_OFF = 30 };

static uint8_t memory[2 * BAR_SIZE];
static bool takes_no_vector;
static uintptr_t notified_at;

/* ---- The registers ---------------------------------------------------- */

static uint8_t *reg(uintptr_t addr, unsigned width)
{
    CHECK(addr >= TABLE && addr - TABLE <= sizeof memory - width &&
              addr % width == 0,
          "what lies at 0x%lx, %u bytes, is no register", (unsigned long)addr,
          width);
    return memory + (addr - TABLE);
}

uint8_t mmio_read8(uintptr_t addr) { return *reg(addr, 1); }

uint16_t mmio_read16(uintptr_t addr)
{
    uint16_t v;

    memcpy(&v, reg(addr, 2), 2);
    if (takes_no_vector && (addr == REGISTERS + CONFIG_VECTOR ||
                            addr == REGISTERS + QUEUE_VECTOR))
        return 0xffff;
    return v;
}

uint32_t mmio_read32(uintptr_t addr)
{
    uint32_t v;

    memcpy(&v, reg(addr, 4), 4);
    if (addr == REGISTERS + DEVICE_FEATURE)
        return mmio_read32(REGISTERS + DEVICE_FEATURE_SELECT) == 1;
    return v;
}

void mmio_write8(uintptr_t addr, uint8_t v) { *reg(addr, 1) = v; }

void mmio_write16(uintptr_t addr, uint16_t v)
{
    memcpy(reg(addr, 2), &v, 2);
    if (addr >= REGISTERS + NOTIFY)
        notified_at = addr - REGISTERS - NOTIFY;
}

void mmio_write32(uintptr_t addr, uint32_t v) { memcpy(reg(addr, 4), &v, 4); }

static uint64_t mapped_most;

uintptr_t arch_map_device(bus_addr_t base, uint64_t size)
{
    if (size > mapped_most)
        mapped_most = size;
    return base;
}

/* ---- A device --------------------------------------------------------- */

/* A capability for a structure. [virtio 1.2 §4.1.4] */
static void structure(struct fake_function *f, unsigned cap, unsigned next,
                      unsigned type, unsigned bar, uint32_t offset,
                      uint32_t length)
{
    uint8_t *c = fake_capability(f, cap, PCI_CAP_VENDOR, (uint8_t)next, 20);
    c[3] = (uint8_t)type;
    c[4] = (uint8_t)bar;
    fake_set32(f, cap + 8, offset);
    fake_set32(f, cap + 12, length);
}

static void set(unsigned offset, uint16_t value)
{
    memcpy(&memory[BAR_SIZE + offset], &value, 2);
}

enum { CAP_COMMON = 0x50, CAP_NOTIFY = 0x68, CAP_DEVICE = 0x80 };

/* An honest one, and a function to make it otherwise. */
static struct fake_function *device(void)
{
    fake_pci_begin(20000);
    memset(memory, 0, sizeof memory);
    struct fake_function *f = fake_function(0, 3, 0, 0x1af4, 0x1044);
    fake_bar(f, 1, 0, TABLE, BAR_SIZE);
    fake_bar(f, 4, 4, REGISTERS, BAR_SIZE);
    fake_bar(f, 3, 1, 0xc000, 256);
    fake_capability(f, 0x40, PCI_CAP_MSIX, CAP_COMMON, 0);
    fake_set16(f, 0x42, 2); /* three vectors */
    fake_set32(f, 0x44, 1);
    structure(f, CAP_COMMON, CAP_NOTIFY, 1, 4, COMMON, 56);
    structure(f, CAP_NOTIFY, CAP_DEVICE, 2, 4, NOTIFY, 0x100);
    structure(f, CAP_DEVICE, 0, 4, 4, DEVICE, 16);
    fake_set32(f, CAP_NOTIFY + 16, 4); /* notify_off_multiplier */
    set(NUM_QUEUES, 1);
    set(QUEUE_SIZE, 8);
    set(QUEUE_NOTIFY_OFF, 2);
    return f;
}

TEST(test_an_honest_device_is_brought_up)
{
    struct fake_function *f = device();
    char data[4];
    struct virtq_buffer buffer = { data, sizeof data };

    driver_scan();
    CHECK(driver.attached == 1, "error %d, \"%s\"", driver.error,
          unit_log_last());
    CHECK(memory[BAR_SIZE + STATUS] == 0xf, "status 0x%x",
          memory[BAR_SIZE + STATUS]);
    CHECK((pci_config_read16(f->at, PCI_COMMAND) & 7) == 7, "it is enabled");
    CHECK(mmio_read16(REGISTERS + QUEUE_ENABLE) == 1, "and so is its queue");
    CHECK(virtq_add(&driver.vq, &buffer, 1, 0, data) == 0, "there is room");
    virtq_kick(&driver.vq);
    CHECK(notified_at == 2 * 4, "it is notified at %lu: expected 8",
          (unsigned long)notified_at);
}

/* Nobody answers at the ports of this one. */
TEST(test_a_transitional_device_is_taken_by_its_modern_interface)
{
    struct fake_function *f = device();
    fake_set16(f, PCI_DEVICE_ID, 0x1005);
    f->config[PCI_SUBSYSTEM_ID] = 4;
    fake_bar(f, 0, 1, 0xc100, 64);
    driver_scan();
    CHECK(driver.attached == 1 && !driver.device->legacy, "error %d, \"%s\"",
          driver.error, unit_log_last());
}

TEST(test_a_transitional_device_with_a_bad_structure_is_not_used)
{
    struct fake_function *f = device();
    fake_set16(f, PCI_DEVICE_ID, 0x1005);
    f->config[PCI_SUBSYSTEM_ID] = 4;
    fake_bar(f, 0, 1, 0xc100, 64);
    f->config[CAP_NOTIFY + 3] = 99;
    driver_refuses("of which half is missing");
}

TEST(test_a_modern_device_without_structures_is_let_be)
{
    struct fake_function *f = device();
    f->config[0x41] = 0; /* no vendor capabilities */
    driver_refuses("that has none of the modern structures");
}

TEST(test_a_structure_outside_of_its_bar_is_refused)
{
    static const struct { unsigned cap, type, bar; uint32_t offset, length; }
        bad[] = {
            { CAP_COMMON, 1, 4, BAR_SIZE, 56 },
            { CAP_COMMON, 1, 4, BAR_SIZE - 52, 56 },
            { CAP_COMMON, 1, 4, 0xfffffffc, 56 },
            { CAP_COMMON, 1, 4, 0, 0xffffffff },
            { CAP_COMMON, 1, 4, 0, 52 },
            { CAP_COMMON, 1, 4, 2, 56 },
            { CAP_COMMON, 1, 3, 0, 56 },    /* ports */
            { CAP_COMMON, 1, 0, 0, 56 },    /* not implemented */
            { CAP_COMMON, 1, 5, 0, 56 },    /* another one's high half */
            { CAP_NOTIFY, 2, 4, BAR_SIZE, 2 },
            { CAP_NOTIFY, 2, 4, NOTIFY, 0 },
            { CAP_DEVICE, 4, 4, DEVICE, 0x1000 },
        };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fake_function *f = device();
        structure(f, bad[i].cap, f->config[bad[i].cap + 1], bad[i].type,
                  bad[i].bar, bad[i].offset, bad[i].length);
        driver_refuses("whose structure is not where it can be");
    }
}

/* Page tables for devices are few: one device must not take those of all. */
TEST(test_a_structure_of_many_mebibytes_is_mapped_as_far_as_it_is_used)
{
    const uint32_t at = REGISTERS - TABLE, length = 256 << 20;
    struct fake_function *f = device();

    fake_bar(f, 4, 4, TABLE, 512 << 20);
    structure(f, CAP_COMMON, CAP_NOTIFY, 1, 4, at + COMMON, length);
    structure(f, CAP_NOTIFY, CAP_DEVICE, 2, 4, at + NOTIFY, length);
    structure(f, CAP_DEVICE, 0, 4, 4, at + DEVICE, length);
    fake_set32(f, CAP_NOTIFY + 16, 4);
    driver_scan();
    CHECK(driver.attached == 1, "error %d, \"%s\"", driver.error,
          unit_log_last());
    CHECK(mapped_most <= 2 << 20, "%llu bytes are mapped for a structure",
          (unsigned long long)mapped_most);
}

TEST(test_a_structure_in_a_bar_without_an_address_is_refused)
{
    struct fake_function *f = device();
    fake_set32(f, PCI_BAR0 + 16, 4);
    driver_refuses("whose BAR has no address");
}

TEST(test_a_structure_that_is_missing_is_noticed)
{
    struct fake_function *f = device();
    f->config[CAP_NOTIFY + 3] = 99;
    driver_refuses("without a notify structure");
    f = device();
    f->config[CAP_COMMON + 4] = 6; /* a reserved BAR: does not count */
    driver_refuses("without a common structure");
    f = device();
    f->config[CAP_NOTIFY + 2] = 16;
    driver_refuses("whose notify capability has no multiplier");
}

TEST(test_a_capability_list_that_loops_does_not_hold_up_the_device)
{
    struct fake_function *f = device();
    f->config[CAP_DEVICE + 1] = CAP_COMMON;
    driver_scan();
    CHECK(driver.attached == 1, "error %d, \"%s\"", driver.error,
          unit_log_last());
}

TEST(test_capabilities_at_the_end_of_configuration_space_are_not_read_beyond)
{
    for (unsigned offset = 0xf0; offset < 0x100; offset += 4) {
        struct fake_function *f = device();
        f->config[CAP_DEVICE + 1] = (uint8_t)offset;
        fake_capability(f, offset, PCI_CAP_VENDOR, 0, 0);
        if (offset + 3 < PCI_CONFIG_SIZE) {
            f->config[offset + 2] = 255;
            f->config[offset + 3] = 2;
        }
        driver_scan();
    }
    CHECK(driver.attached == 4, "the device is brought up: %u of 4",
          driver.attached);
}

TEST(test_an_absurd_notify_multiplier_is_refused)
{
    static const struct { uint32_t multiplier; uint16_t offset; } bad[] = {
        { 0xffffffff, 1 }, { 0x80000000, 2 }, { 4, 64 }, { 0x7f, 1 },
        { 0xffffffff, 0xffff }, { 0x100, 1 },
    };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fake_function *f = device();
        fake_set32(f, CAP_NOTIFY + 16, bad[i].multiplier);
        set(QUEUE_NOTIFY_OFF, bad[i].offset);
        driver_refuses("that is to be notified outside of its structure");
        CHECK(driver.error == -EIO, "error %d", driver.error);
    }
}

TEST(test_an_absurd_queue_size_is_refused)
{
    static const uint16_t bad[] = { 3, 65535, 40000 };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        device();
        set(QUEUE_SIZE, bad[i]);
        driver_refuses("with a queue whose size can't be");
    }
    device();
    set(QUEUE_SIZE, 0);
    driver_scan();
    CHECK(driver.attached == 0 && driver.error == -ENODEV, "a queue of 0 is "
          "none");
    device();
    set(NUM_QUEUES, 0);
    driver_scan();
    CHECK(driver.attached == 0 && driver.error == -ENODEV, "nor is one beyond "
          "num_queues");
}

TEST(test_an_msix_table_outside_of_its_bar_leaves_the_device_unused)
{
    struct fake_function *f = device();
    fake_set32(f, 0x44, BAR_SIZE - 16 + 1);
    driver_refuses("whose MSI-X table is not in its BAR");
    f = device();
    f->config[0x40] = 0x05; /* MSI, which is no MSI-X */
    driver_refuses("without MSI-X");
}

TEST(test_a_device_that_takes_no_vector_is_not_used)
{
    device();
    takes_no_vector = true;
    driver_refuses("that takes none of the vectors offered");
    CHECK(driver.error == -ENOSPC, "error %d", driver.error);
}
