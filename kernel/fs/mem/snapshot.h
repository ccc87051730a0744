/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - made files, for fs/mem alone.
 */
#ifndef FS_MEM_SNAPSHOT_H
#define FS_MEM_SNAPSHOT_H

#include "fs/mem/mem.h"

/* Makes the content of `made`, whose fs_stat id shall be `id`. The snapshot
 * has one pin; NULL when every one is taken. */
struct fs_mem_snapshot *fs_mem_snapshot(struct fs_mem *m,
                                        const struct fs_mem_made *made,
                                        uint32_t id);

/* Takes a pin off. Without any the snapshot is free, and who waits is woken. */
void fs_mem_unpin(struct fs_mem *m, struct fs_mem_snapshot *snapshot);

#endif
