/* SPDX-License-Identifier: MIT */
/*
 * board.c - what the loader says of this machine, by a device tree: memory,
 * command line, and where the devices are. [Devicetree Specification 0.4]
 *
 * Everything is copied out in one go, so that afterwards the tree's own memory
 * is memory like any other. A device is looked for among the root's children,
 * where its addresses are those of the processor's own bus; what lies behind a
 * bridge is for another day.
 */
#include "aarch64.h"

#include "arch/aarch64/device_tree.h"
#include "lib/string.h"

enum {
    MEMORY_BASE = 1 << 30,      /* where the board's memory begins, ... */
    BOOT_MAPPED = 1 << 30,      /* ... so much of it is mapped by boot.S */
    TREE_SIZE_MAX = 2 << 20,    /* [Linux, Documentation/arm64/booting] */

    TOP = 2,                    /* the depth of the root's children */
    CELLS = 2,                  /* of an address and of a size, there */

    INTERRUPT_CELLS = 3,        /* kind, number, flags [bindings, arm,gic] */
    INTERRUPT_SPI = 0,          /* from INTID 32 on */
    INTERRUPT_PPI = 1,          /* from INTID 16 on */
    INTERRUPT_EDGE = 1 << 0,    /* flags: a rising edge */
    TIMER_VIRTUAL = 2,          /* of the timers, the third */
};

static struct board found;

const struct board *board(void)
{
    return &found;
}

/* Whether the node is there for us: it says nothing of it, or "okay". ("ok" is
 * how others have it.) [§2.3.4] */
static bool is_ours(const struct device_tree *tree,
                    const struct tree_node *node)
{
    struct tree_value status;

    return !tree_value(tree, node, "status", &status) ||
           tree_value_has(&status, "okay") || tree_value_has(&status, "ok");
}

/* Interrupt number `i` of the node: false when it has none so far on. */
static bool interrupt_of(const struct device_tree *tree,
                         const struct tree_node *node, unsigned i,
                         uint64_t out[INTERRUPT_CELLS])
{
    struct tree_value value;

    if (!tree_value(tree, node, "interrupts", &value))
        return false;
    for (unsigned cell = 0; cell < INTERRUPT_CELLS; cell++)
        if (!tree_number(&value, i * INTERRUPT_CELLS + cell, 1, &out[cell]))
            return false;
    return true;
}

/* Range number `i` of the node's registers. */
static bool range_of(const struct device_tree *tree,
                     const struct tree_node *node, unsigned i, uint64_t *base,
                     uint64_t *size)
{
    struct tree_value reg;

    return tree_value(tree, node, "reg", &reg) &&
           tree_number(&reg, i * 2 * CELLS, CELLS, base) &&
           tree_number(&reg, i * 2 * CELLS + CELLS, CELLS, size);
}

/* The device with range `i` of the node's; of several the first counts. Its
 * registers are words, and so lie where words may. */
static void device_of(const struct device_tree *tree,
                      const struct tree_node *node, unsigned i,
                      struct board_device *device)
{
    uint64_t interrupt[INTERRUPT_CELLS];
    uint64_t base, size;

    if (device->base != 0 || !range_of(tree, node, i, &base, &size) ||
        base % 8 != 0)
        return;
    *device = (struct board_device){ base, size, NO_LINE, false };
    if (interrupt_of(tree, node, 0, interrupt) &&
        interrupt[0] == INTERRUPT_SPI && interrupt[1] < NO_LINE) {
        device->line = (unsigned)interrupt[1];
        device->edge = interrupt[2] & INTERRUPT_EDGE;
    }
}

static void read_timer(const struct device_tree *tree,
                       const struct tree_node *node)
{
    uint64_t interrupt[INTERRUPT_CELLS];

    if (interrupt_of(tree, node, TIMER_VIRTUAL, interrupt) &&
        interrupt[0] == INTERRUPT_PPI && interrupt[1] < 16)
        found.timer = 16 + (unsigned)interrupt[1];
}

static void read_psci(const struct device_tree *tree,
                      const struct tree_node *node)
{
    struct tree_value method;

    if (!tree_value(tree, node, "method", &method))
        return;
    if (tree_value_has(&method, "hvc"))
        found.psci = PSCI_HVC;
    else if (tree_value_has(&method, "smc"))
        found.psci = PSCI_SMC;
}

static void read_window(const struct device_tree *tree,
                        const struct tree_node *node)
{
    if (found.windows < BOARD_WINDOWS) {
        struct board_device *window = &found.window[found.windows];
        device_of(tree, node, 0, window);
        if (window->base != 0)
            found.windows++;
    }
}

static void read_device(const struct device_tree *tree,
                        const struct tree_node *node)
{
    struct tree_value is;

    if (!tree_value(tree, node, "compatible", &is))
        return;
    if (tree_value_has(&is, "arm,cortex-a15-gic") ||
        tree_value_has(&is, "arm,gic-400")) {
        device_of(tree, node, 0, &found.gic_distributor);
        device_of(tree, node, 1, &found.gic_cpu);
    } else if (tree_value_has(&is, "arm,pl011")) {
        device_of(tree, node, 0, &found.uart);
    } else if (tree_value_has(&is, "arm,pl031")) {
        device_of(tree, node, 0, &found.rtc);
    } else if (tree_value_has(&is, "qemu,fw-cfg-mmio")) {
        device_of(tree, node, 0, &found.fw_cfg);
    } else if (tree_value_has(&is, "virtio,mmio")) {
        read_window(tree, node);
    } else if (tree_value_has(&is, "arm,armv8-timer")) {
        read_timer(tree, node);
    } else if (tree_value_has(&is, "arm,psci-0.2")) {
        read_psci(tree, node);
    }
}

static void read_memory(const struct device_tree *tree,
                        const struct tree_node *node, struct mem_map *map)
{
    struct tree_value kind;
    uint64_t base, size;

    if (!tree_value(tree, node, "device_type", &kind) ||
        !tree_value_has(&kind, "memory"))
        return;
    for (unsigned i = 0; range_of(tree, node, i, &base, &size); i++)
        map_add(map, base, size);
}

static void read_chosen(const struct device_tree *tree,
                        const struct tree_node *node)
{
    struct tree_value value;

    if (strcmp(node->name, "chosen") != 0)
        return;
    if (tree_value(tree, node, "bootargs", &value) && tree_value_text(&value))
        cmdline_set(tree_value_text(&value), strlen(tree_value_text(&value)));
    if (tree_value(tree, node, "rng-seed", &value))
        random_seed(value.data, value.len);
}

/* What is not to be touched: a list before the tree, and a node in it, whose
 * children have ranges like the root's. */
static void cut_reserved(const struct device_tree *tree, struct mem_map *map)
{
    struct tree_node node = { 0 };
    bool reserved = false;
    uint64_t base, size;

    for (unsigned i = 0; tree_reserved(tree, i, &base, &size); i++)
        map_cut(map, base, size);
    while (tree_next(tree, &node)) {
        if (node.depth <= TOP)
            reserved = strcmp(node.name, "reserved-memory") == 0;
        for (unsigned i = 0; reserved && node.depth == TOP + 1 &&
                             range_of(tree, &node, i, &base, &size); i++)
            map_cut(map, base, size);
    }
}

/* Addresses and sizes of the root's children take two cells each. */
static void check_cells(const struct device_tree *tree,
                        const struct tree_node *root)
{
    struct tree_value address, size;
    uint64_t address_cells, size_cells;

    if (!tree_value(tree, root, "#address-cells", &address) ||
        !tree_value(tree, root, "#size-cells", &size) ||
        !tree_number(&address, 0, 1, &address_cells) ||
        !tree_number(&size, 0, 1, &size_cells) || address_cells != CELLS ||
        size_cells != CELLS)
        core_refuse("the device tree's addresses and sizes are not of 64 "
                    "bits.");
}

/* Where the tree lies, and that it can be looked at there. */
static const void *find_tree(uintptr_t said)
{
    uintptr_t at = said ? said : MEMORY_BASE;
    const uintptr_t end = (uintptr_t)MEMORY_BASE + BOOT_MAPPED;

    if (at % 8 != 0 || at < MEMORY_BASE || at > end - TREE_SIZE_MAX)
        core_refuse("the boot loader's device tree is not in the first GiB of "
                    "memory, at a multiple of 8.");
    return (const void *)at;
}

static void open_tree(struct device_tree *tree, uintptr_t said)
{
    const char *wrong = device_tree_open(tree, find_tree(said), TREE_SIZE_MAX);

    if (!wrong)
        return;
    panic_text("the device tree makes no sense: ");
    panic_text(wrong);
    panic_text(".\n");
    core_refuse("the boot loader has left no device tree that can be read.");
}

void board_read(uintptr_t said, struct mem_map *map)
{
    struct device_tree tree;
    struct tree_node node = { 0 };

    open_tree(&tree, said);
    while (tree_next(&tree, &node)) {
        if (node.depth == TOP - 1)
            check_cells(&tree, &node);
        if (node.depth != TOP || !is_ours(&tree, &node))
            continue;
        read_memory(&tree, &node, map);
        read_chosen(&tree, &node);
        read_device(&tree, &node);
    }
    cut_reserved(&tree, map);

    /* Ours already: the page at 0, so that a null pointer faults; the image. */
    map_cut(map, 0, MEM_MAP_PAGE);
    map_cut(map, (uintptr_t)image_start,
            (uintptr_t)image_end - (uintptr_t)image_start);
    if (map->count == 0)
        core_refuse("the device tree knows of no memory.");
}

bool arch_mmio_window(unsigned i, struct mmio_window *out)
{
    if (i >= found.windows)
        return false;
    out->base = found.window[i].base;
    out->size = found.window[i].size;
    out->line = found.window[i].line;
    return true;
}
