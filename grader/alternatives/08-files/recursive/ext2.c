/* SPDX-License-Identifier: MIT */
/* Another right program: the tree under i_block[] is gone down by recursion,
 * what joins an extent is counted before the block is pinned, and names are
 * moved byte by byte. */
#include "fs/ext2/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"

static void set_sizes(struct ext2 *fs, const struct ext2_super_block *sb)
{
    uint32_t per_group = le32_to_cpu(sb->s_blocks_per_group);

    fs->block_size = 1024u << le32_to_cpu(sb->s_log_block_size);
    fs->s_blocks_count = le32_to_cpu(sb->s_blocks_count);
    fs->s_first_data_block = le32_to_cpu(sb->s_first_data_block);
    fs->s_inodes_count = le32_to_cpu(sb->s_inodes_count);
    fs->s_inodes_per_group = le32_to_cpu(sb->s_inodes_per_group);
    uint32_t blocks = fs->s_blocks_count - fs->s_first_data_block;
    fs->groups = blocks / per_group + (blocks % per_group ? 1 : 0);
}

static void set_revision(struct ext2 *fs, const struct ext2_super_block *sb)
{
    fs->inode_size = 128;
    fs->s_first_ino = 11;
    fs->has_file_type = false;
    fs->s_rev_level = le32_to_cpu(sb->s_rev_level);
    if (fs->s_rev_level != 0) {
        fs->inode_size = le16_to_cpu(sb->s_inode_size);
        fs->s_first_ino = le32_to_cpu(sb->s_first_ino);
        fs->has_file_type = le32_to_cpu(sb->s_feature_incompat) & 2;
    }
}

int ext2_superblock(struct ext2 *fs)
{
    struct cache_block *pin;
    int error = cache_get(fs->cache, 0, &pin);

    if (error)
        return error == -ERANGE ? -EINVAL : error;
    const struct ext2_super_block *sb = (const void *)(pin->data + 1024);
    if (pin->len < 2048 || le16_to_cpu(sb->s_magic) != EXT2_SUPER_MAGIC) {
        cache_put(fs->cache, pin);
        return -EINVAL;
    }
    error = ext2_check(fs, sb);
    if (error == 0) {
        set_sizes(fs, sb);
        set_revision(fs, sb);
    }
    cache_put(fs->cache, pin);
    return error;
}

int ext2_group(struct ext2 *fs, uint32_t group, struct ext2_group_desc *out)
{
    uint32_t block = fs->s_first_data_block + 1;
    struct ext2_buffer buffer;
    int error;

    while (group >= fs->block_size / 32) {
        group -= fs->block_size / 32;
        block++;
    }
    error = ext2_get(fs, block, &buffer);
    if (error)
        return error;
    *out = ((const struct ext2_group_desc *)(const void *)buffer.data)[group];
    ext2_put(fs, &buffer);
    return 0;
}

int ext2_read_inode(struct ext2 *fs, uint32_t ino, struct ext2_inode *out)
{
    struct ext2_group_desc desc;
    struct ext2_buffer buffer;

    if (ino < 1 || ino > fs->s_inodes_count)
        return ext2_broken(fs, "inode %u is none of this disk's", ino);
    int error = ext2_group(fs, (ino - 1) / fs->s_inodes_per_group, &desc);
    if (error)
        return error;

    uint32_t byte = (ino - 1) % fs->s_inodes_per_group * fs->inode_size;
    uint32_t table = le32_to_cpu(desc.bg_inode_table);
    uint32_t block = table + byte / fs->block_size;
    if (block < table)
        return ext2_broken(fs, "the inode table at %u has no end", table);
    error = ext2_get(fs, block, &buffer);
    if (error)
        return error;
    memcpy(out, buffer.data + byte % fs->block_size, sizeof *out);
    ext2_put(fs, &buffer);
    return 0;
}

/* How many blocks of content are behind a number of `levels` levels. */
static uint64_t behind(const struct ext2 *fs, unsigned levels)
{
    return levels == 0 ? 1 : fs->block_size / 4 * behind(fs, levels - 1);
}

static int descend(struct ext2 *fs, uint32_t block, unsigned levels, uint64_t n,
                   uint32_t *out)
{
    uint32_t below;

    if (levels == 0 || block == 0) {
        *out = block;
        return 0;
    }
    uint64_t each = behind(fs, levels - 1);
    int error = ext2_pointer(fs, block, (uint32_t)(n / each), &below);
    if (error)
        return error;
    return descend(fs, below, levels - 1, n % each, out);
}

int ext2_block(struct ext2 *fs, const struct ext2_inode *inode, uint64_t n,
               uint32_t *out)
{
    for (unsigned i = 0; i < EXT2_N_BLOCKS; i++) {
        unsigned levels = i < 12 ? 0 : i - 11;
        uint64_t reach = behind(fs, levels);

        if (n < reach)
            return descend(fs, le32_to_cpu(inode->i_block[i]), levels, n, out);
        n -= reach;
    }
    return ext2_broken(fs, "a file goes on behind i_block[%u]", 14);
}

/* How many blocks of content from n on, which is `block` on the disk, lie
 * behind each other there, in one block of the cache. */
static uint32_t run_of(struct ext2 *fs, const struct ext2_inode *inode,
                       uint64_t n, uint32_t block)
{
    uint32_t most = CACHE_BLOCK_SIZE / fs->block_size;
    uint32_t count = 1, next;

    most -= block % most;
    while (count < most && block + count < fs->s_blocks_count) {
        if (ext2_block(fs, inode, n + count, &next) || next != block + count)
            break;
        count++;
    }
    return count;
}

int ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset,
             struct fs_extent *out)
{
    uint64_t size = ext2_size(fs, inode), n = offset / fs->block_size, len;
    uint32_t skip = (uint32_t)(offset - n * fs->block_size), block;
    struct ext2_buffer buffer = { ext2_zeros, NULL };

    if (offset >= size) {
        *out = (struct fs_extent){ ext2_zeros, 0, NULL };
        return 0;
    }
    int error = ext2_block(fs, inode, n, &block);
    if (error)
        return error;
    len = fs->block_size;
    if (block != 0) {
        len *= run_of(fs, inode, n, block);
        error = ext2_get(fs, block, &buffer);
        if (error)
            return error;
    }
    if (len > size - n * fs->block_size)
        len = size - n * fs->block_size;
    *out = (struct fs_extent){ buffer.data + skip, (size_t)len - skip,
                               buffer.pin };
    return 0;
}

const struct ext2_dir_entry *ext2_entry(const struct ext2 *fs,
                                        const uint8_t *block, uint32_t at)
{
    const struct ext2_dir_entry *entry = (const void *)(block + at);
    uint32_t left = fs->block_size - at;

    if (left < 12)
        return NULL;
    uint32_t len = le16_to_cpu(entry->rec_len);
    if (len < 12 || len > left || (len & 3) != 0)
        return NULL;
    return entry->name_len + 8u > len ? NULL : entry;
}

static bool is_it(const struct ext2_dir_entry *entry, const char *name,
                  size_t len)
{
    if (le32_to_cpu(entry->inode) == 0 || entry->name_len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (entry->name[i] != name[i])
            return false;
    return true;
}

static int look_in(struct ext2 *fs, const uint8_t *block, const char *name,
                   size_t len, uint32_t *ino)
{
    uint32_t at = 0;

    while (at < fs->block_size) {
        const struct ext2_dir_entry *entry = ext2_entry(fs, block, at);
        if (entry == NULL)
            return ext2_broken(fs, "an entry at byte %u can't be", at);
        if (is_it(entry, name, len)) {
            *ino = le32_to_cpu(entry->inode);
            return 0;
        }
        at += le16_to_cpu(entry->rec_len);
    }
    return -ENOENT;
}

int ext2_lookup(struct ext2 *fs, const struct ext2_inode *dir,
                const char *name, size_t len, uint64_t *offset, uint32_t *ino)
{
    struct ext2_buffer buffer;

    if (*offset >= ext2_size(fs, dir))
        return -ENOENT;
    int error = ext2_get_dir(fs, dir, *offset, &buffer);
    if (error)
        return error;
    error = look_in(fs, buffer.data, name, len, ino);
    ext2_put(fs, &buffer);
    if (error != -ENOENT)
        return error;
    *offset += fs->block_size;
    return ext2_lookup(fs, dir, name, len, offset, ino);
}

int ext2_readdir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t *offset, struct fs_dirent *out, uint32_t *ino)
{
    struct ext2_buffer buffer;
    const struct ext2_dir_entry *entry;
    int error = -ENOENT;

    if (*offset >= ext2_size(fs, dir))
        return -ENOENT;
    uint32_t at = (uint32_t)(*offset % fs->block_size);
    uint64_t begin = *offset - at;
    if ((error = ext2_get_dir(fs, dir, begin, &buffer)) != 0)
        return error;
    do {
        entry = ext2_entry(fs, buffer.data, at);
        if (entry == NULL)
            break;
        *ino = le32_to_cpu(entry->inode);
        at += le16_to_cpu(entry->rec_len);
    } while (*ino == 0 && at < fs->block_size);
    if (entry != NULL && *ino != 0) {
        memset(out, 0, sizeof *out);
        out->type = ext2_entry_type(entry);
        for (; out->name_len < entry->name_len; out->name_len++)
            out->name[out->name_len] = entry->name[out->name_len];
    }
    ext2_put(fs, &buffer);
    *offset = begin + at;
    if (entry == NULL)
        return ext2_broken(fs, "an entry at byte %u can't be", at);
    return *ino != 0 ? 0 : ext2_readdir(fs, dir, offset, out, ino);
}

int ext2_follow(struct ext2_walk *walk, size_t end, const char *target,
                size_t len)
{
    size_t rest = walk->len - end;

    if (walk->links + 1 > EXT2_LINKS_MAX)
        return -ELOOP;
    if (len + rest > FS_PATH_MAX)
        return -ENAMETOOLONG;
    if (len > end)
        for (size_t i = rest; i-- > 0;)
            walk->path[len + i] = walk->path[end + i];
    else
        for (size_t i = 0; i < rest; i++)
            walk->path[len + i] = walk->path[end + i];
    memcpy(walk->path, target, len);
    walk->links++;
    walk->len = rest + len;
    walk->at = 0;
    walk->ino = target[0] == '/' ? EXT2_ROOT_INO : walk->ino;
    return 0;
}
