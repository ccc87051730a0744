/* SPDX-License-Identifier: MIT */
/*
 * test_pci.c - lab 06's steps 6.1 to 6.4 against a fake bus, and what is given
 * besides: the scan and MSI-X.
 */
#include "core/start.h"
#include "fake_pci.h"
#include "lib/errno.h"

#include <stdio.h>
#include <string.h>

enum { PLENTY = 100000, FEW = 2000 };

/* ---- 6.1 pci_next ----------------------------------------------------- */

/* All that the walk finds, "00:01.0 00:02.3 "; it must end. */
static const char *walk(void)
{
    static char found[1024];
    struct pci_address at = PCI_BEFORE_FIRST, last = at;
    size_t len = 0;

    found[0] = '\0';
    while (pci_next(&at)) {
        CHECK(len < sizeof found - 16, "the walk goes on for ever: %s", found);
        len += (size_t)snprintf(found + len, sizeof found - len,
                                "%02x:%02x.%x ", at.bus, at.device,
                                at.function);
        last = at;
    }
    CHECK(memcmp(&at, &last, sizeof at) == 0, "at the end `at` is %02x:%02x.%x:"
          " expected it as it was, %02x:%02x.%x", at.bus, at.device,
          at.function, last.bus, last.device, last.function);
    return found;
}

static void check_walk(const char *expected)
{
    const char *found = walk();
    CHECK(strcmp(found, expected) == 0, "the walk finds \"%s\": expected "
          "\"%s\"", found, expected);
}

TEST(test_next_finds_nobody_on_an_empty_bus)
{
    fake_pci_begin(PLENTY);
    check_walk("");
}

TEST(test_next_finds_every_device_in_order)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 31, 0, 0x8086, 1);
    fake_function(0, 0, 0, 0x8086, 2);
    fake_function(0, 5, 0, 0x1af4, 3);
    check_walk("00:00.0 00:05.0 00:1f.0 ");
}

TEST(test_next_finds_every_function_of_a_device_that_has_several)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 3, 0, 0x8086, 1);
    fake_function(0, 3, 1, 0x8086, 1); /* function 0 does not say so */
    fake_set16(fake_function(0, 31, 0, 0x8086, 1), PCI_HEADER_TYPE,
               PCI_HEADER_MULTI_FUNCTION);
    fake_function(0, 31, 7, 0x8086, 1);
    struct fake_function *first = fake_function(0, 4, 0, 0x8086, 1);
    first->config[PCI_HEADER_TYPE] = PCI_HEADER_MULTI_FUNCTION | 1;
    fake_function(0, 4, 6, 0x8086, 1);
    check_walk("00:03.0 00:04.0 00:04.6 00:1f.0 00:1f.7 ");
}

TEST(test_next_takes_a_device_of_one_function_for_one)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 3, 0, 0x8086, 1)->answers_for_all = true;
    fake_function(0, 4, 0, 0x8086, 1)->answers_for_all = true;
    check_walk("00:03.0 00:04.0 ");
}

TEST(test_next_does_not_look_for_functions_of_a_device_that_is_not_there)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 3, 1, 0x8086, 1);
    fake_function(0, 4, 0, 0x8086, 1);
    check_walk("00:04.0 ");
}

TEST(test_next_goes_to_the_last_bus_and_no_further)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 0, 0, 0x8086, 1);
    fake_function(1, 0, 0, 0x8086, 1);
    fake_function(1, 31, 0, 0x8086, 1);
    fake_function(2, 0, 0, 0x8086, 1);
    check_walk("00:00.0 ");
    pci_last_bus = 1;
    check_walk("00:00.0 01:00.0 01:1f.0 ");
    pci_last_bus = 2;
    check_walk("00:00.0 01:00.0 01:1f.0 02:00.0 ");
}

TEST(test_next_ends_behind_the_last_function_of_bus_255)
{
    fake_pci_begin(PLENTY);
    pci_last_bus = 255;
    fake_set16(fake_function(255, 31, 0, 0x8086, 1), PCI_HEADER_TYPE,
               PCI_HEADER_MULTI_FUNCTION);
    fake_function(255, 31, 7, 0x8086, 1);
    check_walk("ff:1f.0 ff:1f.7 ");
}

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

/* ---- 6.2 pci_capability ----------------------------------------------- */

static struct fake_function *device(void)
{
    fake_pci_begin(FEW);
    return fake_function(0, 3, 0, 0x1af4, 0x1041);
}

/* Where those with id `id` are, each found from the one before. */
static const char *all(const struct fake_function *f, uint8_t id)
{
    static char found[512];
    unsigned at = 0;
    size_t len = 0;

    found[0] = '\0';
    while ((at = pci_capability(f->at, id, at)) != 0) {
        CHECK(len < sizeof found - 8, "the list goes on for ever: %s", found);
        len += (size_t)snprintf(found + len, sizeof found - len, "%02x ", at);
    }
    return found;
}

static void check_all(const struct fake_function *f, uint8_t id,
                      const char *expected)
{
    const char *found = all(f, id);
    CHECK(strcmp(found, expected) == 0, "capabilities 0x%02x are at \"%s\": "
          "expected \"%s\"", id, found, expected);
}

TEST(test_capability_finds_the_first_and_those_behind_it)
{
    struct fake_function *f = device();
    fake_capability(f, 0x98, 0x11, 0x40, 12);
    fake_capability(f, 0x40, 0x09, 0x50, 16);
    fake_capability(f, 0x50, 0x09, 0xfc, 16);
    fake_capability(f, 0xfc, 0x01, 0, 0);
    check_all(f, 0x11, "98 ");
    check_all(f, 0x09, "40 50 ");
    check_all(f, 0x01, "fc ");
    check_all(f, 0x05, "");
}

TEST(test_capability_asks_the_status_whether_there_is_a_list)
{
    struct fake_function *f = device();
    fake_capability(f, 0x40, 0x09, 0, 16);
    f->config[PCI_STATUS] = 0;
    check_all(f, 0x09, "");
}

TEST(test_capability_minds_no_reserved_bits)
{
    struct fake_function *f = device();
    fake_capability(f, 0x40, 0x09, 0x52, 16);
    fake_capability(f, 0x50, 0x09, 0, 16);
    f->config[PCI_CAPABILITIES] = 0x43;
    check_all(f, 0x09, "40 50 ");
}

TEST(test_capability_ends_a_list_that_loops)
{
    struct fake_function *f = device();
    fake_capability(f, 0x40, 0x09, 0x50, 16);
    fake_capability(f, 0x50, 0x09, 0x60, 16);
    fake_capability(f, 0x60, 0x11, 0x50, 16);
    check_all(f, 0x09, "40 50 ");
    check_all(f, 0x11, "60 ");
    check_all(f, 0x05, "");

    f = device();
    fake_capability(f, 0x40, 0x09, 0x40, 16);
    check_all(f, 0x09, "40 ");
    check_all(f, 0x05, "");
}

TEST(test_capability_ends_a_list_that_leads_into_the_header)
{
    struct fake_function *f = device();
    fake_capability(f, 0x40, 0x09, 0x10, 16);
    f->config[0x10] = 0x09;
    check_all(f, 0x09, "40 ");
    f->config[PCI_CAPABILITIES] = 0x3c;
    f->config[0x3c] = 0x09;
    check_all(f, 0x09, "");
}

TEST(test_capability_ends_whatever_the_list_is_made_of)
{
    for (unsigned round = 0; round < 2000; round++) {
        struct fake_function *f = device();
        f->config[PCI_STATUS] = PCI_STATUS_CAPABILITIES;
        for (unsigned i = PCI_CAPABILITIES; i < PCI_CONFIG_SIZE; i++)
            f->config[i] = (uint8_t)unit_random();
        all(f, f->config[unit_random_below(PCI_CONFIG_SIZE)]);
    }
}

/* ---- 6.3 pci_bar ------------------------------------------------------ */

static void check_bar(struct fake_function *f, unsigned index,
                      struct pci_bar expected)
{
    uint8_t before[PCI_CONFIG_SIZE];

    memcpy(before, f->config, sizeof before);
    struct pci_bar bar = pci_bar(f->at, index);
    CHECK(bar.base == expected.base, "BAR %u has base 0x%llx: expected "
          "0x%llx", index, (unsigned long long)bar.base,
          (unsigned long long)expected.base);
    CHECK(bar.size == expected.size, "BAR %u has size 0x%llx: expected "
          "0x%llx", index, (unsigned long long)bar.size,
          (unsigned long long)expected.size);
    CHECK(bar.io == expected.io && bar.wide == expected.wide, "BAR %u: io %d, "
          "wide %d: expected %d, %d", index, bar.io, bar.wide, expected.io,
          expected.wide);
    CHECK(memcmp(before, f->config, sizeof before) == 0,
          "after BAR %u was sized, its registers are not as they were", index);
}

static struct fake_function *with_bars(void)
{
    struct fake_function *f = device();
    fake_set16(f, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
                                   PCI_COMMAND_MASTER | 1 << 8);
    fake_bar(f, 0, 1, 0xc048, 8);
    fake_bar(f, 1, 0, 0xfebd1000, 4096);
    fake_bar(f, 2, 12, 0xc0fe000000, 1 << 14);
    fake_bar(f, 4, 4, 0x4000000000, 1ull << 33);
    return f;
}

TEST(test_bar_of_ports)
{
    check_bar(with_bars(), 0, (struct pci_bar){ true, false, 0xc048, 8 });
}

TEST(test_bar_of_memory)
{
    check_bar(with_bars(), 1,
              (struct pci_bar){ false, false, 0xfebd1000, 4096 });
}

TEST(test_bar_of_64_bits_is_two_registers)
{
    check_bar(with_bars(), 2,
              (struct pci_bar){ false, true, 0xc0fe000000, 1 << 14 });
    check_bar(with_bars(), 4,
              (struct pci_bar){ false, true, 0x4000000000, 1ull << 33 });
}

TEST(test_bar_that_is_not_implemented_has_size_0)
{
    struct fake_function *f = device();
    for (unsigned i = 0; i < 6; i++)
        check_bar(f, i, (struct pci_bar){ 0 });
}

TEST(test_bar_beyond_the_last_is_none)
{
    struct fake_function *f = with_bars();
    check_bar(f, 6, (struct pci_bar){ 0 });
    check_bar(f, 7, (struct pci_bar){ 0 });
    f = device();
    fake_bar(f, 5, 4, 0xfe000000, 4096);
    fake_set32(f, 0x28, 0xffffffff);
    check_bar(f, 5, (struct pci_bar){ 0 });
}

TEST(test_a_function_whose_bars_are_taken_together_begins_to_answer_once)
{
    struct fake_function *f = with_bars();
    struct pci_bar bars[PCI_BARS];

    pci_bars(f->at, bars);
    CHECK(bars[0].io && bars[0].size == 8 && bars[1].base == 0xfebd1000 &&
              bars[2].wide && bars[3].size == 0 && !bars[3].wide &&
              bars[4].size == 1ull << 33 && bars[5].size == 0,
          "the six are what pci_bar() says of each");
    CHECK(f->began == 0, "it begins to answer %u times while it is measured",
          f->began);
    pci_enable(f->at);
    CHECK(f->began == 1, "it answers, and has begun to %u times", f->began);
}

/* ---- 6.4 pci_enable --------------------------------------------------- */

TEST(test_enable_sets_its_three_bits_and_leaves_the_others)
{
    struct fake_function *f = device();
    fake_set16(f, PCI_COMMAND, 1 << 8 | PCI_COMMAND_INTX_DISABLE);
    pci_enable(f->at);
    uint16_t command = pci_config_read16(f->at, PCI_COMMAND);
    CHECK((command & PCI_COMMAND_IO) && (command & PCI_COMMAND_MEMORY),
          "the function does not answer on its BARs: command is 0x%x",
          command);
    CHECK(command & PCI_COMMAND_MASTER, "the function may not read and write "
          "memory: command is 0x%x", command);
    CHECK(command == (1 << 8 | PCI_COMMAND_INTX_DISABLE | 7),
          "command is 0x%x: other bits have changed", command);
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
