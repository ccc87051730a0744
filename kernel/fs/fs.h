/* SPDX-License-Identifier: MIT */
/*
 * fs.h - files to read: open, map, stat, readdir.
 *
 * A file system is straight-line code that never waits. What it needs from a
 * disk and is not in memory yet makes it return -EAGAIN, after the read has
 * been started; the caller asks fs_wait() to be woken and calls again.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

enum { FS_NAME_MAX = 255, FS_PATH_MAX = 1023 };
enum fs_type { FS_FILE, FS_DIRECTORY, FS_OTHER };

struct fs_stat {
    enum fs_type type;
    uint64_t size;          /* in bytes */
    uint64_t mtime;         /* seconds since 1970, 0 when not known */
    uint64_t id;            /* differs from every other's in its fs */
    bool fixed;             /* all this, and what path leads to it, and what it
                               holds, stay so */
};

/* A pinned piece of a file: the cache's own memory, not a copy. */
struct fs_extent {
    const uint8_t *data;
    size_t len;             /* bytes from the offset asked for; 0 at the end */
    void *pin;              /* the file system's */
};

struct fs_dirent {
    enum fs_type type;
    uint8_t name_len;
    char name[FS_NAME_MAX + 1];     /* NUL-terminated */
};

struct fs;

/* How somebody reads a file: a file system that reads ahead goes by it. Bytes
 * of the file. */
struct fs_reading {
    uint64_t last, next;    /* where the latest extent began, and ended: who
                               goes on between these reads in order */
    uint64_t ahead;         /* up to here it has been read ahead */
    uint64_t until;         /* more will not be wanted */
    uint32_t window;        /* how far to read ahead; 0: not in order */
};

/* An open file. The caller's struct, the file system's content. */
struct file {
    struct fs *fs;
    uint64_t node;          /* which file, in the file system's own terms */
    struct fs_reading reading;
};

/* What a file system provides. Paths are absolute, "/" separates, "." and
 * ".." have been dealt with by the caller. */
struct fs {
    int (*open)(struct fs *fs, const char *path, size_t len, struct file *out);
    int (*stat)(struct file *file, struct fs_stat *out);
    int (*map)(struct file *file, uint64_t offset, struct fs_extent *out);
    void (*unmap)(struct file *file, struct fs_extent *extent);
    int (*readdir)(struct file *dir, uint64_t *cookie, struct fs_dirent *out);
    void (*close)(struct file *file);
    void (*wait)(struct fs *fs, struct event_work *again);

    /* How many extents may be pinned at a time, by everybody together, before
     * map() begins to give -EAGAIN for the sake of others: who pins for long
     * keeps to a fair share of it. 0: as many as one likes. */
    unsigned pins_max;
};

/*
 * 0, or -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ELOOP, -EIO, -ENOMEM; -EINVAL for
 * a path that is not absolute or has a NUL in it; -EAGAIN: see above, nothing
 * is held and nothing need be undone. Symbolic links are followed.
 */

/* Opens what is at `path`; fs_close() it later. */
int fs_open(struct fs *fs, const char *path, size_t len, struct file *out);
void fs_close(struct file *file);

int fs_stat(struct file *file, struct fs_stat *out);

/* Pins the memory that holds the file's bytes from `offset` on, as many as
 * lie together (len 0: the end of the file). It stays put until fs_unmap(),
 * also when the file has been closed. -EISDIR for a directory. */
int fs_map(struct file *file, uint64_t offset, struct fs_extent *out);
void fs_unmap(struct file *file, struct fs_extent *extent);

/* Says that the `len` bytes from `offset` on will be wanted next, in order, and
 * none behind them. It need not be said: who opens a file is taken to want all
 * of it from its beginning, and who reads on where he was to want the rest. */
void fs_want(struct file *file, uint64_t offset, uint64_t len);

/* The next entry of a directory. *cookie is 0 at first. -ENOENT after the
 * last. "." and ".." are left out. */
int fs_readdir(struct file *dir, uint64_t *cookie, struct fs_dirent *out);

/* Posts `again` when what the latest -EAGAIN of this file system was for may
 * get further; to be called before any other of these is. After fs_open() that
 * is the file system which was asked, after all others file->fs. Until then it
 * is the file system's: it must stay, and not be posted by anybody else. */
void fs_wait(struct fs *fs, struct event_work *again);

#endif
