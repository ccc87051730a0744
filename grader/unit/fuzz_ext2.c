/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ext2.c - whatever lies on the disk: it is mounted or refused, all that
 * it has can be walked to an end, no file gives more than its disk has, and no
 * block stays pinned.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Ikernel \
 *         -Ikernel/arch/unix grader/unit/fuzz_ext2.c \
 *         grader/unit/fuzz_host.c grader/unit/host.c \
 *         grader/unit/fake_cache.c grader/unit/no_machine.c \
 *         solutions/08-files/ext2.c kernel/fs/ext2/?*.c kernel/fs/fs.c \
 *         solutions/04-events/loop.c kernel/event/event.c \
 *         solutions/02-print/format.c solutions/02-print/console.c \
 *         kernel/console/print.c kernel/console/consoles.c \
 *         -o build/fuzz_ext2
 *     build/fuzz_ext2 -max_len=300000 FOLDER-OF-SMALL-IMAGES
 */
#include "fuzz_ext2.h"

#include <errno.h>
#include <stdbool.h>

#include "fake_cache.h"
#include "fs/ext2/ext2.h"
#include "fuzz.h"

enum { PATHS_MAX = 300, TRIES_MAX = 1000000, KEEP = 8 };

static struct ext2 fs;
static struct block_dev disk = { .name = "blk0" };

/* Paths that are to be looked at, and those that were. */
static struct { char text[FS_PATH_MAX + 1]; size_t len; } paths[PATHS_MAX];
static unsigned count, tries;

/* To be asked again? Not for ever, and never with a block in hand. */
static bool again(int error)
{
    MUST(error == 0 || fake_cache_pinned() == 0,
         "after error %d, %u blocks are pinned", error, fake_cache_pinned());
    MUST(tries++ < TRIES_MAX, "it asks to be asked again for ever");
    return error == -EAGAIN;
}

static void must_be_an_error(int error)
{
    MUST(error == -ENOENT || error == -ENOTDIR || error == -ENAMETOOLONG ||
             error == -ELOOP || error == -EIO,
         "this is no error of fs.h: %d", error);
}

static void note_path(const char *dir, size_t dir_len,
                      const struct fs_dirent *entry)
{
    size_t len = dir_len + (dir_len > 1) + entry->name_len;

    if (count == PATHS_MAX || len > FS_PATH_MAX)
        return;
    memcpy(paths[count].text, dir, dir_len);
    if (dir_len > 1)
        paths[count].text[dir_len++] = '/';
    memcpy(paths[count].text + dir_len, entry->name, entry->name_len);
    paths[count++].len = len;
}

static void walk_dir(struct file *dir, unsigned path, uint64_t size)
{
    struct fs_dirent entry;
    uint64_t cookie = 0, entries = 0;

    for (;;) {
        int error = fs_readdir(dir, &cookie, &entry);
        if (again(error))
            continue;
        MUST(cookie <= size, "an entry lies at byte %llu of %llu",
             (unsigned long long)cookie, (unsigned long long)size);
        if (error) {
            must_be_an_error(error);
            return;
        }
        MUST(entries++ <= size / EXT2_DIR_ENTRY_MIN,
             "a directory has more entries than it has room for");
        MUST(entry.name_len > 0 && strlen(entry.name) == entry.name_len &&
                 strchr(entry.name, '/') == NULL,
             "the name \"%s\" of %u bytes is listed", entry.name,
             entry.name_len);
        note_path(paths[path].text, paths[path].len, &entry);
    }
}

static void read_file(struct file *file, uint64_t size, uint64_t disk_size)
{
    static volatile uint8_t sink;
    uint64_t offset = 0;

    MUST(size <= disk_size, "a file of %llu bytes is served off a disk of %llu",
         (unsigned long long)size, (unsigned long long)disk_size);
    while (offset < size) {
        struct fs_extent extent;
        int error;
        while (again(error = fs_map(file, offset, &extent)))
            ;
        if (error) {
            must_be_an_error(error);
            return;
        }
        MUST(extent.len > 0 && extent.len <= size - offset,
             "a piece of %zu bytes at %llu of %llu", extent.len,
             (unsigned long long)offset, (unsigned long long)size);
        for (size_t i = 0; i < extent.len; i++)
            sink += extent.data[i];
        offset += extent.len;
        fs_unmap(file, &extent);
    }
}

static void look_at(unsigned path, uint64_t disk_size)
{
    struct fs_stat stat = { 0 };
    struct file file;
    int error;

    while (again(error = fs_open(&fs.fs, paths[path].text, paths[path].len,
                                 &file)))
        ;
    if (error) {
        must_be_an_error(error);
        return;
    }
    while (again(error = fs_stat(&file, &stat)))
        ;
    MUST(error == 0, "what was opened has no stat: %d", error);
    if (stat.type == FS_DIRECTORY)
        walk_dir(&file, path, stat.size);
    else if (stat.type == FS_FILE)
        read_file(&file, stat.size, disk_size);
    fs_close(&file);
    MUST(fake_cache_pinned() == 0, "%u blocks stay pinned",
         fake_cache_pinned());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int error;

    size -= size % BLOCK_SECTOR_SIZE;
    disk.sectors = size / BLOCK_SECTOR_SIZE;
    struct cache *cache = fake_cache(data, size, KEEP);
    tries = 0;
    while (again(error = ext2_mount(&fs, &disk, cache)))
        ;
    if (error) {
        MUST(error == -EINVAL || error == -ENOTSUP || error == -EIO,
             "mounting gives %d", error);
        return 0;
    }
    paths[0].text[0] = '/';
    paths[0].len = 1;
    count = 1;
    for (unsigned path = 0; path < count; path++)
        look_at(path, size);
    return 0;
}
