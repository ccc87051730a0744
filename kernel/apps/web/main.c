/* SPDX-License-Identifier: MIT */
/*
 * web - serves the files on its disk, and one that tells how the guest is
 * doing.
 */
#include "apps/web/stats.h"
#include "console/log.h"
#include "event/event.h"
#include "fs/ext2/ext2.h"
#include "fs/mem/mem.h"
#include "fs/mount/mount.h"
#include "http/http.h"
#include "lib/errno.h"
#include "net/up.h"

static struct ext2 disk;
static struct fs_mem made;
static struct fs_mem_made stats = { .path = "/stats", .make = stats_make };

static struct fs_mounts files;
static struct fs_mount places[] = {
    { .fs = &disk.fs, .at = "/", .root = "" },
    { .fs = &made.fs, .at = "/stats", .root = "/stats" },
};
static const struct http_site site = {
    .fs = &files.fs,
    .index = "index.html",
    .listing = true,
};

/* Opens the disk and mounts what is on it. Says why it can't. */
static int open_disk(void)
{
    struct block_dev *dev = block_find("blk0");

    if (dev == NULL) {
        log_line("web: there is no disk to serve from; give the machine one: "
                 "DISK=FILE");
        return -ENODEV;
    }
    int error = ext2_open(&disk, dev);
    if (error)
        log_line("web: %s has no ext2 file system that can be served",
                 dev->name);
    return error;
}

/* Puts the disk's files and those that are made when asked for in one tree. */
static int plant(void)
{
    fs_mem_mount(&made, NULL);
    int error = fs_mem_add(&made, &stats);

    fs_mounts_init(&files);
    for (unsigned i = 0; i < sizeof places / sizeof *places && !error; i++)
        error = fs_mounts_add(&files, &places[i]);
    return error;
}

int main(void)
{
    int error = open_disk();
    if (!error)
        error = net_up_all(); /* by DHCP, or as told: ip=... */
    if (!error)
        error = plant();
    if (!error)
        error = http_serve(80, &site);
    if (error)
        return error;

    stats_begin(disk.cache);
    log_line("web: serving on port 80");
    event_run(); /* from here on, only events */
}
