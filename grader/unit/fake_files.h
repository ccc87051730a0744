/* SPDX-License-Identifier: MIT */
/*
 * fake_files.h - a file system that hands files out in small pieces, counts
 * what is open and pinned, and says -EAGAIN or -EIO when the test wants it.
 * With fake_fs.pins_max set it keeps to that.
 */
#ifndef UNIT_FAKE_FILES_H
#define UNIT_FAKE_FILES_H

#include <stdbool.h>

#include "fs/fs.h"

struct fake_file {
    const char *path;
    const char *content;        /* NULL: a directory */
    size_t len;                 /* of content; 0: as far as its NUL */
    uint64_t mtime;
};

/* Ends with a path of NULL. */
extern const struct fake_file *fake_files;
extern struct fs fake_fs;

/* The knobs. */
extern size_t fake_piece;       /* bytes that lie together */
extern bool fake_fixed;         /* files say that they stay as they are */
extern unsigned fake_again;     /* one call in so many gives -EAGAIN; 0: none */
extern uint64_t fake_broken_at; /* from this offset on, map gives -EIO */

/* The call with this number (1 is the next; 0: none) gives this error, once. */
extern unsigned fake_fails_at;
extern int fake_failure;

/* And every one behind it as well, until fake_wake(). */
extern bool fake_keeps_failing;

/* What is held, and how much was pinned at most. */
extern unsigned fake_open_files, fake_pins, fake_pins_most;

/* From now on fs_wait() wakes nobody, but keeps him for fake_wake(). */
extern bool fake_asleep;
void fake_wake(void);

#endif
