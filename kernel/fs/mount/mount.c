/* SPDX-License-Identifier: MIT */
/*
 * mount.c - the table of mount.h: finds who answers for a path, and tells him
 * what he calls it.
 *
 * It stands between fs/fs.c and other file systems, and only when a file is
 * opened: all else goes straight to the file's own. A listing of a directory
 * is its file system's, and does not show what is mounted in it.
 */
#include "fs/mount/mount.h"

#include "lib/errno.h"
#include "lib/list.h"
#include "lib/string.h"

static struct fs_mounts *mounts_of(struct fs *fs)
{
    return container_of(fs, struct fs_mounts, fs);
}

/* "/" stands for every path, so nothing of it is to be found in one. */
static size_t at_len(const struct fs_mount *mount)
{
    size_t len = strlen(mount->at);
    return len == 1 ? 0 : len;
}

/* Does `path` lie at `mount`, or below it? "/data.txt" does not lie below
 * "/data". */
static bool lies_in(const struct fs_mount *mount, const char *path, size_t len)
{
    size_t prefix = at_len(mount);

    return len >= prefix && memcmp(path, mount->at, prefix) == 0 &&
           (len == prefix || path[prefix] == '/');
}

static int mounts_open(struct fs *fs, const char *path, size_t len,
                       struct file *out)
{
    struct fs_mounts *mounts = mounts_of(fs);
    struct fs_mount *mount = mounts->first;
    char inner[FS_PATH_MAX];

    while (mount != NULL && !lies_in(mount, path, len))
        mount = mount->next;
    if (mount == NULL)
        return -ENOENT;

    const char *rest = path + at_len(mount);
    size_t rest_len = len - at_len(mount);
    size_t root_len = strlen(mount->root);
    if (rest_len > sizeof inner - root_len)
        return -ENAMETOOLONG;
    memcpy(inner, mount->root, root_len);
    memcpy(inner + root_len, rest, rest_len);

    bool is_root = root_len + rest_len == 0;
    int error = fs_open(mount->fs, is_root ? "/" : inner,
                        is_root ? 1 : root_len + rest_len, out);
    if (error == -EAGAIN)
        mounts->asked = mount->fs;
    return error;
}

/* To be called right after the -EAGAIN, so the latest is the one. */
static void mounts_wait(struct fs *fs, struct event_work *again)
{
    fs_wait(mounts_of(fs)->asked, again);
}

void fs_mounts_init(struct fs_mounts *mounts)
{
    *mounts = (struct fs_mounts){
        .fs = { .open = mounts_open, .wait = mounts_wait },
    };
}

static bool is_place(const char *path)
{
    size_t len = strlen(path);
    return path[0] == '/' && path[len - 1] != '/' && len <= FS_PATH_MAX / 2;
}

int fs_mounts_add(struct fs_mounts *mounts, struct fs_mount *mount)
{
    if (!is_place(mount->at) && strcmp(mount->at, "/") != 0)
        return -EINVAL;
    if (!is_place(mount->root) && mount->root[0] != '\0')
        return -EINVAL;

    struct fs_mount **place = &mounts->first;
    while (*place != NULL && at_len(*place) >= at_len(mount)) {
        if (strcmp((*place)->at, mount->at) == 0)
            return -EBUSY;
        place = &(*place)->next;
    }
    mount->next = *place;
    *place = mount;

    /* Who pins keeps to what the narrowest of them can stand. */
    unsigned most = mount->fs->pins_max;
    if (most != 0 && (mounts->fs.pins_max == 0 || most < mounts->fs.pins_max))
        mounts->fs.pins_max = most;
    return 0;
}
