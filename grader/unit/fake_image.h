/* SPDX-License-Identifier: MIT */
/*
 * fake_image.h - an ext2 image that mke2fs made of a known tree, in memory,
 * and a disk over it that fails where it is told to.
 *
 * What the tree holds is known here, not read back from the image: a file's
 * bytes follow from its path and their place.
 */
#ifndef UNIT_FAKE_IMAGE_H
#define UNIT_FAKE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/ext2/ext2.h"

struct image_shape {
    unsigned block_size, inode_size, revision;
    unsigned blocks_per_group;          /* 0: as mke2fs likes */
    unsigned kib;                       /* 0: what the tree needs */
    const char *features;               /* NULL: a usual set */
    bool small;                         /* the tree without its large parts */
    bool lean;                          /* and without its chain of links */
};

/* One of the tree. A file has bytes in its pieces and holes elsewhere. */
struct image_node {
    char path[300];
    char type;                          /* 'f', 'd', or 'l': a symbolic link */
    uint64_t size;
    struct { uint64_t at, len; } piece[4];
    char target[300];
};

enum { IMAGE_NODES = 200, IMAGE_MANY = 3000, IMAGE_MTIME = 1234567890 };

struct image {
    struct image_shape shape;
    uint8_t *data;                      /* ours to change */
    uint64_t size;
    unsigned count;
    struct image_node node[IMAGE_NODES];

    struct block_dev dev;
    uint64_t bad_first, bad_end;        /* sectors that can't be read */
    unsigned reads, failed;             /* requests so far */
    struct list pending;
};

/* Makes the image, and the disk "blk0" over it. */
void image_make(struct image *image, const struct image_shape *shape);

/* A disk over bytes that are there. */
void image_over(struct image *image, uint8_t *data, uint64_t size);

/* The byte at `offset` of a file. */
uint8_t image_byte(const struct image_node *node, uint64_t offset);

/* Name number `i` of directory "/many", 0 to IMAGE_MANY - 1. */
const char *image_many(unsigned i);

/* For patching: the image's own parts, found without the code under test.
 * image_inode_at() stops at names that are not there. */
struct ext2_super_block *image_super(struct image *image);
struct ext2_group_desc *image_group(struct image *image, unsigned group);
struct ext2_inode *image_inode(struct image *image, uint32_t ino);
uint32_t image_ino(struct image *image, const char *path);
struct ext2_dir_entry *image_entry(struct image *image, const char *path);
uint8_t *image_block(struct image *image, uint32_t block);

#endif
