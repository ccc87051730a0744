/* SPDX-License-Identifier: MIT */
/* fake_tree.c - see fake_tree.h. */
#include "fake_tree.h"

#include <string.h>

#include "unit.h"

enum { HEADER = 40, BEGIN_NODE = 1, END_NODE = 2, PROP = 3, END = 9 };

uint8_t tree_bytes[TREE_MAX];
static char strings[2048];
static uint32_t used, strings_used, structure;

static void put(uint32_t at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        tree_bytes[at + (uint32_t)i] = (uint8_t)(value >> (24 - 8 * i));
}

void tree_set(enum tree_field field, uint32_t value)
{
    put(4 * field, value);
}

uint32_t tree_get(enum tree_field field)
{
    const uint8_t *at = tree_bytes + 4 * field;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

void tree_token(uint32_t token)
{
    CHECK(used + 4 <= TREE_MAX, "the test's tree is too large");
    put(used, token);
    used += 4;
}

static void put_bytes(const void *data, uint32_t len)
{
    uint32_t whole = (len + 3) & ~3u;

    CHECK(used + whole <= TREE_MAX, "the test's tree is too large");
    memset(tree_bytes + used, 0, whole);
    if (len > 0)
        memcpy(tree_bytes + used, data, len);
    used += whole;
}

void tree_begin(unsigned reserved)
{
    memset(tree_bytes, 0, sizeof tree_bytes);
    used = HEADER;
    strings_used = 0;
    for (unsigned i = 0; i <= reserved; i++) {
        tree_token(0);
        tree_token(i < reserved ? 0x80000000 + i * 0x10000 : 0);
        tree_token(0);
        tree_token(i < reserved ? 0x1000 : 0);
    }
    structure = used;
}

void tree_node_begin(const char *name)
{
    tree_token(BEGIN_NODE);
    put_bytes(name, (uint32_t)strlen(name) + 1);
}

void tree_node_end(void)
{
    tree_token(END_NODE);
}

/* Where the name stands among the strings; a new one is added. */
static uint32_t string_of(const char *name)
{
    uint32_t size = (uint32_t)strlen(name) + 1;
    uint32_t at = 0;

    for (; at < strings_used; at += (uint32_t)strlen(strings + at) + 1)
        if (strcmp(strings + at, name) == 0)
            return at;
    CHECK(size <= sizeof strings - strings_used, "too many names");
    memcpy(strings + at, name, size);
    strings_used += size;
    return at;
}

void tree_property(const char *name, const void *data, uint32_t len)
{
    tree_token(PROP);
    tree_token(len);
    tree_token(string_of(name));
    put_bytes(data, len);
}

void tree_text(const char *name, const char *text)
{
    tree_property(name, text, (uint32_t)strlen(text) + 1);
}

void tree_cells(const char *name, unsigned count, const uint32_t *cells)
{
    tree_property(name, NULL, 0);
    put(used - 8, count * 4);
    for (unsigned i = 0; i < count; i++)
        tree_token(cells[i]);
}

size_t tree_finish(void)
{
    uint32_t structure_end;

    tree_token(END);
    structure_end = used;
    put_bytes(strings, strings_used);
    tree_set(FIELD_MAGIC, 0xd00dfeed);
    tree_set(FIELD_TOTALSIZE, used);
    tree_set(FIELD_STRUCT, structure);
    tree_set(FIELD_STRINGS, structure_end);
    tree_set(FIELD_RSVMAP, HEADER);
    tree_set(FIELD_VERSION, 17);
    tree_set(FIELD_LAST_COMP, 16);
    tree_set(FIELD_SIZE_STRINGS, strings_used);
    tree_set(FIELD_SIZE_STRUCT, structure_end - structure);
    return used;
}

/* ---- A whole board ------------------------------------------------------ */

#define CELLS(name, ...)                                                 \
    tree_cells(name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4,            \
               (uint32_t[]){ __VA_ARGS__ })

static void window(const char *name, uint32_t base, uint32_t line)
{
    tree_node_begin(name);
    CELLS("interrupts", 0, line, 1);
    CELLS("reg", 0, base, 0, 0x200);
    tree_text("compatible", "virtio,mmio");
    tree_node_end();
}

static void processor(void)
{
    tree_node_begin("psci");
    tree_text("method", "hvc");
    tree_property("compatible", "arm,psci-1.0\0arm,psci-0.2", 26);
    tree_node_end();
    tree_node_begin("timer");
    CELLS("interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
    tree_text("compatible", "arm,armv8-timer");
    tree_node_end();
    tree_node_begin("intc@8000000");
    CELLS("reg", 0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000);
    tree_text("compatible", "arm,cortex-a15-gic");
    tree_node_begin("v2m@8020000");     /* not one of the root's children */
    CELLS("reg", 0, 0x8020000, 0, 0x1000);
    tree_text("compatible", "arm,pl011");
    tree_node_end();
    tree_node_end();
}

size_t tree_of_virt(void)
{
    tree_begin(1);
    tree_node_begin("");
    CELLS("#address-cells", 2);
    tree_token(4);                      /* FDT_NOP */
    CELLS("#size-cells", 2);
    tree_node_begin("chosen");
    tree_text("bootargs", "mode=fast x");
    tree_property("rng-seed", "unlikely", 8);
    tree_node_end();
    tree_node_begin("memory@40000000");
    tree_text("device_type", "memory");
    CELLS("reg", 0, 0x40000000, 0, 64 << 20, 1, 0, 0, 0x1000000);
    tree_node_end();
    processor();
    tree_node_begin("pl011@9000000");
    CELLS("interrupts", 0, 1, 4);
    CELLS("reg", 0, 0x9000000, 0, 0x1000);
    tree_property("compatible", "arm,pl011\0arm,primecell", 24);
    tree_node_end();
    window("virtio_mmio@a000000", 0xa000000, 16);
    window("virtio_mmio@a000200", 0xa000200, 17);
    tree_node_end();
    return tree_finish();
}
