/* SPDX-License-Identifier: MIT */
/*
 * tree.c - a line for each file and directory of a tree.
 *
 * It goes down by itself rather than by recursion: where it is in each
 * directory on the way is a cookie of fs_readdir(). A disk may hold a
 * directory that holds itself, or one that is in a thousand others; what is
 * among its own parents isn't entered again, and there is an end to the lines.
 */
#include "apps/files/files.h"
#include "console/console.h"
#include "console/format.h"
#include "fs/sync.h"
#include "lib/crc32.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { DEPTH_MAX = 64, LINES_MAX = 100000 };

/* A directory that we are in: as opened, and what of it comes next. */
struct level {
    struct file dir;
    uint64_t id, cookie;
    size_t path_len;            /* the path, less what is added for entries */
};

/* The path, with bytes that a console may take amiss as \x1b. */
static void print_path(const struct files_path *path)
{
    for (size_t i = 0; i < path->len; i++) {
        unsigned char c = (unsigned char)path->text[i];
        if (c < ' ' || c == 0x7f || c == '\\')
            print("\\x%02x", c);
        else
            console_write(&path->text[i], 1);
    }
    console_write("\n", 1);
}

static void print_error(const struct files_path *path, int error,
                        struct files_count *count)
{
    print("files: ! %d ", -error);
    print_path(path);
    count->errors++;
}

/* The checksum of all of a file, from `crc` on. */
static int digest(struct file *file, uint64_t size, uint32_t *crc)
{
    uint64_t offset = 0;

    while (offset < size) {
        struct fs_extent extent;
        int error = fs_map_sync(file, offset, &extent);
        if (error)
            return error;
        *crc = crc32(*crc, extent.data, extent.len);
        offset += extent.len;
        size_t len = extent.len;
        fs_unmap(file, &extent);
        if (len == 0)
            return -EIO;
    }
    return 0;
}

static int show_file(struct file *file, const struct fs_stat *stat,
                     const struct files_path *path, uint32_t crc,
                     struct files_count *count)
{
    int error = digest(file, stat->size, &crc);
    if (error)
        return error;

    print("files: f %llu %08x ", (unsigned long long)stat->size,
          (unsigned)crc);
    print_path(path);
    count->files++;
    return 0;
}

/* The line of what lies at `path`; fills *level if that is a directory, which
 * it returns 1 for. */
static int show_one(struct fs *fs, const struct files_path *path, uint32_t crc,
                    struct files_count *count, struct level *level)
{
    struct fs_stat stat;
    struct file file;
    int error = fs_open_sync(fs, path->text, path->len, &file);
    if (error)
        return error;

    error = fs_stat_sync(&file, &stat);
    if (error)
        goto close;
    switch (stat.type) {
    case FS_DIRECTORY:
        print("files: d ");
        print_path(path);
        count->directories++;
        *level = (struct level){
            .dir = file,
            .id = stat.id,
            .path_len = path->text[path->len - 1] == '/' ? path->len - 1
                                                          : path->len,
        };
        return 1;
    case FS_FILE:
        error = show_file(&file, &stat, path, crc, count);
        break;
    case FS_OTHER:
        print("files: o ");
        print_path(path);
        count->others++;
    }
close:
    fs_close(&file);
    return error;
}

/* Puts the name of the next entry behind the directory's path. */
static int next(struct level *level, struct files_path *path,
                enum fs_type *type)
{
    struct fs_dirent entry;
    int error = fs_readdir_sync(&level->dir, &level->cookie, &entry);
    if (error)
        return error;

    path->len = level->path_len;
    if (entry.name_len + 1u > sizeof path->text - path->len)
        return -ENAMETOOLONG;
    path->text[path->len++] = '/';
    memcpy(path->text + path->len, entry.name, entry.name_len);
    path->len += entry.name_len;
    *type = entry.type;
    return 0;
}

/* Is the last of these directories one of the others? */
static bool is_inside_itself(const struct level *levels, unsigned depth)
{
    for (unsigned i = 0; i + 1 < depth; i++)
        if (levels[i].id == levels[depth - 1].id)
            return true;
    return false;
}

/* After -ENAMETOOLONG the cookie is that of the entry behind the long one. */
static bool leaves_level(int error)
{
    return error && error != -ENAMETOOLONG;
}

void files_show(struct fs *fs, struct files_path *path, uint32_t crc,
                struct files_count *count)
{
    static struct level levels[DEPTH_MAX];
    unsigned depth = 0;
    int found = show_one(fs, path, crc, count, &levels[0]);

    if (found < 0)
        print_error(path, found, count);
    if (found == 1)
        depth = 1;
    for (unsigned lines = 0; depth > 0 && lines < LINES_MAX; lines++) {
        struct level *level = &levels[depth - 1];
        enum fs_type type;

        int error = next(level, path, &type);
        if (error) {
            path->len = level->path_len;
            if (error != -ENOENT)
                print_error(path, error, count);
            if (leaves_level(error)) {
                fs_close(&level->dir);
                depth--;
            }
            continue;
        }
        if (type == FS_OTHER) {         /* symbolic links are not followed */
            print("files: o ");
            print_path(path);
            count->others++;
            continue;
        }
        if (depth == DEPTH_MAX) {
            print_error(path, -E2BIG, count);
            continue;
        }
        found = show_one(fs, path, crc, count, &levels[depth]);
        if (found == 1 && is_inside_itself(levels, depth + 1))
            found = -ELOOP;
        if (found == 1)
            depth++;
        else if (found < 0)
            print_error(path, found, count);
    }
    if (depth > 0)
        print("files: that is enough\n");
}
