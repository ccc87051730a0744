/* SPDX-License-Identifier: MIT */
/*
 * sync.h - files for applications that may wait.
 *
 * The functions of fs.h, but that each runs the event loop until it has
 * something else to say than -EAGAIN. Other work goes on meanwhile, so these
 * must not be called from work, timers or callbacks of the loop; and whoever
 * keeps everything pinned waits for himself.
 */
#ifndef FS_SYNC_H
#define FS_SYNC_H

#include <stdbool.h>

#include "fs/fs.h"

/* Whether what gave `error` is to be tried again: for -EAGAIN it waits until
 * `fs` may get further. */
bool fs_again_sync(struct fs *fs, int error);

int fs_open_sync(struct fs *fs, const char *path, size_t len,
                 struct file *out);
int fs_stat_sync(struct file *file, struct fs_stat *out);
int fs_map_sync(struct file *file, uint64_t offset, struct fs_extent *out);
int fs_readdir_sync(struct file *dir, uint64_t *cookie, struct fs_dirent *out);

#endif
