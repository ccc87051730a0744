/* SPDX-License-Identifier: MIT */
/*
 * test_bus.c - what is given of PCI, against a fake bus: the scan that shows
 * every function to every driver, and MSI-X.
 */
#include "core/start.h"
#include "fake_pci.h"
#include "lib/errno.h"

#include <stdio.h>
#include <string.h>

enum { PLENTY = 1000000 };

/* ---- The scan --------------------------------------------------------- */

static char probed[256];

static int probe(struct pci_address at, uint16_t vendor, uint16_t device)
{
    size_t len = strlen(probed);
    snprintf(probed + len, sizeof probed - len, "%02x:%02x.%x=%04x:%04x ",
             at.bus, at.device, at.function, vendor, device);
    return device == 0xd1 ? 0 : -ENODEV;
}

static const struct pci_driver test_driver = { .name = "test", .probe = probe };
PCI_DRIVER(test_driver);

extern const struct initcall __start_initcalls[];

static struct fake_function *bridge(uint8_t device, uint8_t last)
{
    struct fake_function *f = fake_function(0, device, 0, 0x1b36, 0xc);
    f->config[PCI_HEADER_TYPE] = PCI_HEADER_BRIDGE;
    f->config[PCI_SUBORDINATE_BUS] = last;
    return f;
}

TEST(test_the_scan_shows_what_lies_behind_bridges)
{
    fake_pci_begin(PLENTY);
    bridge(2, 1);
    bridge(3, 3);
    fake_function(1, 0, 0, 0x1af4, 0xd1);
    fake_function(3, 0, 0, 0x1af4, 0xd3);
    __start_initcalls[0].run();
    CHECK(strcmp(probed, "00:02.0=1b36:000c 00:03.0=1b36:000c "
                         "01:00.0=1af4:00d1 03:00.0=1af4:00d3 ") == 0,
          "drivers are shown \"%s\"", probed);
}

TEST(test_the_scan_ends_whatever_buses_a_bridge_says_that_it_has)
{
    fake_pci_begin(PLENTY);
    bridge(2, 255);
    fake_function(7, 0, 0, 0x1af4, 0xd1);
    __start_initcalls[0].run();
    CHECK(strstr(probed, "07:00.0"), "what is there is found: \"%s\"", probed);
}

static struct fake_function *device(void)
{
    fake_pci_begin(PLENTY);
    return fake_function(0, 3, 0, 0x1af4, 0x1041);
}

/* ---- MSI-X ------------------------------------------------------------ */

enum { TABLE = 0xfd000000 };
static uint32_t table[4 * 8];

void mmio_write32(uintptr_t addr, uint32_t value)
{
    CHECK(addr >= TABLE && addr - TABLE < sizeof table && addr % 4 == 0,
          "an entry of the table is written, not what lies at 0x%lx",
          (unsigned long)addr);
    table[(addr - TABLE) / 4] = value;
}

static struct fake_function *with_msix(uint16_t control, uint32_t where)
{
    struct fake_function *f = device();
    fake_bar(f, 1, 0, TABLE, 4096);
    fake_bar(f, 2, 1, 0xc000, 4096);
    fake_bar(f, 3, 0, 0, 4096);
    fake_capability(f, 0x40, PCI_CAP_MSIX, 0, 0);
    fake_set16(f, 0x42, control);
    fake_set32(f, 0x44, where);
    return f;
}

static int enable_msix(struct fake_function *f, struct pci_msix *msix)
{
    struct pci_bar bars[PCI_BARS];

    pci_bars(f->at, bars);
    return pci_msix_enable(f->at, bars, msix);
}

TEST(test_msix_is_switched_on_with_every_vector_masked)
{
    struct fake_function *f = with_msix(7 | 1 << 14, 1);
    struct pci_msix msix;
    CHECK(enable_msix(f, &msix) == 0 && msix.count == 8,
          "a function with 8 vectors has 8");
    CHECK(pci_config_read16(f->at, 0x42) == (7 | 1 << 15), "it is on");
    for (unsigned i = 0; i < 8; i++)
        CHECK(table[4 * i + 3] == 1, "vector %u is masked", i);

    struct irq_source source = { IRQ_MESSAGE, 0, 0x1fee00000, 0x30 };
    CHECK(pci_msix_set(&msix, 7, &source) == 0 && table[28] == 0xfee00000 &&
              table[29] == 1 && table[30] == 0x30 && table[31] == 0,
          "vector 7 is as it was asked for");
    CHECK(pci_msix_set(&msix, 8, &source) == -EINVAL, "there is no vector 8");
}

TEST(test_an_msix_table_outside_of_its_bar_is_refused)
{
    static const struct { uint16_t control; uint32_t where; } bad[] = {
        { 7, 4096 + 1 }, { 7, 0xfffffff8 + 1 }, { 7, 3968 + 8 + 1 },
        { 2047, 1 }, { 7, 2 }, { 7, 3 }, { 7, 0 }, { 7, 6 }, { 7, 7 },
    };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fake_function *f = with_msix(bad[i].control, bad[i].where);
        struct pci_msix msix;
        int error = enable_msix(f, &msix);
        CHECK(error == -EIO, "control 0x%x, table 0x%x: error %d: expected "
              "-EIO", bad[i].control, bad[i].where, error);
        CHECK(pci_config_read16(f->at, 0x42) == bad[i].control, "it is off");
    }
}

TEST(test_a_function_without_msix_is_enodev)
{
    struct fake_function *f = device();
    struct pci_msix msix;
    CHECK(enable_msix(f, &msix) == -ENODEV, "it has none");
    fake_capability(f, 0xf8, PCI_CAP_MSIX, 0, 0);
    CHECK(enable_msix(f, &msix) == -ENODEV, "half of one is none");
}
