/* SPDX-License-Identifier: MIT */
/*
 * files - lab 08's application: the tree on an ext2 disk, with a checksum of
 * every file.
 *
 * The challenge may say, each as key=value:
 *   crc    where the checksums begin, as a number                      (0)
 *   path   what to show, and all that is below it; may come again      (/)
 *
 * A line for each: "files: f SIZE CRC PATH" for a file, "d PATH" for a
 * directory, "o PATH" for what is neither (a symbolic link inside a directory
 * is not followed; one that was asked for is), "! ERRNO PATH" for what can't
 * be read. A CRC is lib/crc32.h's, of the whole content.
 */
#include "apps/files/files.h"
#include "console/format.h"
#include "core/challenge.h"
#include "core/start.h"
#include "fs/ext2/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"

static struct ext2 disk;
static struct files_count count;

/* The next word of the challenge that begins with "path=", less that. Returns
 * where to look on, or NULL when there is none. */
static const char *next_path(const char *text, struct files_path *path)
{
    static const char key[] = "path=";
    const size_t key_len = sizeof key - 1;

    while (*text != '\0') {
        const char *end = strchr(text, ' ');
        size_t len = end ? (size_t)(end - text) : strlen(text);

        if (len > key_len && memcmp(text, key, key_len) == 0) {
            path->len = len - key_len;
            memcpy(path->text, text + key_len, path->len);
            return text + len;
        }
        text += len + (end != NULL);
    }
    return NULL;
}

int main(void)
{
    static struct files_path path;
    uint32_t crc = (uint32_t)challenge_number("crc", 0);

    struct block_dev *dev = block_find("blk0");
    if (dev == NULL) {
        print("files: there is no disk\n");
        return -ENODEV;
    }
    int error = ext2_open(&disk, dev);
    if (error) {
        print("files: %s can't be mounted: error %d\n", dev->name, -error);
        return error;
    }

    const char *text = next_path(challenge_text(), &path);
    if (text == NULL) {
        path = (struct files_path){ .len = 1, .text = "/" };
        files_show(&disk.fs, &path, crc, &count);
    }
    for (; text != NULL; text = next_path(text, &path))
        files_show(&disk.fs, &path, crc, &count);

    struct cache_usage usage = cache_usage(disk.cache);
    print("files: %lu files, %lu directories, %lu others, %lu errors; "
          "%zu blocks pinned\n", count.files, count.directories, count.others,
          count.errors, usage.pinned);
    return 0;
}
