/* SPDX-License-Identifier: MIT */
/*
 * fake_files.h - a file system that hands files out in small pieces, counts
 * what is open and pinned, and says -EAGAIN or -EIO when the test wants it.
 */
#ifndef UNIT_FAKE_FILES_H
#define UNIT_FAKE_FILES_H

#include "fs/fs.h"

struct fake_file {
    const char *path;
    const char *content;        /* NULL: a directory */
    size_t len;                 /* of content; 0: as far as its NUL */
};

/* Ends with a path of NULL. */
extern const struct fake_file *fake_files;
extern struct fs fake_fs;

/* The knobs. */
extern size_t fake_piece;       /* bytes that lie together */
extern unsigned fake_again;     /* one call in so many gives -EAGAIN; 0: none */
extern uint64_t fake_broken_at; /* from this offset on, map gives -EIO */

/* What is held. */
extern unsigned fake_open_files, fake_pins;

#endif
