/* SPDX-License-Identifier: MIT */
/*
 * fake_files.c - see fake_files.h.
 */
#include "fake_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

const struct fake_file *fake_files;
size_t fake_piece = 1 << 20;
bool fake_fixed;
unsigned fake_again;
uint64_t fake_broken_at = UINT64_MAX;
unsigned fake_fails_at;
int fake_failure;
bool fake_keeps_failing;
unsigned fake_open_files, fake_pins, fake_pins_most;
bool fake_asleep;

static struct event_work *sleeping[1024];
static unsigned sleepers;
static bool may_wait;           /* the latest call gave -EAGAIN */

/* Is this the call that fails? */
static int trouble(void)
{
    int error = 0;

    if (fake_fails_at && --fake_fails_at == 0) {
        error = fake_failure;
        fake_fails_at = fake_keeps_failing;
    } else if (fake_again && unit_random_below(fake_again) == 0)
        error = -EAGAIN;
    may_wait = error == -EAGAIN;
    return error;
}

static size_t size_of(const struct fake_file *file)
{
    if (file->content == NULL)
        return 0;
    return file->len ? file->len : strlen(file->content);
}

static int fake_open(struct fs *fs, const char *path, size_t len,
                     struct file *out)
{
    (void)fs;
    int error = trouble();
    if (error)
        return error;
    for (unsigned i = 0; fake_files[i].path; i++) {
        if (strlen(fake_files[i].path) != len ||
            memcmp(fake_files[i].path, path, len) != 0)
            continue;
        out->node = i;
        fake_open_files++;
        return 0;
    }
    return -ENOENT;
}

static void fake_close(struct file *file)
{
    (void)file;
    CHECK(fake_open_files-- > 0, "a file is closed that is not open");
}

static int fake_stat(struct file *file, struct fs_stat *out)
{
    const struct fake_file *is = &fake_files[file->node];

    int error = trouble();
    if (error)
        return error;
    *out = (struct fs_stat){ .type = is->content ? FS_FILE : FS_DIRECTORY,
                             .size = size_of(is), .mtime = is->mtime,
                             .id = file->node, .fixed = fake_fixed };
    return 0;
}

/* A piece is copied to memory of its own, so that it is noticed when it is
 * looked at without a pin. */
static int fake_map(struct file *file, uint64_t offset, struct fs_extent *out)
{
    const struct fake_file *is = &fake_files[file->node];
    size_t size = size_of(is);

    int error = trouble();
    if (error)
        return error;
    if (offset >= fake_broken_at)
        return -EIO;
    if (fake_fs.pins_max && fake_pins >= fake_fs.pins_max) {
        may_wait = true;
        return -EAGAIN;
    }
    if (offset > size)
        offset = size;
    out->len = size - offset < fake_piece ? size - offset : fake_piece;
    out->pin = malloc(out->len + 1);
    memcpy(out->pin, is->content + offset, out->len);
    out->data = out->pin;
    if (++fake_pins > fake_pins_most)
        fake_pins_most = fake_pins;
    return 0;
}

static void fake_unmap(struct file *file, struct fs_extent *extent)
{
    (void)file;
    CHECK(fake_pins-- > 0, "a piece is unmapped that is not mapped");
    free(extent->pin);
}

/* Is the file `i` directly in the directory `dir`? */
static const char *name_in(const char *dir, unsigned i)
{
    size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
    const char *path = fake_files[i].path;

    if (strncmp(path, dir, len) != 0 || path[len] != '/' || !path[len + 1] ||
        strchr(path + len + 1, '/'))
        return NULL;
    return path + len + 1;
}

static int fake_readdir(struct file *dir, uint64_t *cookie,
                        struct fs_dirent *out)
{
    int error = trouble();

    if (error)
        return error;
    if (fake_files[dir->node].content)
        return -ENOTDIR;
    for (; fake_files[*cookie].path; ++*cookie) {
        const char *name =
            name_in(fake_files[dir->node].path, (unsigned)*cookie);
        if (!name)
            continue;
        out->type = fake_files[*cookie].content ? FS_FILE : FS_DIRECTORY;
        out->name_len = (uint8_t)strlen(name);
        strcpy(out->name, name);
        ++*cookie;
        return 0;
    }
    return -ENOENT;
}

static bool is_awaited(const struct event_work *again)
{
    for (unsigned i = 0; i < sleepers; i++)
        if (sleeping[i] == again)
            return true;
    return again->posted;
}

static void fake_wait(struct fs *fs, struct event_work *again)
{
    (void)fs;
    CHECK(may_wait, "who waits must have been told to, by the latest call");
    CHECK(!is_awaited(again), "what is awaited is not asked for once more");
    may_wait = false;
    if (!fake_asleep) {
        event_post(again);
        return;
    }
    CHECK(sleepers < 1024, "more than 1024 wait");
    sleeping[sleepers++] = again;
}

void fake_wake(void)
{
    fake_asleep = fake_keeps_failing = false;
    fake_fails_at = 0;
    while (sleepers > 0)
        event_post(sleeping[--sleepers]);
}

struct fs fake_fs = {
    .open = fake_open,
    .stat = fake_stat,
    .map = fake_map,
    .unmap = fake_unmap,
    .readdir = fake_readdir,
    .close = fake_close,
    .wait = fake_wait,
};
