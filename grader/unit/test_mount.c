/* SPDX-License-Identifier: MIT */
/*
 * test_mount.c - fs/mount: which file system answers for a path, and what it
 * is told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/mount/mount.h"
#include "unit.h"

/* A file system that remembers what it was asked. */
struct witness {
    struct fs fs;
    char seen[FS_PATH_MAX + 1];
    unsigned opened, waits;
    int error;
};

static int witness_open(struct fs *fs, const char *path, size_t len,
                        struct file *out)
{
    struct witness *me = (struct witness *)fs;

    memcpy(me->seen, path, len);
    me->seen[len] = '\0';
    me->opened++;
    out->node = 7;
    return me->error;
}

static void witness_wait(struct fs *fs, struct event_work *again)
{
    (void)again;
    ((struct witness *)fs)->waits++;
}

#define WITNESS { .fs = { .open = witness_open, .wait = witness_wait } }
static struct witness disk = WITNESS, data = WITNESS, deep = WITNESS;
static struct witness made = WITNESS;

static struct fs_mounts mounts;
static struct fs_mount at_root = { &disk.fs, "/", "", NULL };
static struct fs_mount at_data = { &data.fs, "/data", "", NULL };
static struct fs_mount at_deep = { &deep.fs, "/data/deep", "/inside", NULL };
static struct fs_mount at_stats = { &made.fs, "/stats", "/stats", NULL };

static int open_path(const char *path, struct file *file)
{
    return fs_open(&mounts.fs, path, strlen(path), file);
}

static void plant(void)
{
    fs_mounts_init(&mounts);
    CHECK(fs_mounts_add(&mounts, &at_data) == 0, "/data can be mounted");
    CHECK(fs_mounts_add(&mounts, &at_root) == 0, "/ can be mounted");
    CHECK(fs_mounts_add(&mounts, &at_deep) == 0, "/data/deep can be mounted");
    CHECK(fs_mounts_add(&mounts, &at_stats) == 0, "/stats can be mounted");
}

/* `path` goes to `who`, which calls it `inner`. */
static void goes_to(const char *path, struct witness *who, const char *inner)
{
    struct file file;
    unsigned before = who->opened;

    CHECK(open_path(path, &file) == 0, "\"%s\" can be opened", path);
    CHECK(who->opened == before + 1, "\"%s\" goes to the right one", path);
    CHECK(strcmp(who->seen, inner) == 0, "\"%s\" is \"%s\" there, here \"%s\"",
          path, inner, who->seen);
    CHECK(file.fs == &who->fs && file.node == 7,
          "the file is the file system's own");
}

TEST(test_the_longest_place_that_a_path_lies_in_decides)
{
    plant();
    goes_to("/", &disk, "/");
    goes_to("/index.html", &disk, "/index.html");
    goes_to("/docs/", &disk, "/docs/");
    goes_to("/data/x", &data, "/x");
    goes_to("/data/x/", &data, "/x/");
    goes_to("/data/deep/y", &deep, "/inside/y");
    goes_to("/stats", &made, "/stats");
    goes_to("/stats/x", &made, "/stats/x");
}

TEST(test_a_place_itself_is_what_the_file_system_calls_it)
{
    plant();
    goes_to("/data", &data, "/");
    goes_to("/data/", &data, "/");
    goes_to("/data/deep", &deep, "/inside");
    goes_to("/data/deep/", &deep, "/inside/");
}

TEST(test_a_name_that_only_begins_like_a_place_is_another)
{
    plant();
    goes_to("/data.txt", &disk, "/data.txt");
    goes_to("/dat", &disk, "/dat");
    goes_to("/data/deeper", &data, "/deeper");
    goes_to("/statistics", &disk, "/statistics");
}

TEST(test_what_lies_in_no_place_is_not_there)
{
    struct file file;

    fs_mounts_init(&mounts);
    CHECK(open_path("/", &file) == -ENOENT, "an empty table has nothing");
    CHECK(fs_mounts_add(&mounts, &at_data) == 0, "/data can be mounted");
    CHECK(open_path("/x", &file) == -ENOENT, "nothing is at /x");
    CHECK(open_path("/", &file) == -ENOENT, "nothing is at /");
}

TEST(test_who_waits_waits_for_the_one_that_said_so)
{
    struct event_work again = { 0 };
    struct file file;

    plant();
    data.error = -EAGAIN;
    CHECK(open_path("/data/x", &file) == -EAGAIN, "-EAGAIN is handed up");
    fs_wait(&mounts.fs, &again);
    CHECK(data.waits == 1 && disk.waits == 0, "/data is waited for");
    disk.error = -EAGAIN;
    CHECK(open_path("/x", &file) == -EAGAIN, "-EAGAIN is handed up");
    fs_wait(&mounts.fs, &again);
    CHECK(data.waits == 1 && disk.waits == 1, "/ is waited for");
}

TEST(test_errors_are_handed_up)
{
    struct file file;

    plant();
    disk.error = -EIO;
    CHECK(open_path("/x", &file) == -EIO, "-EIO is handed up");
    CHECK(open_path("x", &file) == -EINVAL, "a path begins with a slash");
}

TEST(test_a_path_that_gets_too_long_is_refused)
{
    static struct fs_mount longer = { &data.fs, "/a", "/much/longer", NULL };
    char path[FS_PATH_MAX + 1];
    struct file file;

    fs_mounts_init(&mounts);
    CHECK(fs_mounts_add(&mounts, &longer) == 0, "it can be mounted");
    memset(path, 'x', sizeof path);
    for (size_t i = 2; i < FS_PATH_MAX; i += 100)
        path[i] = '/';
    memcpy(path, "/a", 2);
    size_t grows = strlen(longer.root) - strlen(longer.at);
    for (size_t len = FS_PATH_MAX - grows - 2; len <= FS_PATH_MAX; len++) {
        int error = fs_open(&mounts.fs, path, len, &file);
        int wanted = len + grows <= FS_PATH_MAX ? 0 : -ENAMETOOLONG;
        CHECK(error == wanted, "%zu bytes: %d, here %d", len, wanted, error);
    }
}

TEST(test_a_place_that_is_none_or_taken_is_refused)
{
    static const char *const bad[] = { "", "data", "/data/", "//" };
    struct fs_mount second = { &data.fs, "/data", "", NULL };

    plant();
    CHECK(fs_mounts_add(&mounts, &second) == -EBUSY, "/data is taken");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fs_mount wrong = { &data.fs, bad[i], "", NULL };
        CHECK(fs_mounts_add(&mounts, &wrong) == -EINVAL,
              "\"%s\" is no place", bad[i]);
        wrong = (struct fs_mount){ &data.fs, "/fine", bad[i], NULL };
        CHECK(bad[i][0] == '\0' ||
                  fs_mounts_add(&mounts, &wrong) == -EINVAL,
              "\"%s\" is no root", bad[i]);
    }
}

TEST(test_pins_are_as_few_as_the_narrowest_can_stand)
{
    plant();
    CHECK(mounts.fs.pins_max == 0, "as many as one likes");
    data.fs.pins_max = 90;
    disk.fs.pins_max = 40;
    plant();
    CHECK(mounts.fs.pins_max == 40, "40, here %u", mounts.fs.pins_max);
}
