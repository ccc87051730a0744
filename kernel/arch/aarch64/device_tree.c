/* SPDX-License-Identifier: MIT */
/*
 * device_tree.c - a flattened device tree, read with care. Pure: a buffer and
 * its length in, so that the host's tests can feed it anything. The structure
 * is a sequence of tokens of 32 bits, big-endian as all numbers here:
 *
 *     FDT_BEGIN_NODE  name, NUL, zeros up to a multiple of 4
 *     FDT_PROP        length | offset of its name | data, zeros likewise
 *     FDT_NOP
 *     FDT_END_NODE
 *     FDT_END
 *
 * A node's properties stand before the nodes in it.
 */
#include "arch/aarch64/device_tree.h"

#include "lib/string.h"

enum {                              /* the header [§5.2] */
    MAGIC = 0x00,
    TOTALSIZE = 0x04,
    OFF_DT_STRUCT = 0x08,
    OFF_DT_STRINGS = 0x0c,
    OFF_MEM_RSVMAP = 0x10,
    VERSION = 0x14,
    LAST_COMP_VERSION = 0x18,
    SIZE_DT_STRINGS = 0x20,
    SIZE_DT_STRUCT = 0x24,

    FDT_MAGIC = 0xd00dfeed,
    OUR_VERSION = 17,

    FDT_BEGIN_NODE = 1,             /* tokens [§5.4.1] */
    FDT_END_NODE = 2,
    FDT_PROP = 3,
    FDT_NOP = 4,
    FDT_END = 9,

    RESERVED_SIZE = 16,             /* an entry [§5.3.2] */
};

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static uint64_t be64(const uint8_t *at)
{
    return (uint64_t)be32(at) << 32 | be32(at + 4);
}

/* ---- Tokens ------------------------------------------------------------- */

struct token {
    uint32_t kind;
    uint32_t next;                  /* offset of the token behind it */
    const char *name;               /* FDT_BEGIN_NODE, FDT_PROP */
    struct tree_value value;        /* FDT_PROP */
};

/* `len` bytes, and zeros up to a multiple of 4: the offset behind them, or 0
 * when they reach beyond the end. */
static uint32_t behind(const struct device_tree *tree, uint32_t at,
                       uint32_t len)
{
    uint32_t left = tree->structure_size - at;
    if (len > left || (len + 3) / 4 * 4 > left)
        return 0;
    return at + (len + 3) / 4 * 4;
}

/* The length of the text at `at` with its NUL; 0 when it has no end. */
static uint32_t text_size(const char *at, uint32_t cap)
{
    for (uint32_t len = 0; len < cap; len++)
        if (at[len] == '\0')
            return len + 1;
    return 0;
}

static const char *read_begin(const struct device_tree *tree, uint32_t at,
                              struct token *t)
{
    t->name = (const char *)tree->structure + at;
    uint32_t size = text_size(t->name, tree->structure_size - at);
    t->next = size ? behind(tree, at, size) : 0;
    return t->next ? NULL : "a node's name has no end";
}

static const char *read_property(const struct device_tree *tree, uint32_t at,
                                 struct token *t)
{
    if (tree->structure_size - at < 8)
        return "a property is cut off";
    uint32_t len = be32(tree->structure + at);
    uint32_t name = be32(tree->structure + at + 4);
    if (name >= tree->strings_size)
        return "a property's name is not among its strings";
    t->name = tree->strings + name;
    t->value = (struct tree_value){ tree->structure + at + 8, len };
    t->next = behind(tree, at + 8, len);
    return t->next ? NULL : "a property reaches beyond its structure's end";
}

/* The token at offset `at`, a multiple of 4. Returns NULL, or what is wrong. */
static const char *read_token(const struct device_tree *tree, uint32_t at,
                              struct token *t)
{
    if (at >= tree->structure_size || tree->structure_size - at < 4)
        return "its structure has no end";
    t->kind = be32(tree->structure + at);
    t->next = at + 4;
    if (t->kind == FDT_BEGIN_NODE)
        return read_begin(tree, at + 4, t);
    if (t->kind == FDT_PROP)
        return read_property(tree, at + 4, t);
    if (t->kind == FDT_END_NODE || t->kind == FDT_NOP || t->kind == FDT_END)
        return NULL;
    return "its structure has a token that is none";
}

/* ---- Is it a tree? ------------------------------------------------------ */

/* From the root's beginning to its end, and then FDT_END. */
static const char *check_structure(const struct device_tree *tree)
{
    unsigned depth = 0;
    bool had_root = false, had_child = false;
    struct token t;
    for (uint32_t at = 0; ; at = t.next) {
        const char *wrong = read_token(tree, at, &t);
        if (wrong)
            return wrong;
        if (t.kind == FDT_BEGIN_NODE) {
            if (depth == 0 && (had_root || t.name[0] != '\0'))
                return "it has more than one root, or one with a name";
            if (depth == TREE_DEPTH_MAX)
                return "its nodes are nested too deeply";
            had_root = true;
            had_child = false;
            depth++;
        } else if (t.kind == FDT_END_NODE) {
            if (depth == 0)
                return "a node ends that has not begun";
            had_child = true;
            depth--;
        } else if (t.kind == FDT_PROP) {
            if (depth == 0 || had_child)
                return "a property stands behind its node's children";
        } else if (t.kind == FDT_END) {
            return depth > 0 ? "a node does not end"
                   : had_root ? NULL : "it has no root";
        }
    }
}

/* Whether [offset, offset + size) is a part of a tree of `total` bytes. */
static bool inside(uint32_t offset, uint32_t size, uint32_t total)
{
    return offset >= TREE_HEADER_SIZE && offset <= total &&
           size <= total - offset;
}

static const char *find_reserved(struct device_tree *tree, const uint8_t *blob,
                                 uint32_t offset, uint32_t total)
{
    if (offset % 8 != 0 || !inside(offset, RESERVED_SIZE, total))
        return "its list of reserved memory lies outside of it";
    tree->reserved = blob + offset;
    for (uint32_t left = total - offset; left >= RESERVED_SIZE;
         left -= RESERVED_SIZE) {
        const uint8_t *entry =
            tree->reserved + tree->reserved_count * RESERVED_SIZE;
        if (be64(entry) == 0 && be64(entry + 8) == 0)
            return NULL;
        tree->reserved_count++;
    }
    return "its list of reserved memory has no end";
}

/* How long it says that it is; 0 when it is none. */
static uint32_t size_of(const uint8_t *header)
{
    return be32(header + MAGIC) == FDT_MAGIC ? be32(header + TOTALSIZE) : 0;
}

const char *device_tree_open(struct device_tree *tree, const void *blob,
                             size_t cap)
{
    const uint8_t *header = blob;
    uint32_t total = cap < TREE_HEADER_SIZE ? 0 : size_of(header);
    *tree = (struct device_tree){ 0 };
    if (total == 0)
        return "it does not begin as one";
    if (total > cap)
        return "it is longer than there is room for";
    if (be32(header + VERSION) < OUR_VERSION ||
        be32(header + LAST_COMP_VERSION) > OUR_VERSION)
        return "it is of a version other than 17";

    uint32_t structure = be32(header + OFF_DT_STRUCT);
    uint32_t strings = be32(header + OFF_DT_STRINGS);
    tree->structure_size = be32(header + SIZE_DT_STRUCT);
    tree->strings_size = be32(header + SIZE_DT_STRINGS);
    if (structure % 4 != 0 || !inside(structure, tree->structure_size, total))
        return "its structure lies outside of it";
    if (!inside(strings, tree->strings_size, total))
        return "its strings lie outside of it";
    if (tree->strings_size > 0 &&
        header[strings + tree->strings_size - 1] != '\0')
        return "the last of its strings has no end";
    tree->structure = header + structure;
    tree->strings = (const char *)header + strings;
    const char *wrong =
        find_reserved(tree, header, be32(header + OFF_MEM_RSVMAP), total);
    return wrong ? wrong : check_structure(tree);
}

/* ---- What it says ------------------------------------------------------- */

bool tree_reserved(const struct device_tree *tree, unsigned i, uint64_t *base,
                   uint64_t *size)
{
    if (i >= tree->reserved_count)
        return false;
    *base = be64(tree->reserved + i * RESERVED_SIZE);
    *size = be64(tree->reserved + i * RESERVED_SIZE + 8);
    return true;
}

bool tree_next(const struct device_tree *tree, struct tree_node *node)
{
    struct token t;
    for (uint32_t at = node->properties; ; at = t.next) {
        if (read_token(tree, at, &t) || t.kind == FDT_END)
            return false;
        if (t.kind == FDT_END_NODE)
            node->depth--;
        if (t.kind == FDT_BEGIN_NODE) {
            node->name = t.name;
            node->depth++;
            node->properties = t.next;
            return true;
        }
    }
}

bool tree_value(const struct device_tree *tree, const struct tree_node *node,
                const char *name, struct tree_value *value)
{
    struct token t;
    for (uint32_t at = node->properties; ; at = t.next) {
        if (read_token(tree, at, &t) ||
            (t.kind != FDT_PROP && t.kind != FDT_NOP))
            return false;
        if (t.kind == FDT_PROP && strcmp(t.name, name) == 0) {
            *value = t.value;
            return true;
        }
    }
}

const char *tree_value_text(const struct tree_value *value)
{
    const char *text = (const char *)value->data;
    return text_size(text, value->len) ? text : NULL;
}

bool tree_value_has(const struct tree_value *value, const char *text)
{
    uint32_t size;
    for (uint32_t at = 0; at < value->len; at += size) {
        const char *here = (const char *)value->data + at;
        size = text_size(here, value->len - at);
        if (size == 0)
            return false;
        if (strcmp(here, text) == 0)
            return true;
    }
    return false;
}

bool tree_number(const struct tree_value *value, uint32_t at, unsigned cells,
                 uint64_t *number)
{
    uint32_t count = value->len / 4;
    if (cells > count || at > count - cells)
        return false;
    *number = 0;
    for (unsigned i = 0; i < cells; i++)
        *number = *number << 32 | be32(value->data + 4 * (at + i));
    return true;
}
