/* SPDX-License-Identifier: MIT */
/*
 * test_pci.c - lab 06's steps 6.1 to 6.4 against a fake bus. What is given
 * besides, the scan and MSI-X, is test_bus.c's.
 */
#include "fake_pci.h"

#include <stdio.h>
#include <string.h>

enum { PLENTY = 1000000 };

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

/* `what` there is, for who did not find it. */
static void check_walk(const char *what, const char *expected)
{
    const char *found = walk();
    CHECK(strcmp(found, expected) == 0, "%s: the walk finds \"%s\": expected "
          "\"%s\"", what, found, expected);
}

TEST(test_next_finds_nobody_on_an_empty_bus)
{
    fake_pci_begin(PLENTY);
    check_walk("an empty bus", "");
}

TEST(test_next_finds_every_device_in_order)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 31, 0, 0x8086, 1);
    fake_function(0, 0, 0, 0x8086, 2);
    fake_function(0, 5, 0, 0x1af4, 3);
    check_walk("three devices", "00:00.0 00:05.0 00:1f.0 ");
}

TEST(test_next_finds_every_function_of_a_device_that_has_several)
{
    fake_pci_begin(PLENTY);
    fake_set16(fake_function(0, 31, 0, 0x8086, 1), PCI_HEADER_TYPE,
               PCI_HEADER_MULTI_FUNCTION);
    fake_function(0, 31, 7, 0x8086, 1);
    struct fake_function *first = fake_function(0, 4, 0, 0x8086, 1);
    first->config[PCI_HEADER_TYPE] = PCI_HEADER_MULTI_FUNCTION | 1;
    fake_function(0, 4, 1, 0x8086, 1); /* says nothing of the others */
    fake_function(0, 4, 6, 0x8086, 1);
    check_walk("devices of several functions",
               "00:04.0 00:04.1 00:04.6 00:1f.0 00:1f.7 ");
}

TEST(test_next_takes_a_device_of_one_function_for_one)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 3, 0, 0x8086, 1)->answers_for_all = true;
    fake_function(0, 4, 0, 0x8086, 1)->answers_for_all = true;
    fake_function(0, 7, 0, 0x8086, 1);
    fake_function(0, 7, 1, 0x8086, 1); /* function 0 does not say so */
    fake_function(0, 8, 0, 0x8086, 1);
    fake_function(0, 8, 2, 0x8086, 1);
    check_walk("devices of one function", "00:03.0 00:04.0 00:07.0 00:08.0 ");
}

TEST(test_next_does_not_look_for_functions_of_a_device_that_is_not_there)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 3, 1, 0x8086, 1);
    fake_function(0, 4, 0, 0x8086, 1);
    check_walk("a slot without a function 0", "00:04.0 ");
}

TEST(test_next_goes_to_the_last_bus_and_no_further)
{
    fake_pci_begin(PLENTY);
    fake_function(0, 0, 0, 0x8086, 1);
    fake_function(1, 0, 0, 0x8086, 1);
    fake_function(1, 31, 0, 0x8086, 1);
    fake_function(2, 0, 0, 0x8086, 1);
    check_walk("pci_last_bus is 0", "00:00.0 ");
    pci_last_bus = 1;
    check_walk("pci_last_bus is 1", "00:00.0 01:00.0 01:1f.0 ");
    pci_last_bus = 2;
    check_walk("pci_last_bus is 2", "00:00.0 01:00.0 01:1f.0 02:00.0 ");
}

TEST(test_next_ends_behind_the_last_function_of_bus_255)
{
    fake_pci_begin(PLENTY);
    pci_last_bus = 255;
    fake_set16(fake_function(255, 31, 0, 0x8086, 1), PCI_HEADER_TYPE,
               PCI_HEADER_MULTI_FUNCTION);
    fake_function(255, 31, 7, 0x8086, 1);
    check_walk("pci_last_bus is 255", "ff:1f.0 ff:1f.7 ");
}

/* ---- 6.2 pci_capability ----------------------------------------------- */

static struct fake_function *device(void)
{
    fake_pci_begin(PLENTY);
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
    struct pci_bar bar = pci_bar(f->at, index);

    CHECK(bar.io == expected.io && bar.wide == expected.wide, "BAR %u: io %d, "
          "wide %d: expected %d, %d", index, bar.io, bar.wide, expected.io,
          expected.wide);
    CHECK(bar.base == expected.base, "BAR %u has base 0x%llx: expected "
          "0x%llx", index, (unsigned long long)bar.base,
          (unsigned long long)expected.base);
    CHECK(bar.size == expected.size, "BAR %u has size 0x%llx: expected "
          "0x%llx", index, (unsigned long long)bar.size,
          (unsigned long long)expected.size);
}

/* A BAR of each kind; `command` is the command register. */
static struct fake_function *with_bars(uint16_t command)
{
    struct fake_function *f = device();
    fake_set16(f, PCI_COMMAND, command);
    fake_bar(f, 0, 1, 0xc048, 8);
    fake_bar(f, 1, 0, 0xfebd1000, 4096);
    fake_bar(f, 2, 12, 0xc0fe000000, 1 << 14);
    fake_bar(f, 4, 4, 0x4000000000, 1ull << 33);
    return f;
}

TEST(test_bar_of_ports)
{
    check_bar(with_bars(0), 0, (struct pci_bar){ true, false, 0xc048, 8 });
}

TEST(test_bar_of_ports_of_which_sixteen_bits_are_wired)
{
    struct fake_function *f = with_bars(0);
    f->short_ports = true;
    check_bar(f, 0, (struct pci_bar){ true, false, 0xc048, 8 });
}

TEST(test_bar_of_memory)
{
    check_bar(with_bars(0), 1,
              (struct pci_bar){ false, false, 0xfebd1000, 4096 });
}

TEST(test_bar_of_64_bits_is_two_registers)
{
    check_bar(with_bars(0), 2,
              (struct pci_bar){ false, true, 0xc0fe000000, 1 << 14 });
    check_bar(with_bars(0), 4,
              (struct pci_bar){ false, true, 0x4000000000, 1ull << 33 });
}

TEST(test_bar_5_is_one_like_others)
{
    struct fake_function *f = device();
    fake_bar(f, 5, 1, 0x6080, 16);
    check_bar(f, 5, (struct pci_bar){ true, false, 0x6080, 16 });
    f = device();
    fake_bar(f, 5, 0, 0xfe000000, 1 << 20);
    check_bar(f, 5, (struct pci_bar){ false, false, 0xfe000000, 1 << 20 });
}

TEST(test_bar_that_is_not_implemented_has_size_0)
{
    struct fake_function *f = device();
    for (unsigned i = 0; i < 6; i++)
        check_bar(f, i, (struct pci_bar){ 0 });
}

static void check_none(struct fake_function *f, unsigned index,
                       const char *why)
{
    struct pci_bar bar = pci_bar(f->at, index);

    CHECK(!bar.io && !bar.wide && bar.base == 0 && bar.size == 0, "%s: "
          "pci_bar(at, %u) gave io %d, wide %d, base 0x%llx, size 0x%llx: "
          "expected none, all zero", why, index, bar.io, bar.wide,
          (unsigned long long)bar.base, (unsigned long long)bar.size);
}

TEST(test_bar_beyond_the_last_is_none)
{
    struct fake_function *f = with_bars(0);
    check_none(f, 6, "there is no BAR 6");
    check_none(f, 7, "there is no BAR 7");
}

TEST(test_bar_5_of_64_bits_is_none)
{
    struct fake_function *f = device();
    fake_bar(f, 5, 4, 0xfe000000, 4096);
    fake_set32(f, 0x28, 0xffffffff);
    check_none(f, 5, "BAR 5 says 64 bits and has no register behind it");
}

enum { ANSWERS = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                 1 << 8 };

TEST(test_sizing_happens_while_the_function_answers_nowhere)
{
    struct fake_function *f = with_bars(ANSWERS);
    for (unsigned i = 0; i < 6; i++)
        pci_bar(f->at, i); /* fake_pci.c looks at each write */
}

static void check_left_alone(struct fake_function *f)
{
    uint8_t before[PCI_CONFIG_SIZE];

    memcpy(before, f->config, sizeof before);
    for (unsigned i = 0; i < 8; i++) {
        pci_bar(f->at, i);
        for (unsigned at = 0; at < sizeof before; at++)
            CHECK(f->config[at] == before[at], "after pci_bar(at, %u) the byte "
                  "at 0x%02x is 0x%02x: expected 0x%02x, as before", i, at,
                  f->config[at], before[at]);
    }
}

TEST(test_sizing_leaves_every_register_as_it_was)
{
    check_left_alone(with_bars(ANSWERS));
    check_left_alone(with_bars(PCI_COMMAND_MEMORY));
    check_left_alone(with_bars(0));
}

TEST(test_sizing_all_bars_lets_the_function_begin_to_answer_once)
{
    struct fake_function *f = with_bars(ANSWERS);
    struct pci_bar bars[PCI_BARS];

    pci_bars(f->at, bars);
    CHECK(bars[0].io && bars[0].size == 8 && bars[1].base == 0xfebd1000 &&
              bars[2].wide && bars[3].size == 0 && !bars[3].wide &&
              bars[4].size == 1ull << 33 && bars[5].size == 0,
          "of a BAR pci_bars() says something else than pci_bar()");
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
