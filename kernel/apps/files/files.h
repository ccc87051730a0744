/* SPDX-License-Identifier: MIT */
/*
 * files.h - between the two files of this application.
 */
#ifndef APPS_FILES_FILES_H
#define APPS_FILES_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "fs/fs.h"

/* A path, and where it ends: never NUL-terminated, never more than this. */
struct files_path { size_t len; char text[FS_PATH_MAX]; };

struct files_count { unsigned long files, directories, others, errors; };

/* Prints a line on what lies at `path`, and lines on all that is below it. */
void files_show(struct fs *fs, struct files_path *path, uint32_t crc,
                struct files_count *count);

#endif
