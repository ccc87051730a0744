/* SPDX-License-Identifier: MIT */
/*
 * test_device_tree.c - the device tree's parser, against trees that are right,
 * cut short, and mistaken in every way.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/device_tree.h"
#include "fake_tree.h"
#include "unit.h"

/* What open says of the first `size` bytes of the tree, in memory that ends
 * there. When it is good, all of it is walked. */
static const char *try(size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct device_tree tree;
    struct tree_node node = { 0 };
    struct tree_value value;
    uint64_t a, b;

    memcpy(copy, tree_bytes, size);
    const char *wrong = device_tree_open(&tree, copy, size);

    while (!wrong && tree_next(&tree, &node)) {
        CHECK(node.depth >= 1 && node.depth <= TREE_DEPTH_MAX,
              "a node's depth is %u", node.depth);
        if (tree_value(&tree, &node, "compatible", &value))
            tree_value_has(&value, "virtio,mmio");
        if (tree_value(&tree, &node, "reg", &value))
            for (uint32_t i = 0; tree_number(&value, i, 2, &a); i++)
                ;
        if (tree_value(&tree, &node, "bootargs", &value))
            tree_value_text(&value);
    }
    for (unsigned i = 0; !wrong && tree_reserved(&tree, i, &a, &b); i++)
        ;
    free(copy);
    return wrong;
}

static void check_wrong(size_t size, const char *words)
{
    const char *wrong = try(size);

    CHECK(wrong && strstr(wrong, words), "what is wrong is that %s; here: %s",
          words, wrong ? wrong : "nothing");
}

/* The node of that name, in the tree that was finished last. */
static struct device_tree tree;

static struct tree_node find(const char *name)
{
    struct tree_node node = { 0 };
    const char *wrong = device_tree_open(&tree, tree_bytes,
                                         tree_get(FIELD_TOTALSIZE));

    CHECK(!wrong, "the tree is good; here: %s", wrong);
    while (tree_next(&tree, &node))
        if (strcmp(node.name, name) == 0)
            return node;
    FAIL("the tree has a node %s", name);
}

TEST(test_nodes_come_parents_first_with_their_depth)
{
    static const struct { const char *name; unsigned depth; } wanted[] = {
        { "", 1 }, { "chosen", 2 }, { "memory@40000000", 2 }, { "psci", 2 },
        { "timer", 2 }, { "intc@8000000", 2 }, { "v2m@8020000", 3 },
        { "pl011@9000000", 2 }, { "virtio_mmio@a000000", 2 },
        { "virtio_mmio@a000200", 2 },
    };
    struct tree_node node = { 0 };

    tree_of_virt();
    find("");
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        CHECK(tree_next(&tree, &node) &&
                  strcmp(node.name, wanted[i].name) == 0 &&
                  node.depth == wanted[i].depth,
              "node %u is %s of depth %u; here %s of %u", i, wanted[i].name,
              wanted[i].depth, node.name, node.depth);
    CHECK(!tree_next(&tree, &node), "and that is all");
}

TEST(test_a_node_has_its_own_properties_and_no_others)
{
    struct tree_value value;

    tree_of_virt();
    struct tree_node intc = find("intc@8000000");
    CHECK(tree_value(&tree, &intc, "compatible", &value) &&
              tree_value_has(&value, "arm,cortex-a15-gic"), "its own");
    CHECK(!tree_value_has(&value, "arm,pl011"), "not its child's");
    CHECK(!tree_value(&tree, &intc, "interrupts", &value),
          "not the next one's");
    struct tree_node root = find("");
    CHECK(tree_value(&tree, &root, "#size-cells", &value) && value.len == 4,
          "one behind FDT_NOP is found");
}

TEST(test_a_list_of_texts_is_searched_word_by_word)
{
    static const char list[] = "arm,psci-1.0\0arm,psci-0.2";
    struct tree_value value = { (const uint8_t *)list, sizeof list };

    CHECK(tree_value_has(&value, "arm,psci-1.0"), "the first");
    CHECK(tree_value_has(&value, "arm,psci-0.2"), "the last");
    CHECK(!tree_value_has(&value, "arm,psci-0"), "not a part of one");
    CHECK(!tree_value_has(&value, ""), "not nothing");
    value.len--;
    CHECK(!tree_value_has(&value, "arm,psci-0.2"), "not one without an end");
    value.len = 0;
    CHECK(!tree_value_text(&value), "a value of no length is no text");
}

TEST(test_numbers_are_read_inside_of_their_value_alone)
{
    static const uint8_t cells[] = { 0, 0, 0, 1, 2, 3, 4, 5, 6, 7 };
    struct tree_value value = { cells, sizeof cells };
    uint64_t n;

    CHECK(tree_number(&value, 0, 2, &n) && n == 0x102030405, "two cells");
    CHECK(tree_number(&value, 1, 1, &n) && n == 0x2030405, "one cell");
    CHECK(!tree_number(&value, 1, 2, &n), "the second of two is cut off");
    CHECK(!tree_number(&value, 2, 1, &n), "half a cell is none");
    CHECK(!tree_number(&value, UINT32_MAX, 2, &n), "far beyond");
    value.len = 3;
    CHECK(!tree_number(&value, 0, 1, &n), "less than a cell");
}

TEST(test_reserved_memory_is_listed)
{
    uint64_t base, size;

    tree_of_virt();
    find("");
    CHECK(tree_reserved(&tree, 0, &base, &size) && base == 0x80000000 &&
              size == 0x1000, "the one that there is");
    CHECK(!tree_reserved(&tree, 1, &base, &size), "and no other");
}

TEST(test_a_tree_that_is_cut_short_is_refused)
{
    size_t size = tree_of_virt();
    size_t needed = tree_get(FIELD_STRINGS) + tree_get(FIELD_SIZE_STRINGS);
    uint32_t structure_size = tree_get(FIELD_SIZE_STRUCT);

    CHECK(!try(size), "the whole is good");
    for (size_t cut = 0; cut < needed; cut++) {
        tree_of_virt();
        CHECK(try(cut), "of %zu bytes %zu are not enough", size, cut);
        tree_set(FIELD_TOTALSIZE, (uint32_t)cut);
        CHECK(try(size), "nor when the header says so");
    }
    for (uint32_t cut = 0; cut < structure_size; cut++) {
        tree_of_virt();
        tree_set(FIELD_SIZE_STRUCT, cut);
        CHECK(try(size), "of %u bytes of structure %u are not enough",
              structure_size, cut);
    }
}

TEST(test_a_header_that_lies_is_refused)
{
    static const struct {
        enum tree_field field;
        uint32_t value;
        const char *words;
    } table[] = {
        { FIELD_MAGIC, 0xedfe0dd0, "does not begin" },
        { FIELD_TOTALSIZE, UINT32_MAX, "longer" },
        { FIELD_TOTALSIZE, 39, "outside" },
        { FIELD_VERSION, 16, "version" },
        { FIELD_LAST_COMP, 18, "version" },
        { FIELD_STRUCT, 0, "structure" },
        { FIELD_STRUCT, 41, "structure" },
        { FIELD_STRUCT, UINT32_MAX & ~3u, "structure" },
        { FIELD_SIZE_STRUCT, UINT32_MAX, "structure" },
        { FIELD_STRINGS, UINT32_MAX, "strings" },
        { FIELD_SIZE_STRINGS, UINT32_MAX, "strings" },
        { FIELD_SIZE_STRINGS, 3, "strings" },
        { FIELD_RSVMAP, UINT32_MAX & ~7u, "reserved" },
        { FIELD_RSVMAP, 44, "reserved" },
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        size_t size = tree_of_virt();
        tree_set(table[i].field, table[i].value);
        check_wrong(size, table[i].words);
    }
}

TEST(test_a_structure_that_is_none_is_refused)
{
    tree_begin(0);
    check_wrong(tree_finish(), "no root");

    tree_begin(0);
    tree_node_begin("name");
    tree_node_end();
    check_wrong(tree_finish(), "root");

    tree_begin(0);
    for (int i = 0; i < 2; i++) {
        tree_node_begin("");
        tree_node_end();
    }
    check_wrong(tree_finish(), "more than one root");

    tree_begin(0);
    tree_node_begin("");
    check_wrong(tree_finish(), "does not end");

    tree_begin(0);
    tree_node_end();
    check_wrong(tree_finish(), "not begun");

    tree_begin(0);
    tree_node_begin("");
    tree_node_begin("child");
    tree_node_end();
    tree_text("compatible", "late");
    tree_node_end();
    check_wrong(tree_finish(), "behind its node's children");

    tree_begin(0);
    tree_text("compatible", "early");
    check_wrong(tree_finish(), "");

    tree_begin(0);
    tree_token(5);
    check_wrong(tree_finish(), "none");

    tree_begin(0);
    for (int i = 0; i <= TREE_DEPTH_MAX; i++)
        tree_node_begin(i ? "n" : "");
    check_wrong(tree_finish(), "too deeply");
}

TEST(test_a_name_that_never_ends_is_refused)
{
    size_t size = tree_of_virt();

    tree_set(FIELD_SIZE_STRINGS, tree_get(FIELD_SIZE_STRINGS) - 1);
    check_wrong(size, "the last of its strings has no end");

    tree_begin(0);
    tree_node_begin("");
    tree_property("name", NULL, 0);
    tree_node_end();
    size = tree_finish();
    tree_set(FIELD_SIZE_STRINGS, 0);
    check_wrong(size, "not among its strings");
}

TEST(test_a_list_of_reserved_memory_without_an_end_is_refused)
{
    size_t size = tree_of_virt();

    /* Nothing but the strings behind it, with no 16 zeros in them. */
    tree_set(FIELD_RSVMAP, tree_get(FIELD_STRINGS) & ~7u);
    check_wrong(size, "reserved");
}

TEST(test_whatever_a_tree_says_nothing_beyond_it_is_read)
{
    for (unsigned round = 0; round < 20000; round++) {
        size_t size = tree_of_virt();
        for (unsigned n = 1 + unit_random_below(4); n > 0; n--) {
            uint32_t at = unit_random_below((uint32_t)size);
            if (unit_random_below(2)) {
                tree_bytes[at] = (uint8_t)unit_random();
                continue;
            }
            at &= ~3u;
            uint32_t value = unit_random_below(3) ? unit_random_below(64)
                                                  : (uint32_t)unit_random();
            for (unsigned i = 0; i < 4 && at + i < size; i++)
                tree_bytes[at + i] = (uint8_t)(value >> (24 - 8 * i));
        }
        try(size);
    }
}
