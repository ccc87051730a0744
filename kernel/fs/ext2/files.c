/* SPDX-License-Identifier: MIT */
/*
 * files.c - ext2's side of fs.h, and mounting.
 *
 * An open file is its inode's number: nothing is kept for it, and closing it
 * does nothing. Above it stands fs/fs.c; below it walk.c for paths, lab 08's
 * ext2.c for content and names.
 */
#include "console/log.h"
#include "fs/ext2/given.h"
#include "fs/sync.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/string.h"

static struct ext2 *ext2_of(struct fs *fs)
{
    return container_of(fs, struct ext2, fs);
}

/* Every call has a round of its own. */
static struct ext2 *begin(struct fs *fs)
{
    struct ext2 *e = ext2_of(fs);

    e->round = EXT2_ROUND_BLOCKS;
    e->paused = false;
    return e;
}

static int begin_file(struct file *file, struct ext2 **e,
                      const struct ext2_inode **inode)
{
    *e = begin(file->fs);
    return ext2_inode(*e, (uint32_t)file->node, inode);
}

static enum fs_type type_of(const struct ext2_inode *inode)
{
    if (ext2_is(inode, EXT2_S_IFREG))
        return FS_FILE;
    return ext2_is(inode, EXT2_S_IFDIR) ? FS_DIRECTORY : FS_OTHER;
}

static int files_open(struct fs *fs, const char *path, size_t len,
                      struct file *out)
{
    uint32_t ino;
    int error = ext2_walk(begin(fs), path, len, &ino);

    out->node = ino;
    return error;
}

static void files_close(struct file *file)
{
    (void)file;
}

static int files_stat(struct file *file, struct fs_stat *out)
{
    const struct ext2_inode *inode;
    struct ext2 *e;
    int error = begin_file(file, &e, &inode);
    if (error)
        return error;

    *out = (struct fs_stat){
        .type = type_of(inode),
        .size = ext2_size(e, inode),
        .mtime = le32_to_cpu(inode->i_mtime),
        .id = file->node,
        .fixed = true, /* nobody writes to the disk */
    };
    return 0;
}

/* As ext2_map() says; and then further, if it is known that what follows lies
 * behind it on the disk, and in the same run of the cache. */
static int map_by_inode(struct ext2 *e, struct file *file, uint64_t offset,
                        bool in_order, struct fs_extent *out)
{
    uint32_t ino = (uint32_t)file->node;
    const struct ext2_inode *inode;
    int error = ext2_inode(e, ino, &inode);
    if (error)
        return error;

    if (type_of(inode) == FS_DIRECTORY)
        return -EISDIR;
    if (type_of(inode) != FS_FILE)
        return -EINVAL;
    if (in_order)
        ext2_look_ahead(e, file, offset, true);
    error = ext2_map(e, inode, offset, out);
    if (error || out->pin == NULL)
        return error;

    struct ext2_stretch *s = ext2_stretch_of(e, ino, offset);
    if (s != NULL)
        ext2_lengthen(e, s, offset, out);
    return 0;
}

/* ext2_map() is asked once for each stretch of a file, and the rest is
 * remembered. */
static int files_map(struct file *file, uint64_t offset,
                     struct fs_extent *out)
{
    struct ext2 *e = begin(file->fs);
    struct fs_reading *reading = &file->reading;
    struct ext2_stretch *s =
        ext2_stretch_of(e, (uint32_t)file->node, offset);
    bool in_order = ext2_in_order(reading, offset);
    int error;

    if (s == NULL || !s->mapped) {
        error = map_by_inode(e, file, offset, in_order, out);
    } else {
        error = ext2_map_stretch(e, s, offset, in_order, out);
        if (error == -EAGAIN && in_order) {
            ext2_look_ahead(e, file, offset, true);
            /* Once more: fs_wait() is to wait for this, and nothing else. */
            error = ext2_map_stretch(e, s, offset, in_order, out);
        }
    }
    if (error)
        return error;
    reading->last = offset;
    reading->next = offset + out->len;
    if (in_order)
        ext2_look_ahead(e, file, reading->next, false);
    return 0;
}

static void files_unmap(struct file *file, struct fs_extent *extent)
{
    if (extent->pin != NULL)
        cache_put(ext2_of(file->fs)->cache, extent->pin);
}

/* Is this a name that a path can have? */
static bool can_be_shown(const struct fs_dirent *entry)
{
    return entry->name_len > 0 && strcmp(entry->name, ".") != 0 &&
           strcmp(entry->name, "..") != 0 &&
           strlen(entry->name) == entry->name_len &&
           strchr(entry->name, '/') == NULL;
}

/* *cookie is the next entry's offset in the directory. */
static int files_readdir(struct file *dir, uint64_t *cookie,
                         struct fs_dirent *out)
{
    const struct ext2_inode *inode, *named;
    uint64_t offset = *cookie;
    struct ext2 *e;
    uint32_t ino;
    int error = begin_file(dir, &e, &inode);
    if (error)
        return error;
    if (!ext2_is(inode, EXT2_S_IFDIR))
        return -ENOTDIR;

    do {
        *cookie = offset;
        error = ext2_readdir(e, inode, &offset, out, &ino);
        if (error) {
            *cookie = offset;
            return error;
        }
    } while (!can_be_shown(out));
    if (!e->has_file_type) {
        error = ext2_inode(e, ino, &named);
        if (error == -EAGAIN)
            return error;       /* *cookie is still that of this entry */
        out->type = error ? FS_OTHER : type_of(named);
    }
    *cookie = offset;
    return 0;
}

static void files_wait(struct fs *fs, struct event_work *again)
{
    struct ext2 *e = ext2_of(fs);

    if (e->paused)
        event_post(again);
    else
        cache_wait(e->cache, again);
}

/* ---- Mounting ---- */

int ext2_mount(struct ext2 *fs, struct block_dev *dev, struct cache *cache)
{
    struct cache_usage usage = cache_usage(cache);
    const struct ext2_inode *root;

    memset(fs, 0, sizeof *fs);
    fs->dev = dev;
    fs->cache = cache;
    fs->fs = (struct fs){
        .open = files_open,
        .stat = files_stat,
        .map = files_map,
        .unmap = files_unmap,
        .readdir = files_readdir,
        .close = files_close,
        .wait = files_wait,
        /* One may hold a run. The rest is for directories and indirect blocks
         * to pass through. */
        .pins_max =
            (unsigned)((usage.blocks - usage.blocks / 4) / usage.run),
    };
    int error = ext2_superblock(fs);
    if (error == -EINVAL)
        log_line("%s: there is no ext2 on it", dev->name);
    if (!error) {
        while (1u << fs->block_log < fs->block_size)
            fs->block_log++;
        fs->passing_from = usage.blocks / 2 * CACHE_BLOCK_SIZE;
        error = ext2_inode(fs, EXT2_ROOT_INO, &root);
    }
    if (!error && !ext2_is(root, EXT2_S_IFDIR))
        error = ext2_broken(fs, "inode %u is the root and no directory",
                            EXT2_ROOT_INO);
    if (error == -EIO && fs->complaints == 0)
        log_line("%s: it can't be read", dev->name);
    return error;
}

int ext2_open(struct ext2 *fs, struct block_dev *dev)
{
    struct cache *cache;
    int error = cache_open(dev, 0, &cache);
    if (error)
        return error;

    do
        error = ext2_mount(fs, dev, cache);
    while (fs_again_sync(&fs->fs, error));
    return error;
}
