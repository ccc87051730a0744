/* SPDX-License-Identifier: MIT */
/*
 * files.c - ext2's side of fs.h, and mounting.
 *
 * An open file is its inode's number: nothing is kept for it, and closing it
 * does nothing. Above it stands fs/fs.c; below it walk.c for paths, lab 08's
 * ext2.c for content and names.
 */
#include "console/log.h"
#include "fs/ext2/ext2.h"
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
                      struct ext2_inode *inode)
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
    struct ext2_inode inode;
    struct ext2 *e;
    int error = begin_file(file, &e, &inode);
    if (error)
        return error;

    *out = (struct fs_stat){
        .type = type_of(&inode),
        .size = ext2_size(e, &inode),
        .mtime = le32_to_cpu(inode.i_mtime),
        .id = file->node,
    };
    return 0;
}

static int files_map(struct file *file, uint64_t offset,
                     struct fs_extent *out)
{
    struct ext2_inode inode;
    struct ext2 *e;
    int error = begin_file(file, &e, &inode);
    if (error)
        return error;

    switch (type_of(&inode)) {
    case FS_FILE:
        return ext2_map(e, &inode, offset, out);
    case FS_DIRECTORY:
        return -EISDIR;
    default:
        return -EINVAL;
    }
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
    struct ext2_inode inode, named;
    uint64_t offset = *cookie;
    struct ext2 *e;
    uint32_t ino;
    int error = begin_file(dir, &e, &inode);
    if (error)
        return error;
    if (!ext2_is(&inode, EXT2_S_IFDIR))
        return -ENOTDIR;

    do {
        *cookie = offset;
        error = ext2_readdir(e, &inode, &offset, out, &ino);
        if (error) {
            *cookie = offset;
            return error;
        }
    } while (!can_be_shown(out));
    if (!e->has_file_type) {
        error = ext2_inode(e, ino, &named);
        if (error == -EAGAIN)
            return error;       /* *cookie is still that of this entry */
        out->type = error ? FS_OTHER : type_of(&named);
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
    size_t blocks = cache_usage(cache).blocks;
    struct ext2_inode root;

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
        /* The rest is for directories and indirect blocks to pass through. */
        .pins_max = (unsigned)(blocks - blocks / 4),
    };
    int error = ext2_superblock(fs);
    if (error == -EINVAL)
        log_line("%s: there is no ext2 on it", dev->name);
    if (!error)
        error = ext2_inode(fs, EXT2_ROOT_INO, &root);
    if (!error && !ext2_is(&root, EXT2_S_IFDIR))
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
