/* SPDX-License-Identifier: MIT */
/*
 * mount.h - several file systems as one: each answers for the paths below the
 * place where it is mounted.
 *
 *     at        root                 path asked for      path it sees
 *     "/"       ""          disk     "/docs/a.html"      "/docs/a.html"
 *     "/data"   ""          other    "/data/x"           "/x"
 *     "/stats"  "/stats"    made     "/stats"            "/stats"
 *
 * Of all places that a path lies at or below, the longest decides. What is
 * there in a file system that was mounted above is not seen any more. An open
 * file is its own file system's: nothing stands between.
 */
#ifndef FS_MOUNT_MOUNT_H
#define FS_MOUNT_MOUNT_H

#include <stddef.h>

#include "fs/fs.h"

/* The caller's struct; it and what it points to must stay. */
struct fs_mount {
    struct fs *fs;
    const char *at;             /* "/", or a path without a slash at its end */
    const char *root;           /* what `fs` itself calls this place: "" for
                                   its root, else a path like `at` */
    struct fs_mount *next;      /* the table's */
};

struct fs_mounts {
    struct fs fs;               /* all of it, for fs.h's functions */
    struct fs_mount *first;     /* those with the longest `at` first */
    struct fs *asked;           /* whose -EAGAIN an open() has handed up */
};

/* Makes `mounts` a table with nothing in it: every path is -ENOENT. */
void fs_mounts_init(struct fs_mounts *mounts);

/* Mounts mount->fs. Returns 0; -EINVAL when `at` or `root` is not as above;
 * -EBUSY when there is something at this place already. Before files are
 * opened. */
int fs_mounts_add(struct fs_mounts *mounts, struct fs_mount *mount);

#endif
