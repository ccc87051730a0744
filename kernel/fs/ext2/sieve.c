/* SPDX-License-Identifier: MIT */
/*
 * sieve.c - which blocks of a directory need not be searched for a name.
 *
 * A directory is a list, and lab 08's ext2_lookup() goes through it from its
 * beginning. But nobody writes to this disk: so of a block that was searched
 * once it may be remembered which names are in it. Not the names, only a few
 * bits for each, out of as many as the block has bytes: its sieve.
 *
 *     "index.html"  --mix-->  3, 700, 1801, 4090     NAME_BITS of them
 *
 *     sieve of block 0:   1..0....1..1...    one is 0: the name isn't there
 *     sieve of block 1:   1..1....1..1...    all are 1: it is worth a search
 *     sieve of block 2:   0                  never searched so far
 *
 * Bit 0 says that the block was searched. What a sieve lets through wrongly, a
 * few in a thousand, is searched and not found: so only ext2_lookup() says what
 * is there. A name that is nowhere costs as little as one that is.
 *
 * Directories get their sieves out of one array as they are first searched;
 * those of one block need none, and one for which there is no room has none.
 * When the array is full and has served for long, all is forgotten, and it
 * begins anew.
 *
 * Between walk.c and lab 08's ext2.c.
 */
#include "fs/ext2/given.h"
#include "lib/errno.h"

enum {
    NAME_BITS = 4,
    SERVES = 1024,              /* calls of fs_open(), before it is emptied */
};

/* Four times 16 bits, any of which are good for the number of a bit. */
static uint64_t mix(const char *name, size_t len)
{
    uint32_t mixed = (uint32_t)len;

    for (size_t i = 0; i < len; i++)
        mixed = (mixed ^ (uint8_t)name[i]) * 0x85ebca6bu;
    return (mixed ^ mixed >> 15) * 0x9e3779b97f4a7c15u;
}

static bool get(const uint8_t *sieve, unsigned bit)
{
    return (sieve[bit / 8] >> bit % 8 & 1) != 0;
}

static void set(uint8_t *sieve, unsigned bit)
{
    sieve[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/* Whether the block may have the name. */
static bool lets_through(const struct ext2 *fs, const uint8_t *sieve,
                         uint64_t mixed)
{
    if (!get(sieve, 0))
        return true;
    for (unsigned i = 0; i < NAME_BITS; i++, mixed >>= 16)
        if (!get(sieve, mixed & (fs->block_size - 1)))
            return false;
    return true;
}

static void enter(const struct ext2 *fs, uint8_t *sieve, uint64_t mixed)
{
    for (unsigned i = 0; i < NAME_BITS; i++, mixed >>= 16)
        set(sieve, mixed & (fs->block_size - 1));
}

/* The block of `dir` at byte `offset` was searched, and was in order. If it is
 * not to be had any more, that is no error. */
static void fill(struct ext2 *fs, uint8_t *sieve, const struct ext2_inode *dir,
                 uint64_t offset)
{
    struct ext2_buffer buffer;
    uint32_t block, at = 0;

    if (ext2_block(fs, dir, offset >> fs->block_log, &block) != 0 ||
        ext2_get(fs, block, &buffer) != 0)
        return;
    while (at < fs->block_size) {
        const struct ext2_dir_entry *entry = ext2_entry(fs, buffer.data, at);
        if (entry == NULL)
            break;
        if (entry->inode != 0)
            enter(fs, sieve, mix(entry->name, entry->name_len));
        at += le16_to_cpu(entry->rec_len);
    }
    if (at == fs->block_size)
        set(sieve, 0);
    ext2_put(fs, &buffer);
}

/* The sieves of directory `ino`, of `size` bytes: one for each of its blocks,
 * in their order, with a byte for each 8 of the block. NULL: it has none. */
static uint8_t *sieves_of(struct ext2 *fs, uint32_t ino, uint64_t size)
{
    struct ext2_sieves *all = &fs->sieves;

    if (size <= fs->block_size || size / 8 > sizeof all->bits)
        return NULL;
    for (unsigned i = 0; i < all->count; i++)
        if (all->of[i].ino == ino)
            return all->bits + all->of[i].from;

    if (all->count == EXT2_SIEVED || size / 8 > sizeof all->bits - all->used) {
        if (fs->opens - all->since < SERVES)
            return NULL;
        *all = (struct ext2_sieves){ .since = fs->opens };
    }
    uint8_t *sieves = all->bits + all->used;
    all->of[all->count].ino = ino;
    all->of[all->count++].from = all->used;
    all->used += (uint32_t)size / 8;
    return sieves;
}

int ext2_search(struct ext2 *fs, uint32_t dir_ino,
                const struct ext2_inode *dir, const char *name, size_t len,
                uint64_t *offset, uint32_t *ino)
{
    uint64_t size = ext2_size(fs, dir);
    uint8_t *sieves = sieves_of(fs, dir_ino, size);

    if (sieves == NULL)
        return ext2_lookup(fs, dir, name, len, offset, ino);

    uint64_t mixed = mix(name, len);
    struct ext2_inode part = *dir; /* as if it ended with a block */
    for (; *offset < size; *offset += fs->block_size) {
        uint8_t *sieve = sieves + *offset / 8;
        uint64_t at = *offset;

        if (!lets_through(fs, sieve, mixed))
            continue;
        part.i_size = cpu_to_le32((uint32_t)at + fs->block_size);
        int error = ext2_lookup(fs, &part, name, len, &at, ino);
        if (error != -ENOENT)
            return error;
        if (!get(sieve, 0))
            fill(fs, sieve, dir, *offset);
    }
    return -ENOENT;
}
