/* SPDX-License-Identifier: MIT */
/*
 * fake_tree.h - device trees, written a token at a time, with every mistake
 * that one likes.
 */
#ifndef UNIT_FAKE_TREE_H
#define UNIT_FAKE_TREE_H

#include <stddef.h>
#include <stdint.h>

enum { TREE_MAX = 16384 };

/* The header's fields, by number. [Devicetree Specification 0.4 §5.2] */
enum tree_field {
    FIELD_MAGIC, FIELD_TOTALSIZE, FIELD_STRUCT, FIELD_STRINGS, FIELD_RSVMAP,
    FIELD_VERSION, FIELD_LAST_COMP, FIELD_BOOT_CPU, FIELD_SIZE_STRINGS,
    FIELD_SIZE_STRUCT,
};

/* A new one, with so many reserved ranges of a page each from 2 GiB on. */
void tree_begin(unsigned reserved);

/* Tokens, one behind the other. */
void tree_token(uint32_t token);
void tree_node_begin(const char *name);
void tree_node_end(void);
void tree_property(const char *name, const void *data, uint32_t len);
void tree_text(const char *name, const char *text);
void tree_cells(const char *name, unsigned count, const uint32_t *cells);

/* Strings and header behind and before what was written; returns its size. */
size_t tree_finish(void);

/* The tree; and a header field of it changed. */
extern uint8_t tree_bytes[TREE_MAX];
void tree_set(enum tree_field field, uint32_t value);
uint32_t tree_get(enum tree_field field);

/* A board as QEMU's virt: a processor's timer, an interrupt controller, a
 * serial line, two windows of virtio, 64 MiB of memory, "mode=fast x". */
size_t tree_of_virt(void);

#endif
