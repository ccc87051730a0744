/* SPDX-License-Identifier: MIT */
/*
 * given.h - what the given files of ext2 want of each other. Lab 08's bodies
 * need none of it, and nobody outside does: ext2.h has the picture.
 */
#ifndef FS_EXT2_GIVEN_H
#define FS_EXT2_GIVEN_H

#include "fs/ext2/ext2.h"

/* Inode `ino`, from memory or by ext2_read_inode(), and in order: in use, not
 * reserved, of a size that can be. It stays there until the next call of this.
 * -EAGAIN or -EIO. */
int ext2_inode(struct ext2 *fs, uint32_t ino, const struct ext2_inode **out);

bool ext2_is(const struct ext2_inode *inode, unsigned type);

/* As ext2_lookup(), for a name in directory `dir_ino`, of which `dir` is the
 * inode; but without looking at blocks of which it is known that the name isn't
 * in them. */
int ext2_search(struct ext2 *fs, uint32_t dir_ino,
                const struct ext2_inode *dir, const char *name, size_t len,
                uint64_t *offset, uint32_t *ino);

/* What is remembered of where byte `offset` of file `ino` lies, or NULL. */
struct ext2_stretch *ext2_stretch_of(struct ext2 *fs, uint32_t ino,
                                     uint64_t offset);

/* Pins what lies at byte `offset`, in stretch `s`: as much of it as is in one
 * run of the cache. `in_order`: all that follows will be wanted. -EAGAIN or
 * -EIO. */
int ext2_map_stretch(struct ext2 *fs, const struct ext2_stretch *s,
                     uint64_t offset, bool in_order, struct fs_extent *out);

/* The same for `extent`, which ext2_map() gave: it becomes longer, if `s` is
 * where it lies. From then on ext2_map() need not be asked for `s`. */
void ext2_lengthen(struct ext2 *fs, struct ext2_stretch *s, uint64_t offset,
                   struct fs_extent *extent);

/* Whether who is about to map byte `offset` reads in order. */
bool ext2_in_order(struct fs_reading *reading, uint64_t offset);

/* Begins to read what may be wanted of `file`, from byte `offset` on, by one
 * who reads it in order. `wanted`: what lies at `offset` is. */
void ext2_look_ahead(struct ext2 *fs, struct file *file, uint64_t offset,
                     bool wanted);

/* The inode at the end of `path`: fs_open()'s contract. */
int ext2_walk(struct ext2 *fs, const char *path, size_t len, uint32_t *ino);

#endif
