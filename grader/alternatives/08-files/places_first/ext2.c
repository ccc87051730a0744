/* SPDX-License-Identifier: MIT */
/* Another right program: the superblock is copied before it is looked at, the
 * way down to a block is worked out before the first step, a new path is made
 * in a buffer of its own, and one function goes through the entries. */
#include "fs/ext2/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"

/* ---- Blocks ---- */

static int copy_superblock(struct ext2 *fs, struct ext2_super_block *out)
{
    struct cache_block *pin;
    int error = cache_get(fs->cache, 0, &pin);

    if (error == -ERANGE)
        return -EINVAL;
    if (error)
        return error;
    bool whole = pin->len >= EXT2_SUPER_OFFSET + sizeof *out;
    if (whole)
        memcpy(out, pin->data + EXT2_SUPER_OFFSET, sizeof *out);
    cache_put(fs->cache, pin);
    return whole && le16_to_cpu(out->s_magic) == EXT2_SUPER_MAGIC ? 0 : -EINVAL;
}

int ext2_superblock(struct ext2 *fs)
{
    static struct ext2_super_block sb;
    int error = copy_superblock(fs, &sb);

    if (!error)
        error = ext2_check(fs, &sb);
    if (error)
        return error;

    bool old = le32_to_cpu(sb.s_rev_level) == EXT2_GOOD_OLD_REV;
    fs->s_rev_level = le32_to_cpu(sb.s_rev_level);
    fs->inode_size = old ? EXT2_GOOD_OLD_INODE_SIZE
                         : le16_to_cpu(sb.s_inode_size);
    fs->s_first_ino = old ? EXT2_GOOD_OLD_FIRST_INO
                          : le32_to_cpu(sb.s_first_ino);
    fs->has_file_type = !old && (le32_to_cpu(sb.s_feature_incompat) & 2) != 0;
    fs->block_size = 1u << (10 + le32_to_cpu(sb.s_log_block_size));
    fs->s_inodes_count = le32_to_cpu(sb.s_inodes_count);
    fs->s_inodes_per_group = le32_to_cpu(sb.s_inodes_per_group);
    fs->s_first_data_block = le32_to_cpu(sb.s_first_data_block);
    fs->s_blocks_count = le32_to_cpu(sb.s_blocks_count);
    fs->groups = 0;
    for (uint64_t block = fs->s_first_data_block; block < fs->s_blocks_count;
         block += le32_to_cpu(sb.s_blocks_per_group))
        fs->groups++;
    return 0;
}

/* `len` bytes from byte `byte` on of what begins in block `first`; they lie in
 * one block. */
static int copy_from(struct ext2 *fs, uint32_t first, uint64_t byte, void *out,
                     size_t len)
{
    uint64_t block = first + byte / fs->block_size;
    struct ext2_buffer buffer;

    if (block >= fs->s_blocks_count)
        return ext2_broken(fs, "a table goes on behind block %u",
                           fs->s_blocks_count - 1);
    int error = ext2_get(fs, (uint32_t)block, &buffer);
    if (!error) {
        memcpy(out, buffer.data + byte % fs->block_size, len);
        ext2_put(fs, &buffer);
    }
    return error;
}

int ext2_group(struct ext2 *fs, uint32_t group, struct ext2_group_desc *out)
{
    return copy_from(fs, fs->s_first_data_block + 1,
                     (uint64_t)group * sizeof *out, out, sizeof *out);
}

int ext2_read_inode(struct ext2 *fs, uint32_t ino, struct ext2_inode *out)
{
    uint32_t from_0 = ino - 1;
    struct ext2_group_desc desc;

    if (from_0 >= fs->s_inodes_count)
        return ext2_broken(fs, "inode %u can't be", ino);
    int error = ext2_group(fs, from_0 / fs->s_inodes_per_group, &desc);
    if (error)
        return error;
    uint64_t place = from_0 % fs->s_inodes_per_group;
    return copy_from(fs, le32_to_cpu(desc.bg_inode_table),
                     place * fs->inode_size, out, sizeof *out);
}

/* The way to block n: where in i_block[], and the places in `steps` blocks of
 * numbers. -1 when there is none. */
static int way_to(uint64_t n, uint64_t p, unsigned *top, uint32_t places[3])
{
    if (n < 12) {
        *top = (unsigned)n;
        return 0;
    }
    n -= 12;
    if (n < p) {
        *top = 12;
        places[0] = (uint32_t)n;
        return 1;
    }
    n -= p;
    if (n < p * p) {
        *top = 13;
        places[0] = (uint32_t)(n / p);
        places[1] = (uint32_t)(n % p);
        return 2;
    }
    n -= p * p;
    if (n < p * p * p) {
        *top = 14;
        places[0] = (uint32_t)(n / (p * p));
        places[1] = (uint32_t)(n / p % p);
        places[2] = (uint32_t)(n % p);
        return 3;
    }
    return -1;
}

int ext2_block(struct ext2 *fs, const struct ext2_inode *inode, uint64_t n,
               uint32_t *out)
{
    uint32_t places[3];
    unsigned top;
    int steps = way_to(n, fs->block_size / 4, &top, places);

    if (steps < 0)
        return ext2_broken(fs, "no i_block[] leads to a block of a file", 0);
    uint32_t block = le32_to_cpu(inode->i_block[top]);
    for (int i = 0; i < steps && block; i++) {
        int error = ext2_pointer(fs, block, places[i], &block);
        if (error)
            return error;
    }
    *out = block;
    return 0;
}

/* How many bytes from block n on, which is `block`, lie together. */
static size_t together(struct ext2 *fs, const struct ext2_inode *inode,
                       uint64_t n, uint32_t block)
{
    size_t len = fs->block_size;
    uint32_t found;

    while (((uint64_t)block + 1) * fs->block_size % CACHE_BLOCK_SIZE != 0) {
        block++;
        n++;
        if (block >= fs->s_blocks_count ||
            ext2_block(fs, inode, n, &found) != 0 || found != block)
            break;
        len += fs->block_size;
    }
    return len;
}

int ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset,
             struct fs_extent *out)
{
    uint64_t size = ext2_size(fs, inode);
    uint32_t in_block = (uint32_t)(offset % fs->block_size), block;
    struct ext2_buffer buffer;
    uint64_t len = fs->block_size;

    out->data = ext2_zeros;
    out->len = 0;
    out->pin = NULL;
    if (offset >= size)
        return 0;
    int error = ext2_block(fs, inode, offset / fs->block_size, &block);
    if (error)
        return error;
    if (block) {
        error = ext2_get(fs, block, &buffer);
        if (error)
            return error;
        len = together(fs, inode, offset / fs->block_size, block);
        out->data = buffer.data + in_block;
        out->pin = buffer.pin;
    }
    len -= in_block;
    out->len = (size_t)(len < size - offset ? len : size - offset);
    return 0;
}

/* ---- Names ---- */

const struct ext2_dir_entry *ext2_entry(const struct ext2 *fs,
                                        const uint8_t *block, uint32_t at)
{
    const struct ext2_dir_entry *entry = (const void *)(block + at);

    if (at + EXT2_DIR_ENTRY_MIN > fs->block_size)
        return NULL;
    uint32_t end = at + le16_to_cpu(entry->rec_len);
    bool good = end >= at + EXT2_DIR_ENTRY_MIN && end % 4 == 0 &&
                end <= fs->block_size &&
                at + sizeof *entry + entry->name_len <= end;
    return good ? entry : NULL;
}

/* The first entry in use of a block from byte *at on that has this name; of
 * any name, if that is NULL. Moves *at behind it, or behind all. */
static int next(struct ext2 *fs, const uint8_t *block, uint32_t *at,
                const char *name, size_t len,
                const struct ext2_dir_entry **out)
{
    while (*at < fs->block_size) {
        const struct ext2_dir_entry *entry = ext2_entry(fs, block, *at);
        if (!entry)
            return ext2_broken(fs, "there is a bad entry at byte %u", *at);
        *at += le16_to_cpu(entry->rec_len);
        if (entry->inode == 0)
            continue;
        *out = entry;
        if (!name ||
            (len == entry->name_len && memcmp(name, entry->name, len) == 0))
            return 0;
    }
    return -ENOENT;
}

int ext2_lookup(struct ext2 *fs, const struct ext2_inode *dir,
                const char *name, size_t len, uint64_t *offset, uint32_t *ino)
{
    int error = -ENOENT;

    while (error == -ENOENT && *offset < ext2_size(fs, dir)) {
        const struct ext2_dir_entry *entry;
        struct ext2_buffer buffer;
        uint32_t at = 0;

        error = ext2_get_dir(fs, dir, *offset, &buffer);
        if (error)
            break;
        error = next(fs, buffer.data, &at, name, len, &entry);
        if (!error)
            *ino = le32_to_cpu(entry->inode);
        else if (error == -ENOENT)
            *offset += fs->block_size;
        ext2_put(fs, &buffer);
    }
    return error;
}

int ext2_readdir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t *offset, struct fs_dirent *out, uint32_t *ino)
{
    int error = -ENOENT;

    while (error == -ENOENT && *offset < ext2_size(fs, dir)) {
        const struct ext2_dir_entry *entry;
        struct ext2_buffer buffer;
        uint32_t at = (uint32_t)(*offset % fs->block_size);
        uint64_t begin = *offset - at;

        error = ext2_get_dir(fs, dir, *offset, &buffer);
        if (error)
            break;
        error = next(fs, buffer.data, &at, NULL, 0, &entry);
        *offset = begin + at;
        if (!error) {
            *ino = le32_to_cpu(entry->inode);
            *out = (struct fs_dirent){ .type = ext2_entry_type(entry),
                                       .name_len = entry->name_len };
            memcpy(out->name, entry->name, entry->name_len);
        }
        ext2_put(fs, &buffer);
    }
    return error;
}

int ext2_follow(struct ext2_walk *walk, size_t end, const char *target,
                size_t len)
{
    static char path[FS_PATH_MAX];
    size_t rest = walk->len - end;

    if (walk->links >= EXT2_LINKS_MAX)
        return -ELOOP;
    if (rest + len > FS_PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(path, target, len);
    memcpy(path + len, walk->path + end, rest);
    memcpy(walk->path, path, len + rest);
    walk->len = len + rest;
    walk->at = 0;
    walk->links += 1;
    if (*target == '/')
        walk->ino = EXT2_ROOT_INO;
    return 0;
}
