/* SPDX-License-Identifier: MIT */
/*
 * sync.c - waits where fs.h says -EAGAIN, by running the event loop.
 *
 * Above it stand simple applications; a server, which has others to look
 * after meanwhile, calls fs.h itself.
 */
#include "fs/sync.h"

#include "lib/errno.h"
#include "lib/list.h"

/* Somebody who sleeps until woken. */
struct sleeper { struct event_work work; bool awake; };

static void wake(struct event_work *work)
{
    container_of(work, struct sleeper, work)->awake = true;
}

bool fs_again_sync(struct fs *fs, int error)
{
    struct sleeper me = { .work.run = wake };

    if (error != -EAGAIN)
        return false;
    fs_wait(fs, &me.work);
    while (!me.awake)
        event_run_once(UINT64_MAX);
    return true;
}

int fs_open_sync(struct fs *fs, const char *path, size_t len,
                 struct file *out)
{
    int error;

    do
        error = fs_open(fs, path, len, out);
    while (fs_again_sync(fs, error));
    return error;
}

int fs_stat_sync(struct file *file, struct fs_stat *out)
{
    int error;

    do
        error = fs_stat(file, out);
    while (fs_again_sync(file->fs, error));
    return error;
}

int fs_map_sync(struct file *file, uint64_t offset, struct fs_extent *out)
{
    int error;

    do
        error = fs_map(file, offset, out);
    while (fs_again_sync(file->fs, error));
    return error;
}

int fs_readdir_sync(struct file *dir, uint64_t *cookie, struct fs_dirent *out)
{
    int error;

    do
        error = fs_readdir(dir, cookie, out);
    while (fs_again_sync(dir->fs, error));
    return error;
}
