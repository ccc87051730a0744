/* SPDX-License-Identifier: MIT */
/*
 * mem.h - a file system without a disk: a tree of files that is linked into
 * the image, and files whose content is made when they are opened.
 *
 * An application names a folder (TREE in its app.mk); kernel/tools/tree.sh
 * turns it into the table below, and a file's content is never copied: it is
 * sent from where the boot loader put it.
 */
#ifndef FS_MEM_MEM_H
#define FS_MEM_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "fs/fs.h"

/*
 * The image, as tree.sh writes it. Every place in it is told as a distance in
 * bytes from its first one, so that it may be linked to any address.
 *
 *     0        8            40           72
 *     +--------+------------+------------+-- - - --+----------+----------+
 *     | count  |  entry[0]  |  entry[1]  |         |  paths   |   data   |
 *     +--------+------------+------------+-- - - --+----------+----------+
 *                 root ""      "/a.html"               ^          ^
 *                                |  '-----path---------'          |
 *                                '--------data--------------------'
 *
 * Entries are sorted by their paths, byte by byte. The root's path is empty;
 * that of any other is its directory's, a slash and its name. So what lies
 * under a directory follows it, though not always at once: '.' sorts before
 * '/', and "/a.html" comes between "/a" and "/a/b".
 */
struct fs_mem_entry {
    uint32_t path;              /* distance to the first byte of the path */
    uint32_t path_len;          /* in bytes; no NUL follows */
    uint32_t data;              /* distance to the content */
    uint32_t type;              /* enum fs_type: FS_FILE or FS_DIRECTORY */
    uint64_t size;              /* of the content, in bytes */
    uint64_t mtime;             /* seconds since 1970 */
};
_Static_assert(sizeof(struct fs_mem_entry) == 32, "as tree.sh writes it");

struct fs_mem_tree {
    uint32_t count;
    uint32_t zero;
    struct fs_mem_entry entry[];
};
_Static_assert(sizeof(struct fs_mem_tree) == 8, "as tree.sh writes it");

/* The application's TREE. */
extern const struct fs_mem_tree fs_mem_tree;

/*
 * A file whose content is made each time that it is opened. It lies in a
 * directory of the tree; a file of the tree with the same path hides it.
 */
struct fs_mem_made {
    const char *path;           /* "/stats" */
    /* Writes the content into buf[cap] and returns its length; what is
     * beyond cap is cut off. */
    int (*make)(char *buf, size_t cap);
    struct fs_mem_made *next;   /* the file system's */
};

/*
 * The content of one opening of a made file lies in a snapshot until the file
 * is closed and nothing of it is mapped any more. There are a few, set up by
 * fs_mem_add(); when all are taken, opening another gives -EAGAIN.
 *
 * Invariant: a snapshot is on the free list exactly when pins == 0.
 */
enum { FS_MEM_SNAPSHOTS = 16, FS_MEM_SNAPSHOT_SIZE = 2048 };

struct fs_mem_snapshot {
    struct fs_mem_snapshot *next;       /* on the free list */
    unsigned pins;                      /* the open file, and each mapping */
    uint32_t id;                        /* of its file, for fs_stat */
    size_t len;
    char text[FS_MEM_SNAPSHOT_SIZE];
};

struct fs_mem {
    struct fs fs;
    const struct fs_mem_tree *tree;
    struct fs_mem_made *made;           /* in the order of being added */
    struct fs_mem_snapshot *snapshots;  /* FS_MEM_SNAPSHOTS, or NULL */
    struct fs_mem_snapshot *free;
    struct event_work *waiting;         /* for a snapshot */
};

/* Makes `m` the file system that `tree` describes; NULL: one that has only
 * what is added to it. Both must stay. Can't fail. &m->fs is what the
 * functions of fs/fs.h want. */
void fs_mem_mount(struct fs_mem *m, const struct fs_mem_tree *tree);

/* Adds a made file; the struct must stay. Returns 0 or -ENOMEM. */
int fs_mem_add(struct fs_mem *m, struct fs_mem_made *made);

#endif
