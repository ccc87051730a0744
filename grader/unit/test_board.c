/* SPDX-License-Identifier: MIT */
/*
 * test_board.c - what the aarch64 port makes of a device tree, where a loader
 * leaves it: at 1 GiB.
 */
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/aarch64/aarch64.h"
#include "core/cmdline.h"
#include "fake_tree.h"
#include "unit.h"

__asm__(".data\n"
        ".globl image_start, image_end\n"
        ".balign 4096\n"
        "image_start: .skip 8192\n"
        "image_end:\n"
        ".text\n");

enum { MEMORY = 1 << 30, ROOM = 2 << 20 };

static jmp_buf refusal;
static const char *refused;
static struct mem_map map;

void core_refuse(const char *why)
{
    refused = why;
    longjmp(refusal, 1);
}

static uint8_t seed[8];

void random_seed(const uint8_t *bytes, uint32_t count)
{
    memcpy(seed, bytes, count < sizeof seed ? count : sizeof seed);
}

void panic_text(const char *text)
{
    (void)text;
}

/* Memory from 1 GiB on, as much as a tree may have. */
static uint8_t *memory(void)
{
    static uint8_t *there;

    if (!there) {
        there = mmap((void *)(uintptr_t)MEMORY, ROOM, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        CHECK(there == (void *)(uintptr_t)MEMORY,
              "the host has room at 1 GiB for the test");
    }
    return there;
}

/* Reads the tree of `size` bytes, left at 1 GiB + `at`, of which the loader
 * says `x0`. False when it was refused. */
static bool read(size_t size, size_t at, uintptr_t x0)
{
    memset(memory(), 0, 64 << 10);
    memcpy(memory() + at, tree_bytes, size);
    map.count = 0;
    refused = NULL;
    if (setjmp(refusal))
        return false;
    board_read(x0, &map);
    return true;
}

TEST(test_the_tree_of_virt_is_understood)
{
    struct mmio_window window;
    char value[20];

    CHECK(read(tree_of_virt(), 0, 0), "it makes sense; here: %s", refused);
    CHECK(map.count == 2 && map.region[0].base == MEMORY &&
              map.region[0].size == 64 << 20 &&
              map.region[1].base == 1ull << 32,
          "two ranges are memory; here %u", map.count);
    CHECK(cmdline_value("mode", value, sizeof value) == 4 &&
              strcmp(value, "fast") == 0, "the line is kept");
    CHECK(memcmp(seed, "unlikely", 8) == 0, "the seed is taken");
    const struct board *b = board();
    CHECK(b->gic_distributor.base == 0x8000000 && b->gic_cpu.base == 0x8010000,
          "the interrupt controller's two parts are found");
    CHECK(b->uart.base == 0x9000000 && b->uart.line == 1 && !b->uart.edge,
          "the serial line is the root's child, not another node's");
    CHECK(b->timer == 27 && b->psci == PSCI_HVC, "timer and firmware");
    CHECK(b->rtc.base == 0 && b->fw_cfg.base == 0, "what is not there is not");
    CHECK(arch_mmio_window(1, &window) && window.base == 0xa000200 &&
              window.size == 0x200 && window.line == 17 && b->window[1].edge,
          "windows in their order");
    CHECK(!arch_mmio_window(2, &window), "and no more than there are");
}

TEST(test_the_tree_is_where_the_loader_says)
{
    CHECK(read(tree_of_virt(), 4096, MEMORY + 4096), "here: %s", refused);
    CHECK(!read(tree_of_virt(), 4096, 0), "and nowhere else");
    CHECK(!read(tree_of_virt(), 0, 4096), "not below the memory");
    CHECK(!read(tree_of_virt(), 0, MEMORY + 4), "at a multiple of 8");
    CHECK(!read(tree_of_virt(), 0, 0x7fffffff0), "not beyond the first GiB");
    CHECK(!read(tree_of_virt(), 0, UINTPTR_MAX & ~7ul), "nor at the very end");
}

TEST(test_a_reserved_range_and_the_image_are_no_memory)
{
    const uint64_t image = (uintptr_t)image_start;
    bool after_reserved = false;

    tree_begin(1);
    tree_node_begin("");
    tree_cells("#address-cells", 1, (uint32_t[]){ 2 });
    tree_cells("#size-cells", 1, (uint32_t[]){ 2 });
    tree_node_begin("memory");
    tree_text("device_type", "memory");
    tree_cells("reg", 8, (uint32_t[]){ 0, 0x80000000, 0, 0x4000,
                                       (uint32_t)(image >> 32),
                                       (uint32_t)image, 0, 0x3000 });
    tree_node_end();
    tree_node_begin("reserved-memory");
    tree_cells("reg", 4, (uint32_t[]){ 0, 0x80001000, 0, 0x1000 });
    tree_node_begin("firmware@80003000");
    tree_cells("reg", 4, (uint32_t[]){ 0, 0x80003000, 0, 0x1000 });
    tree_node_end();
    tree_node_end();
    tree_node_end();
    CHECK(read(tree_finish(), 0, 0), "here: %s", refused);
    CHECK(map.count == 2, "two ranges are left; here %u", map.count);
    for (unsigned i = 0; i < map.count; i++) {
        CHECK(map.region[i].base >= (uintptr_t)image_end ||
                  map.region[i].base + map.region[i].size <= image,
              "region %u is not a part of the image", i);
        after_reserved |= map.region[i].base == 0x80001000 &&
                          map.region[i].size == 0x2000;
    }
    CHECK(after_reserved, "of four pages from 2 GiB on, the first and the last "
          "are reserved");
}

static void serial_line(const char *name, uint32_t base, const char *status)
{
    tree_node_begin(name);
    tree_text("compatible", "arm,pl011");
    tree_cells("reg", 4, (uint32_t[]){ 0, base, 0, 0x1000 });
    if (status)
        tree_text("status", status);
    tree_node_end();
}

TEST(test_what_is_there_for_others_is_left_alone)
{
    tree_begin(0);
    tree_node_begin("");
    tree_cells("#address-cells", 1, (uint32_t[]){ 2 });
    tree_cells("#size-cells", 1, (uint32_t[]){ 2 });
    serial_line("pl011@9040000", 0x9040000, "disabled");    /* the secure
                                                               world's */
    serial_line("pl011@9050000", 0x9050000, "fail-parity");
    serial_line("pl011@9060000", 0x9060000, "reserved");
    serial_line("pl011@9000000", 0x9000000, "okay");
    tree_node_begin("memory@40000000");
    tree_text("device_type", "memory");
    tree_cells("reg", 4, (uint32_t[]){ 0, 0x40000000, 0, 0x1000000 });
    tree_node_end();
    tree_node_begin("memory@e000000");
    tree_text("device_type", "memory");
    tree_text("status", "disabled");
    tree_cells("reg", 4, (uint32_t[]){ 0, 0xe000000, 0, 0x1000000 });
    tree_node_end();
    tree_node_end();
    CHECK(read(tree_finish(), 0, 0), "here: %s", refused);
    CHECK(board()->uart.base == 0x9000000,
          "the serial line is the one that is ours; here it is at %#lx",
          (unsigned long)board()->uart.base);
    CHECK(map.count == 1 && map.region[0].base == MEMORY,
          "and so is the memory; here %u regions", map.count);
}

TEST(test_a_machine_that_will_not_do_is_refused)
{
    tree_begin(0);
    tree_node_begin("");
    tree_cells("#address-cells", 1, (uint32_t[]){ 1 });
    tree_cells("#size-cells", 1, (uint32_t[]){ 2 });
    tree_node_end();
    CHECK(!read(tree_finish(), 0, 0) && strstr(refused, "64 bits"),
          "addresses of 32 bits are refused; here: %s", refused);
    tree_begin(0);
    tree_node_begin("");
    tree_cells("#address-cells", 1, (uint32_t[]){ 2 });
    tree_cells("#size-cells", 1, (uint32_t[]){ 2 });
    tree_node_end();
    CHECK(!read(tree_finish(), 0, 0) && strstr(refused, "no memory"),
          "and so is a machine without memory; here: %s", refused);
}

TEST(test_whatever_the_tree_says_the_guest_starts_or_refuses)
{
    for (unsigned round = 0; round < 5000; round++) {
        size_t size = tree_of_virt();
        for (unsigned n = 1 + unit_random_below(6); n > 0; n--) {
            uint32_t at = unit_random_below((uint32_t)size);
            tree_bytes[at] = (uint8_t)(unit_random_below(2)
                                           ? unit_random()
                                           : unit_random_below(4));
        }
        if (read(size, 0, 0))
            CHECK(map.count > 0 && map.count <= MEM_MAP_MAX &&
                      board()->windows <= BOARD_WINDOWS,
                  "%u regions, %u windows", map.count, board()->windows);
    }
}
