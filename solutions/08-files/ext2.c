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
    struct cache_block *pin;
    int error = cache_get(fs->cache, EXT2_SUPER_OFFSET / CACHE_BLOCK_SIZE,
                          &pin);
    if (error)
        return error == -ERANGE ? -EINVAL : error;

    error = -EINVAL;
    if (pin->len < EXT2_SUPER_OFFSET + sizeof(struct ext2_super_block))
        goto out;
    const struct ext2_super_block *sb =
        (const void *)(pin->data + EXT2_SUPER_OFFSET);
    if (le16_to_cpu(sb->s_magic) != EXT2_SUPER_MAGIC)
        goto out;
    error = ext2_check(fs, sb);
    if (error)
        goto out;

    fs->block_size = 1024u << le32_to_cpu(sb->s_log_block_size);
    fs->s_inodes_count = le32_to_cpu(sb->s_inodes_count);
    fs->s_blocks_count = le32_to_cpu(sb->s_blocks_count);
    fs->s_first_data_block = le32_to_cpu(sb->s_first_data_block);
    fs->s_inodes_per_group = le32_to_cpu(sb->s_inodes_per_group);
    uint32_t blocks_per_group = le32_to_cpu(sb->s_blocks_per_group);
    uint32_t blocks = fs->s_blocks_count - fs->s_first_data_block;
    fs->groups = (blocks - 1) / blocks_per_group + 1;
    fs->s_rev_level = le32_to_cpu(sb->s_rev_level);
    if (fs->s_rev_level == EXT2_GOOD_OLD_REV) {
        fs->inode_size = EXT2_GOOD_OLD_INODE_SIZE;
        fs->s_first_ino = EXT2_GOOD_OLD_FIRST_INO;
        fs->has_file_type = false;
    } else {
        fs->inode_size = le16_to_cpu(sb->s_inode_size);
        fs->s_first_ino = le32_to_cpu(sb->s_first_ino);
        fs->has_file_type = le32_to_cpu(sb->s_feature_incompat) &
                            EXT2_FEATURE_INCOMPAT_FILETYPE;
    }
out:
    cache_put(fs->cache, pin);
    return error;
    /* END 8.1 */
}

int ext2_group(struct ext2 *fs, uint32_t group, struct ext2_group_desc *out)
{
    /* TODO 8.2 ext2_group: the descriptors begin in the block after the one
     * in which the superblock lies. [ext2 §block group descriptor] */
    uint32_t per_block = fs->block_size / sizeof *out;
    struct ext2_buffer buffer;
    int error = ext2_get(
        fs, fs->s_first_data_block + 1 + group / per_block, &buffer);
    if (error)
        return error;

    memcpy(out, buffer.data + group % per_block * sizeof *out, sizeof *out);
    ext2_put(fs, &buffer);
    return 0;
    /* END 8.2 */
}

int ext2_read_inode(struct ext2 *fs, uint32_t ino, struct ext2_inode *out)
{
    /* TODO 8.3 ext2_read_inode: which group, which number in it, and so which
     * block of its table? The number comes from a directory, and the table's
     * place from the disk: a sum of the two may be beyond 32 bits.
     * [ext2 §inode table] */
    struct ext2_group_desc desc;
    struct ext2_buffer buffer;

    if (ino == 0 || ino > fs->s_inodes_count)
        return ext2_broken(fs, "there is no inode %u", ino);
    uint32_t index = (ino - 1) % fs->s_inodes_per_group;
    int error = ext2_group(fs, (ino - 1) / fs->s_inodes_per_group, &desc);
    if (error)
        return error;

    uint32_t per_block = fs->block_size / fs->inode_size;
    uint64_t block = le32_to_cpu(desc.bg_inode_table);
    block += index / per_block;
    if (block > UINT32_MAX)
        return ext2_broken(fs, "inode %u is beyond the disk", ino);
    error = ext2_get(fs, (uint32_t)block, &buffer);
    if (error)
        return error;
    memcpy(out, buffer.data + index % per_block * fs->inode_size, sizeof *out);
    ext2_put(fs, &buffer);
    return 0;
    /* END 8.3 */
}

int ext2_block(struct ext2 *fs, const struct ext2_inode *inode, uint64_t n,
               uint32_t *out)
{
    /* TODO 8.4 ext2_block: find out which of i_block[] it is under, and then
     * take one step down for each level of indirection. Draw it first: what is
     * the last n that is direct, and the first index behind i_block[12]?
     * [ext2 §inode table, i_block] */
    uint64_t pointers = fs->block_size / sizeof(le32);
    uint64_t reach = pointers; /* blocks of content at the end of `level` */
    unsigned level = 1;        /* steps down */

    if (n < EXT2_NDIR_BLOCKS) {
        *out = le32_to_cpu(inode->i_block[n]);
        return 0;
    }
    for (n -= EXT2_NDIR_BLOCKS; n >= reach; level++) {
        if (level == 3)
            return ext2_broken(fs, "a file goes on behind i_block[%u]",
                               EXT2_TIND_BLOCK);
        n -= reach;
        reach *= pointers;
    }

    uint32_t block = le32_to_cpu(inode->i_block[EXT2_IND_BLOCK + level - 1]);
    while (level-- > 0 && block != 0) {
        /* A block has room for some: see ext2_check().
         * NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
        reach /= pointers;
        int error = ext2_pointer(fs, block, (uint32_t)(n / reach), &block);
        if (error)
            return error;
        n %= reach;
    }
    *out = block;
    return 0;
    /* END 8.4 */
}

int ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset,
             struct fs_extent *out)
{
    /* TODO 8.5 ext2_map: the end first, then a hole, then a block, and those
     * that join it. When it can't be told yet whether the next one does, that
     * is no error: the extent just ends before it. (Whose block number has
     * ext2_get() looked at, and whose not?) */
    uint64_t size = ext2_size(fs, inode);
    uint64_t n = offset / fs->block_size;
    uint32_t skip = (uint32_t)(offset % fs->block_size);
    uint32_t block = 0, next = 0;
    struct ext2_buffer buffer = { .data = ext2_zeros };

    *out = (struct fs_extent){ .data = ext2_zeros };
    if (offset >= size)
        return 0;
    int error = ext2_block(fs, inode, n, &block);
    if (!error && block != 0)
        error = ext2_get(fs, block, &buffer);
    if (error)
        return error;

    out->data = buffer.data + skip;
    out->len = fs->block_size - skip;
    out->pin = buffer.pin;
    if (block != 0) {
        uint32_t per_pin = CACHE_BLOCK_SIZE / fs->block_size;
        while (++block % per_pin != 0 && block < fs->s_blocks_count &&
               ext2_block(fs, inode, ++n, &next) == 0 && next == block)
            out->len += fs->block_size;
    }
    if (out->len > size - offset)
        out->len = (size_t)(size - offset);
    return 0;
    /* END 8.5 */
}

const struct ext2_dir_entry *ext2_entry(const struct ext2 *fs,
                                        const uint8_t *block, uint32_t at)
{
    /* TODO 8.6 ext2_entry: look at no field before you know that it lies
     * inside the block. One that is not in use can be all the same.
     * [ext2 §directory] */
    uint32_t left = fs->block_size - at;
    const struct ext2_dir_entry *entry = (const void *)(block + at);

    if (left < EXT2_DIR_ENTRY_MIN)
        return NULL;
    uint32_t rec_len = le16_to_cpu(entry->rec_len);
    if (rec_len < EXT2_DIR_ENTRY_MIN || rec_len % 4 != 0 || rec_len > left ||
        entry->name_len > rec_len - sizeof *entry)
        return NULL;
    return entry;
    /* END 8.6 */
}

int ext2_lookup(struct ext2 *fs, const struct ext2_inode *dir,
                const char *name, size_t len, uint64_t *offset, uint32_t *ino)
{
    /* TODO 8.7 ext2_lookup: block by block, entry by entry. A name on the disk
     * has a length and no NUL; one that begins like ours is another. What of
     * an entry that is not in use? */
    for (; *offset < ext2_size(fs, dir); *offset += fs->block_size) {
        struct ext2_buffer buffer;
        int error = ext2_get_dir(fs, dir, *offset, &buffer);
        if (error)
            return error;

        error = -ENOENT;
        for (uint32_t at = 0; error == -ENOENT && at < fs->block_size;) {
            const struct ext2_dir_entry *entry =
                ext2_entry(fs, buffer.data, at);
            if (entry == NULL) {
                error = ext2_broken(fs, "a directory is bad at byte %u", at);
                break;
            }
            *ino = le32_to_cpu(entry->inode);
            if (*ino != 0 && entry->name_len == len &&
                memcmp(entry->name, name, len) == 0)
                error = 0;
            at += le16_to_cpu(entry->rec_len);
        }
        ext2_put(fs, &buffer);
        if (error != -ENOENT)
            return error;
    }
    return -ENOENT;
    /* END 8.7 */
}

int ext2_readdir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t *offset, struct fs_dirent *out, uint32_t *ino)
{
    /* TODO 8.8 ext2_readdir: one block at most is pinned at a time, and none
     * when it returns: the name is to be copied, with a NUL behind it. */
    while (*offset < ext2_size(fs, dir)) {
        struct ext2_buffer buffer;
        int error = ext2_get_dir(fs, dir, *offset, &buffer);
        if (error)
            return error;

        const struct ext2_dir_entry *entry = ext2_entry(
            fs, buffer.data, (uint32_t)(*offset % fs->block_size));
        *ino = 0;
        if (entry != NULL) {
            *ino = le32_to_cpu(entry->inode);
            out->type = ext2_entry_type(entry);
            out->name_len = entry->name_len;
            memcpy(out->name, entry->name, entry->name_len);
            out->name[entry->name_len] = '\0';
            *offset += le16_to_cpu(entry->rec_len);
        }
        ext2_put(fs, &buffer);
        if (entry == NULL)
            return ext2_broken(fs, "a directory is bad at byte %u",
                               (uint32_t)*offset);
        if (*ino != 0)
            return 0;
    }
    return -ENOENT;
    /* END 8.8 */
}

int ext2_follow(struct ext2_walk *walk, size_t end, const char *target,
                size_t len)
{
    /* TODO 8.9 ext2_follow: how much room is left before you move anything?
     * What is behind `end` may be longer or shorter than what is before. */
    size_t rest = walk->len - end;

    if (walk->links == EXT2_LINKS_MAX)
        return -ELOOP;
    if (len > sizeof walk->path - rest)
        return -ENAMETOOLONG;
    walk->links++;
    memmove(walk->path + len, walk->path + end, rest);
    memcpy(walk->path, target, len);
    walk->len = len + rest;
    walk->at = 0;
    if (target[0] == '/')
        walk->ino = EXT2_ROOT_INO;
    return 0;
    /* END 8.9 */
}
