/* SPDX-License-Identifier: MIT */
/*
 * blocks.c - blocks of the file system out of the cache's, and what is
 * remembered of those that were read.
 *
 * A call that gave -EAGAIN is made again from its beginning. If all that it
 * had found out lay in the cache alone, many such calls over a small cache
 * could take each other's blocks for ever. But what was read of a disk that
 * nobody writes stays true: so single numbers out of indirect blocks are kept
 * as notes, and inodes as they are, and a call gets further each time.
 *
 * Above it stands lab 08's ext2.c, below it block/cache.h.
 */
#include "fs/ext2/given.h"
#include "lib/errno.h"
#include "lib/string.h"

const uint8_t ext2_zeros[CACHE_BLOCK_SIZE];

int ext2_get(struct ext2 *fs, uint32_t block, struct ext2_buffer *out)
{
    uint64_t byte = (uint64_t)block * fs->block_size;
    uint32_t skip = (uint32_t)(byte % CACHE_BLOCK_SIZE);

    if (block < fs->s_first_data_block || block >= fs->s_blocks_count)
        return ext2_broken(fs, "there is no block %u", block);
    int error = cache_get(fs->cache, byte / CACHE_BLOCK_SIZE, &out->pin);
    if (error)
        return error == -ERANGE ? -EIO : error;
    out->data = out->pin->data + skip;
    return 0;
}

void ext2_put(struct ext2 *fs, struct ext2_buffer *buffer)
{
    cache_put(fs->cache, buffer->pin);
}

/* ---- Notes ---- */

enum { WAYS = 4 };  /* places in which one note may be */

static struct ext2_note *notes_for(struct ext2 *fs, uint32_t block,
                                   uint32_t index)
{
    uint32_t mixed = (block * 0x9e3779b1u ^ index) * 0x85ebca6bu;

    return &fs->notes[(mixed >> 16) % (EXT2_NOTES / WAYS) * WAYS];
}

int ext2_pointer(struct ext2 *fs, uint32_t block, uint32_t index,
                 uint32_t *out)
{
    struct ext2_note *note = notes_for(fs, block, index);
    struct ext2_buffer buffer;

    for (unsigned i = 0; i < WAYS; i++) {
        if (note[i].block == block && note[i].index == index && block != 0) {
            *out = note[i].value;
            return 0;
        }
    }
    int error = ext2_get(fs, block, &buffer);
    if (error)
        return error;
    *out = le32_to_cpu(((const le32 *)(const void *)buffer.data)[index]);
    ext2_put(fs, &buffer);
    note[fs->turn++ % WAYS] = (struct ext2_note){ block, index, *out };
    return 0;
}

/* ---- Inodes ---- */

bool ext2_is(const struct ext2_inode *inode, unsigned type)
{
    return (le16_to_cpu(inode->i_mode) & EXT2_S_IFMT) == type;
}

uint64_t ext2_size(const struct ext2 *fs, const struct ext2_inode *inode)
{
    uint64_t size = le32_to_cpu(inode->i_size);

    if (fs->s_rev_level != EXT2_GOOD_OLD_REV && ext2_is(inode, EXT2_S_IFREG))
        size |= (uint64_t)le32_to_cpu(inode->i_size_high) << 32;
    return size;
}

/* Holes make a file of any size out of nothing: one that is longer than its
 * disk is not served, so that no disk makes more output than it has. */
static int check_inode(struct ext2 *fs, uint32_t ino,
                       const struct ext2_inode *inode)
{
    uint64_t size = ext2_size(fs, inode);

    if (inode->i_links_count == 0 || inode->i_mode == 0)
        return ext2_broken(fs, "inode %u has a name but is not in use", ino);
    if (size > (uint64_t)fs->s_blocks_count * fs->block_size)
        return ext2_broken(fs, "inode %u says that it is longer than its disk",
                           ino);
    if (ext2_is(inode, EXT2_S_IFDIR) && size % fs->block_size != 0)
        return ext2_broken(fs, "directory %u is no whole number of blocks",
                           ino);
    return 0;
}

int ext2_inode(struct ext2 *fs, uint32_t ino, const struct ext2_inode **out)
{
    struct ext2_known *known = &fs->inodes[ino % (EXT2_INODES / WAYS) * WAYS];
    struct ext2_known read = { .ino = ino };

    if (ino != EXT2_ROOT_INO && ino < fs->s_first_ino)
        return ext2_broken(fs, "a name leads to inode %u, which is reserved",
                           ino);
    for (unsigned i = 0; i < WAYS; i++) {
        if (known[i].ino == ino) {
            *out = &known[i].inode;
            return 0;
        }
    }
    int error = ext2_read_inode(fs, ino, &read.inode);
    if (!error)
        error = check_inode(fs, ino, &read.inode);
    if (error)
        return error;
    known += fs->turn++ % WAYS;
    *known = read;
    *out = &known->inode;
    return 0;
}

/* ---- Directories ---- */

int ext2_get_dir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t offset, struct ext2_buffer *out)
{
    uint32_t block;

    if (fs->round == 0) {
        fs->paused = true;
        return -EAGAIN;
    }
    fs->round--;
    int error = ext2_block(fs, dir, offset / fs->block_size, &block);
    if (error)
        return error;
    if (block == 0)
        return ext2_broken(fs, "a directory has a hole at byte %u",
                           (uint32_t)offset);
    return ext2_get(fs, block, out);
}

enum fs_type ext2_entry_type(const struct ext2_dir_entry *entry)
{
    switch (entry->file_type) {
    case EXT2_FT_REG_FILE:
        return FS_FILE;
    case EXT2_FT_DIR:
        return FS_DIRECTORY;
    default:
        return FS_OTHER;
    }
}
