/* SPDX-License-Identifier: MIT */
/*
 * device_tree.h - reads a flattened device tree, which comes from outside.
 * [Devicetree Specification 0.4 §5]
 *
 *     +-----------+----------------+------------------+---------+
 *     | header    | reserved pages | structure        | strings |
 *     +-----------+----------------+------------------+---------+
 *     0           off_mem_rsvmap   off_dt_struct      off_dt_strings
 *
 * device_tree_open() looks at every byte that the calls below rely on: a tree
 * that it has found good can be walked without a further doubt about its form.
 * What the values mean is still to be asked.
 *
 *     struct tree_node node = { 0 };
 *     struct tree_value value;
 *     while (tree_next(&tree, &node))
 *         if (tree_value(&tree, &node, "compatible", &value) &&
 *             tree_value_has(&value, "arm,pl011"))
 *             ...
 */
#ifndef ARCH_AARCH64_DEVICE_TREE_H
#define ARCH_AARCH64_DEVICE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TREE_HEADER_SIZE = 40,
    TREE_DEPTH_MAX = 16,        /* nodes in nodes */
};

struct device_tree {
    const uint8_t *reserved;    /* pairs of address and size, and an end */
    unsigned reserved_count;
    const uint8_t *structure;
    uint32_t structure_size;
    const char *strings;
    uint32_t strings_size;
};

/* A node. All of it zero: the place before the first one, which is the root,
 * of depth 1 and without a name. */
struct tree_node {
    const char *name;           /* "pl011@9000000", NUL-terminated */
    unsigned depth;
    uint32_t properties;        /* where the first would stand */
};

/* What a property says; its memory is the tree's. */
struct tree_value {
    const uint8_t *data;
    uint32_t len;
};

/* The tree in the `cap` bytes at `blob`. Returns NULL, or what is wrong with
 * it: a part of a sentence, "its strings reach beyond its end". */
const char *device_tree_open(struct device_tree *tree, const void *blob,
                             size_t cap);

/* Reserved range `i`; false when there are no more. */
bool tree_reserved(const struct device_tree *tree, unsigned i, uint64_t *base,
                   uint64_t *size);

/* Goes on to the next node, parents before children; false at the end. */
bool tree_next(const struct device_tree *tree, struct tree_node *node);

/* The property `name` of a node; false when it has none. */
bool tree_value(const struct device_tree *tree, const struct tree_node *node,
                const char *name, struct tree_value *value);

/* The text that `value` begins with; NULL when it is none. */
const char *tree_value_text(const struct tree_value *value);

/* Whether `value` is a list of texts, of which `text` is one. */
bool tree_value_has(const struct tree_value *value, const char *text);

/* The number in `cells` cells (1 or 2) of 32 bits, from cell number `at` on;
 * false when the value is too short. */
bool tree_number(const struct tree_value *value, uint32_t at, unsigned cells,
                 uint64_t *number);

#endif
