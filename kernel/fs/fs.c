/* SPDX-License-Identifier: MIT */
/*
 * fs.c - what is the same for every file system: a path is looked at before
 * the file system sees it, and each call is handed on to its own function.
 *
 * Above it stands whoever reads files; below it a file system such as fs/mem.
 * What a path means, and what a file holds, is theirs to say.
 */
#include "fs/fs.h"

#include "lib/errno.h"
#include "lib/string.h"

/* Absolute, without a NUL, and no part of it longer than a name can be. */
static int path_check(const char *path, size_t len)
{
    if (len == 0 || path[0] != '/' || memchr(path, '\0', len) != NULL)
        return -EINVAL;
    if (len > FS_PATH_MAX)
        return -ENAMETOOLONG;

    size_t name_len = 0;
    for (size_t i = 0; i < len; i++) {
        name_len = path[i] == '/' ? 0 : name_len + 1;
        if (name_len > FS_NAME_MAX)
            return -ENAMETOOLONG;
    }
    return 0;
}

int fs_open(struct fs *fs, const char *path, size_t len, struct file *out)
{
    int error = path_check(path, len);
    if (error)
        return error;
    *out = (struct file){ .fs = fs };
    fs_want(out, 0, UINT64_MAX);
    return fs->open(fs, path, len, out);
}

void fs_close(struct file *file)
{
    file->fs->close(file);
}

int fs_stat(struct file *file, struct fs_stat *out)
{
    return file->fs->stat(file, out);
}

int fs_map(struct file *file, uint64_t offset, struct fs_extent *out)
{
    return file->fs->map(file, offset, out);
}

void fs_unmap(struct file *file, struct fs_extent *extent)
{
    file->fs->unmap(file, extent);
}

void fs_want(struct file *file, uint64_t offset, uint64_t len)
{
    file->reading = (struct fs_reading){
        .last = offset,
        .next = offset,
        .ahead = offset,
        .until = len < UINT64_MAX - offset ? offset + len : UINT64_MAX,
    };
}

int fs_readdir(struct file *dir, uint64_t *cookie, struct fs_dirent *out)
{
    return dir->fs->readdir(dir, cookie, out);
}

void fs_wait(struct fs *fs, struct event_work *again)
{
    fs->wait(fs, again);
}
