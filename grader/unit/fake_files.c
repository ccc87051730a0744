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
unsigned fake_again;
uint64_t fake_broken_at = UINT64_MAX;
unsigned fake_open_files, fake_pins;

static bool not_yet(void)
{
    return fake_again && unit_random_below(fake_again) == 0;
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
    if (not_yet())
        return -EAGAIN;
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

    if (not_yet())
        return -EAGAIN;
    *out = (struct fs_stat){ .type = is->content ? FS_FILE : FS_DIRECTORY,
                             .size = size_of(is), .id = file->node };
    return 0;
}

/* A piece is copied to memory of its own, so that it is noticed when it is
 * looked at without a pin. */
static int fake_map(struct file *file, uint64_t offset, struct fs_extent *out)
{
    const struct fake_file *is = &fake_files[file->node];
    size_t size = size_of(is);

    if (not_yet())
        return -EAGAIN;
    if (offset >= fake_broken_at)
        return -EIO;
    if (offset > size)
        offset = size;
    out->len = size - offset < fake_piece ? size - offset : fake_piece;
    out->pin = malloc(out->len + 1);
    memcpy(out->pin, is->content + offset, out->len);
    out->data = out->pin;
    fake_pins++;
    return 0;
}

static void fake_unmap(struct file *file, struct fs_extent *extent)
{
    (void)file;
    CHECK(fake_pins-- > 0, "a piece is unmapped that is not mapped");
    free(extent->pin);
}

static void fake_wait(struct fs *fs, struct event_work *again)
{
    (void)fs;
    event_post(again);
}

struct fs fake_fs = {
    .open = fake_open,
    .stat = fake_stat,
    .map = fake_map,
    .unmap = fake_unmap,
    .close = fake_close,
    .wait = fake_wait,
};
