/* SPDX-License-Identifier: MIT */
/*
 * ext2.c - what is where on an ext2 disk: superblock, inodes, the blocks of a
 * file, the names in a directory.
 *
 * It stands on the block cache and never waits: see fs/ext2/ext2.h for what
 * -EAGAIN asks of it. Who calls it, in which order, and what is remembered in
 * between, is given code: blocks.c below it, walk.c and files.c above.
 *
 * Contracts: kernel/fs/ext2/ext2.h. The disk: kernel/fs/ext2/disk.h.
 */
#include "core/panic.h"
#include "fs/ext2/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"

int ext2_superblock(struct ext2 *fs)
{
    /* TODO 8.1 ext2_superblock: which block of the cache is it in, and where
     * in that? No number of it may be used in a shift or a division before
     * ext2_check() has seen it. The last group may be shorter than the
     * others. [ext2 §superblock] */
    lab_todo("8.1 ext2_superblock");
    /* END 8.1 */
}

int ext2_group(struct ext2 *fs, uint32_t group, struct ext2_group_desc *out)
{
    /* TODO 8.2 ext2_group: the descriptors begin in the block after the one
     * in which the superblock lies. [ext2 §block group descriptor] */
    lab_todo("8.2 ext2_group");
    /* END 8.2 */
}

int ext2_read_inode(struct ext2 *fs, uint32_t ino, struct ext2_inode *out)
{
    /* TODO 8.3 ext2_read_inode: which group, which number in it, and so which
     * block of its table? The number comes from a directory, and the table's
     * place from the disk: a sum of the two may be beyond 32 bits.
     * [ext2 §inode table] */
    lab_todo("8.3 ext2_read_inode");
    /* END 8.3 */
}

int ext2_block(struct ext2 *fs, const struct ext2_inode *inode, uint64_t n,
               uint32_t *out)
{
    /* TODO 8.4 ext2_block: find out which of i_block[] it is under, and then
     * take one step down for each level of indirection. Draw it first: what is
     * the last n that is direct, and the first index behind i_block[12]?
     * [ext2 §inode table, i_block] */
    lab_todo("8.4 ext2_block");
    /* END 8.4 */
}

int ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset,
             struct fs_extent *out)
{
    /* TODO 8.5 ext2_map: the end first, then a hole, then a block, and those
     * that join it. When it can't be told yet whether the next one does, that
     * is no error: the extent just ends before it. (Whose block number has
     * ext2_get() looked at, and whose not?) */
    lab_todo("8.5 ext2_map");
    /* END 8.5 */
}

const struct ext2_dir_entry *ext2_entry(const struct ext2 *fs,
                                        const uint8_t *block, uint32_t at)
{
    /* TODO 8.6 ext2_entry: look at no field before you know that it lies
     * inside the block. One that is not in use can be all the same.
     * [ext2 §directory] */
    lab_todo("8.6 ext2_entry");
    /* END 8.6 */
}

int ext2_lookup(struct ext2 *fs, const struct ext2_inode *dir,
                const char *name, size_t len, uint64_t *offset, uint32_t *ino)
{
    /* TODO 8.7 ext2_lookup: block by block, entry by entry. A name on the disk
     * has a length and no NUL; one that begins like ours is another. What of
     * an entry that is not in use? */
    lab_todo("8.7 ext2_lookup");
    /* END 8.7 */
}

int ext2_readdir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t *offset, struct fs_dirent *out, uint32_t *ino)
{
    /* TODO 8.8 ext2_readdir: one block at most is pinned at a time, and none
     * when it returns: the name is to be copied, with a NUL behind it. */
    lab_todo("8.8 ext2_readdir");
    /* END 8.8 */
}

int ext2_follow(struct ext2_walk *walk, size_t end, const char *target,
                size_t len)
{
    /* TODO 8.9 ext2_follow: how much room is left before you move anything?
     * What is behind `end` may be longer or shorter than what is before. */
    lab_todo("8.9 ext2_follow");
    /* END 8.9 */
}
