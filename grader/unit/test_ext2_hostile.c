/* SPDX-License-Identifier: MIT */
/*
 * test_ext2_hostile.c - disks that lie: by name, one lie at a time, and then
 * by thousands of random damages. Every block that is pinned has memory of its
 * own here, so that the sanitizer sees each byte read too far or too late.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_cache.h"
#include "fake_image.h"
#include "fuzz.h"
#include "fuzz_ext2.h"
#include "unit.h"

static const struct image_shape small = { 1024, 128, 1, 256, 1024, NULL, true,
                                          false };
static const struct image_shape large = { 4096, 256, 1, 0, 4096, NULL, true,
                                          false };

static struct image image;
static struct ext2 fs;

static int try_mount(void)
{
    struct cache *cache = fake_cache(image.data, image.size, 8);
    int error, tries = 0;

    while ((error = ext2_mount(&fs, &image.dev, cache)) == -EAGAIN)
        CHECK(tries++ < 1000, "mounting waits for ever");
    CHECK(fake_cache_pinned() == 0, "after mounting (%d) %u blocks are pinned",
          error, fake_cache_pinned());
    return error;
}

static void mount(void)
{
    int error = try_mount();
    CHECK(error == 0, "it can be mounted, here %d", error);
}

/* Calls until there is another answer than -EAGAIN. */
#define UNTIL_DONE(error, call)                                          \
    do {                                                                 \
        unsigned tries_ = 0;                                             \
        while (((error) = (call)) == -EAGAIN) {                          \
            CHECK(fake_cache_pinned() == 0, "a block stays pinned");     \
            CHECK(tries_++ < 100000, "it waits for ever: " #call);       \
        }                                                                \
    } while (0)

static int open_path(const char *path, struct file *file)
{
    int error;

    UNTIL_DONE(error, fs_open(&fs.fs, path, strlen(path), file));
    CHECK(fake_cache_pinned() == 0, "opening \"%s\" (%d) leaves a pin", path,
          error);
    return error;
}

static void check_path(const char *path, int wanted)
{
    struct file file;
    int error = open_path(path, &file);
    CHECK(error == wanted, "opening \"%s\" gives %d, here %d", path, wanted,
          error);
}

/* Everything that can be done with such a disk comes to an end. */
static void check_ends(void)
{
    LLVMFuzzerTestOneInput(image.data, image.size);
}

static void check_refused(const char *words)
{
    unsigned lines = unit_log_count();
    int error = try_mount();
    CHECK(error == -EIO || error == -ENOTSUP, "such a disk is refused, here %d",
          error);
    CHECK(unit_log_count() == lines + 1 && strstr(unit_log_last(), words),
          "one line says \"%s\", here %u: %s", words,
          unit_log_count() - lines, unit_log_last());
}

/* ---- The superblock ---- */

/* One field of the superblock set to each of some values, all to be refused
 * with these words. */
static void refuse(size_t offset, size_t size, const char *words,
                   const uint32_t *values, size_t count)
{
    for (unsigned shape = 0; shape < 2; shape++) {
        image_make(&image, shape ? &large : &small);
        uint8_t *field = (uint8_t *)image_super(&image) + offset;
        uint32_t good = 0;

        memcpy(&good, field, size);
        for (size_t i = 0; i < count; i++) {
            memcpy(field, &values[i], size);
            check_refused(words);
            memcpy(field, &good, size);
        }
        mount();
    }
}

#define REFUSE(field_, words_, ...)                                      \
    do {                                                                 \
        static const uint32_t values_[] = { __VA_ARGS__ };               \
        refuse(offsetof(struct ext2_super_block, field_),                \
               sizeof image_super(&image)->field_, words_, values_,      \
               sizeof values_ / sizeof *values_);                        \
    } while (0)

TEST(test_s_inodes_per_group_of_0_or_too_many_is_refused)
{
    REFUSE(s_inodes_per_group, "s_inodes_", 0, 1, 0x8001, 0xffffffff);
}

TEST(test_s_blocks_per_group_of_0_or_too_many_is_refused)
{
    REFUSE(s_blocks_per_group, "s_blocks_per_group", 0, 0x8001, 0xffffffff);
}

TEST(test_s_log_block_size_of_31_and_more_is_refused)
{
    REFUSE(s_log_block_size, "s_log_block_size", 3, 22, 31, 32, 0xffffffff);
}

TEST(test_s_inode_size_that_is_0_or_odd_is_refused)
{
    REFUSE(s_inode_size, "s_inode_size", 0, 1, 64, 127, 129, 192, 8192, 0xffff);
}

TEST(test_s_first_ino_below_11_is_refused)
{
    REFUSE(s_first_ino, "s_first_ino", 0, 1, 2, 10);
}

TEST(test_s_first_ino_beyond_all_inodes_leaves_the_root)
{
    image_make(&image, &small);
    image_super(&image)->s_first_ino = 0xffffffff;
    mount();
    check_path("/", 0);
    check_path("/hello.txt", -EIO);
    check_ends();
}

TEST(test_s_first_data_block_elsewhere_is_refused)
{
    REFUSE(s_first_data_block, "s_first_data_block", 2, 100, 0xffffffff);
}

TEST(test_s_blocks_count_of_0_or_beyond_the_disk_is_refused)
{
    REFUSE(s_blocks_count, "s_blocks_count", 0, 0x10000, 0x80000000,
           0xffffffff);
    /* And the disk cut short. */
    image_make(&image, &small);
    image.dev.sectors--;
    check_refused("s_blocks_count");
}

TEST(test_s_inodes_count_that_the_groups_dont_have_is_refused)
{
    REFUSE(s_inodes_count, "s_inodes_count", 0, 1, 0x100000, 0xffffffff);
}

TEST(test_group_descriptors_outside_the_disk_are_refused)
{
    image_make(&image, &small);
    image_super(&image)->s_inodes_count = 16;
    image_super(&image)->s_blocks_count = 1;
    check_refused("s_blocks_count");
    image_super(&image)->s_blocks_count = 2;
    check_refused("group descriptors");
}

TEST(test_a_disk_too_short_for_a_superblock_is_none_of_ours)
{
    for (unsigned sectors = 0; sectors < 4; sectors++) {
        image_make(&image, &small);
        image_over(&image, image.data, sectors * 512);
        int error = try_mount();
        CHECK(error == -EINVAL, "%u sectors hold no ext2, here %d", sectors,
              error);
    }
}

/* ---- Inodes ---- */

TEST(test_an_inode_table_outside_the_disk_is_refused)
{
    static const uint32_t places[] = { 1024, 0x7fffffff, 0xffffffff };

    for (unsigned i = 0; i < 3; i++) {
        image_make(&image, &small);
        image_group(&image, 0)->bg_inode_table = places[i];
        check_refused("damaged");
    }
}

TEST(test_a_root_that_is_no_directory_is_refused)
{
    image_make(&image, &small);
    image_inode(&image, 2)->i_mode = EXT2_S_IFREG | 0644;
    check_refused("root");
}

TEST(test_an_inode_number_beyond_all_is_an_error)
{
    static const uint32_t inos[] = { 0x7fffffff, 0xffffffff, 241, 1000 };

    image_make(&image, &small);
    for (unsigned i = 0; i < 4; i++) {
        image_entry(&image, "/hello.txt")->inode = inos[i];
        mount();
        check_path("/hello.txt", -EIO);
        check_path("/one", 0);
        check_ends();
    }
}

TEST(test_inode_0_is_none_however_many_a_group_has)
{
    struct image_shape shape = large;
    struct ext2_inode inode;
    int error;

    /* Inode 0 would be the last of group 131,071, whose descriptor would lie
     * on the disk, and say that its inodes do as well. */
    shape.kib = 8192;
    image_make(&image, &shape);
    image_super(&image)->s_inodes_per_group = 32768;
    mount();
    UNTIL_DONE(error, ext2_read_inode(&fs, 0, &inode));
    CHECK(error == -EIO, "there is no inode 0, here %d", error);
}

TEST(test_reserved_and_free_inodes_are_not_served)
{
    image_make(&image, &small);
    for (uint32_t ino = 1; ino < 11; ino++) {
        image_entry(&image, "/hello.txt")->inode = ino;
        mount();
        check_path("/hello.txt", ino == 2 ? 0 : -EIO);
    }
    image_entry(&image, "/hello.txt")->inode = 240;
    mount();
    check_path("/hello.txt", -EIO);
}

TEST(test_no_file_gives_more_than_its_disk_has_and_a_line_says_so)
{
    static const struct { uint32_t low, high; bool ok; } sizes[] = {
        { 1024 * 1024, 0, true }, { 1024 * 1024 + 1, 0, false },
        { 0xffffffff, 0, false }, { 0, 1, false }, { 5, 0xffffffff, false },
    };
    image_make(&image, &small);
    struct ext2_inode *inode =
        image_inode(&image, image_ino(&image, "/all-hole"));
    for (unsigned i = 0; i < 5; i++) {
        inode->i_size = sizes[i].low;
        inode->i_size_high = sizes[i].high;
        mount();
        unsigned lines = unit_log_count();
        check_path("/all-hole", sizes[i].ok ? 0 : -EIO);
        CHECK(unit_log_count() == lines + !sizes[i].ok, "one line says so");
        check_path("/one", 0);
        check_ends();
    }
}

static void check_map(const char *path, uint64_t offset, int wanted)
{
    struct fs_extent extent;
    struct file file;
    int error;

    CHECK(open_path(path, &file) == 0, "\"%s\" can be opened", path);
    UNTIL_DONE(error, fs_map(&file, offset, &extent));
    CHECK(error == wanted, "mapping \"%s\" at %llu gives %d, here %d", path,
          (unsigned long long)offset, wanted, error);
    if (error == 0)
        fs_unmap(&file, &extent);
    CHECK(fake_cache_pinned() == 0, "no block stays pinned");
}

TEST(test_block_numbers_outside_the_disk_are_errors_of_their_file)
{
    static const uint32_t blocks[] = { 1024, 1025, 0x7fffffff, 0xffffffff };

    image_make(&image, &small);
    struct ext2_inode *inode =
        image_inode(&image, image_ino(&image, "/direct+1"));
    uint32_t *indirect = (void *)image_block(&image, inode->i_block[12]);
    uint32_t was = inode->i_block[12];
    for (unsigned i = 0; i < 4; i++) {
        inode->i_block[3] = blocks[i];
        inode->i_block[12] = was;
        *indirect = blocks[i];
        mount();
        check_map("/direct+1", 3 * 1024 + 5, -EIO);
        check_map("/direct+1", 4 * 1024, 0);
        check_map("/direct+1", 12 * 1024, -EIO);
        inode->i_block[12] = blocks[i];
        mount();
        check_map("/direct+1", 12 * 1024, -EIO);
        check_ends();
    }
}

TEST(test_an_indirect_block_that_points_to_itself_comes_to_an_end)
{
    image_make(&image, &small);
    struct ext2_inode *inode =
        image_inode(&image, image_ino(&image, "/all-hole"));
    inode->i_size = 1000 * 1024;
    for (unsigned i = 12; i < 15; i++)
        inode->i_block[i] = 900;
    for (unsigned i = 0; i < 256; i++)
        ((uint32_t *)(void *)image_block(&image, 900))[i] = 900;
    mount();
    for (unsigned n = 12; n < 1000; n += 41)
        check_map("/all-hole", n * 1024, 0);
    check_ends();
}

/* ---- Directories ---- */

static void check_bad_directory(void)
{
    struct fs_dirent entry;
    uint64_t cookie = 0;
    struct file dir;
    int error;

    mount();
    check_path("/a/abc", -EIO);
    check_path("/a/b/c/deep", -EIO);
    check_path("/hello.txt", 0);
    CHECK(open_path("/a", &dir) == 0, "the directory can be opened");
    for (unsigned i = 0; ; i++) {
        CHECK(i < 100, "a directory of 1 KiB has no end");
        UNTIL_DONE(error, fs_readdir(&dir, &cookie, &entry));
        if (error)
            break;
    }
    CHECK(error == -EIO, "its listing breaks off with %d, here %d", -EIO,
          error);
    check_ends();
}

TEST(test_rec_len_that_is_0_odd_or_too_long_is_an_error)
{
    static const uint16_t lens[] = { 0, 1, 4, 8, 11, 13, 14, 1016, 1024, 4096,
                                     0xfffc, 0xffff };
    image_make(&image, &small);
    struct ext2_dir_entry *entry = image_entry(&image, "/a/..");
    for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++) {
        entry->rec_len = lens[i];
        check_bad_directory();
    }
}

TEST(test_a_name_longer_than_its_entry_is_an_error)
{
    image_make(&image, &small);
    image_entry(&image, "/a/..")->name_len = 5;
    check_bad_directory();
    image_entry(&image, "/a/.")->name_len = 255;
    check_bad_directory();
}

TEST(test_entries_with_inode_0_are_passed_over_wherever_they_are)
{
    image_make(&image, &small);
    image_entry(&image, "/a/.")->inode = 0;
    image_entry(&image, "/a/abc")->inode = 0;
    image_entry(&image, "/a/abcde")->inode = 0;
    mount();
    check_path("/a/ab", 0);
    check_path("/a/abc", -ENOENT);
    check_path("/a/abcde", -ENOENT);
    check_path("/a/b/c/deep", 0);
    check_ends();
}

TEST(test_a_directory_with_a_hole_or_a_part_of_a_block_is_an_error)
{
    image_make(&image, &small);
    struct ext2_inode *inode = image_inode(&image, image_ino(&image, "/a"));
    inode->i_size = 2048;
    mount();
    check_path("/a/ab", 0);
    check_path("/a/none", -EIO);
    check_ends();
    inode->i_size = 1028;
    mount();
    check_path("/a/ab", -EIO);
    inode->i_size = 0;
    mount();
    check_path("/a/ab", -ENOENT);
    check_ends();
}

TEST(test_a_directory_that_holds_itself_ends_with_the_path)
{
    char path[FS_PATH_MAX + 1];

    image_make(&image, &small);
    image_entry(&image, "/a/b")->inode = image_ino(&image, "/a");
    mount();
    for (unsigned len = 0; len < FS_PATH_MAX - 1; len += 2)
        memcpy(path + len, len ? "/b" : "/a", 3);
    check_path(path, 0);
    strcpy(path + FS_PATH_MAX - 3, "/c");
    check_path(path, -ENOENT);
    check_ends();
}

/* Makes "/a" a huge directory whose blocks are one and the same, without a
 * name in it, but for the first and the last. There stand "z" and "b", which
 * are "/a" again; so a path of both in turn costs what the disk can make it. */
static void make_huge(void)
{
    enum { EMPTY = 60000, FIRST, SAME, LAST, TOP };     /* free blocks */
    struct image_shape shape = small;

    shape.kib = 65536;
    image_make(&image, &shape);
    uint32_t ino = image_ino(&image, "/a");
    struct ext2_inode *inode = image_inode(&image, ino);
    uint32_t *same = (void *)image_block(&image, SAME);
    uint32_t *last = (void *)image_block(&image, LAST);
    uint32_t *top = (void *)image_block(&image, TOP);
    struct ext2_dir_entry *entry = (void *)image_block(&image, EMPTY);

    image_entry(&image, "/a/b")->inode = ino;
    entry->rec_len = 1024;
    entry = (void *)image_block(&image, FIRST);
    entry->inode = ino;
    entry->rec_len = 1024;
    entry->name_len = 1;
    entry->name[0] = 'z';
    for (unsigned i = 0; i < 256; i++) {
        same[i] = last[i] = EMPTY;
        top[i] = SAME;
    }
    top[199] = LAST;
    last[255] = inode->i_block[0];
    for (unsigned i = 0; i < 12; i++)
        inode->i_block[i] = i ? EMPTY : FIRST;
    inode->i_block[12] = SAME;
    inode->i_block[13] = TOP;
    inode->i_size = (12 + 256 + 256 * 200) * 1024;
}

/* Asks until there is another answer; how often it had to. */
static unsigned turns_of(const char *path, int wanted)
{
    struct file file;
    unsigned turns = 0;
    int error;

    do {
        uint64_t before = fake_cache_gets();
        error = fs_open(&fs.fs, path, strlen(path), &file);
        CHECK(fake_cache_gets() - before < 3 * EXT2_ROUND_BLOCKS,
              "one call may not look at %llu blocks",
              (unsigned long long)(fake_cache_gets() - before));
        CHECK(turns++ < 100000, "\"%s\" is searched for ever", path);
    } while (error == -EAGAIN);
    CHECK(error == wanted, "\"%s\" gives %d, here %d", path, wanted, error);
    return turns;
}

TEST(test_a_path_through_huge_directories_takes_turns_and_has_an_end)
{
    char path[FS_PATH_MAX + 1] = "/a";

    make_huge();
    mount();
    unsigned turns = turns_of("/a/b", 0);
    CHECK(turns >= 200, "51,468 blocks are searched in %u turns", turns);
    CHECK(turns_of("/a/abc", 0) < 3, "the next name is found beside it");
    CHECK(turns_of("/a/none", -ENOENT) >= 200, "for no name all is searched");
    for (unsigned i = 0; i < 200; i++)
        strcat(path, "/b/z");
    turns = turns_of(path, -EIO);
    CHECK(turns < 1000, "it leads round and round for %u turns", turns);
    CHECK(strstr(unit_log_last(), "round and round"), "and that is said");
}

TEST(test_walks_that_nobody_asks_for_again_give_way)
{
    char path[] = "/a/none-0";
    struct file file;

    make_huge();
    mount();
    for (; path[8] < '0' + EXT2_WALKS; path[8]++)
        CHECK(fs_open(&fs.fs, path, strlen(path), &file) == -EAGAIN,
              "a long search is begun");
    unsigned turns = turns_of("/a/b", 0);
    CHECK(turns > 1000, "the others have their chance, for %u turns", turns);
    path[8] = '0';
    CHECK(turns_of(path, -ENOENT) > 1, "and the oldest has gone");
}

/* ---- Symbolic links ---- */

TEST(test_symbolic_links_that_lead_in_a_circle_come_to_an_end)
{
    image_make(&image, &small);
    mount();
    check_path("/l/self", -ELOOP);
    check_path("/l/ping", -ELOOP);
    check_path("/l/ping/pong/ping", -ELOOP);
    check_ends();
}

TEST(test_a_symbolic_link_of_absurd_size_is_an_error)
{
    static const struct { uint32_t size; int error; } sizes[] = {
        { 0, -EIO }, { 60, -EIO }, { 61, -EIO }, { 1023, -EIO },
        { 1024, -ENAMETOOLONG }, { 0x80000000, -EIO }, { 0xffffffff, -EIO },
    };
    image_make(&image, &small);
    struct ext2_inode *fast = image_inode(&image, image_ino(&image, "/l/fast"));
    struct ext2_inode *slow = image_inode(&image, image_ino(&image, "/l/slow"));
    uint32_t block = slow->i_block[0];

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fast->i_size = slow->i_size = sizes[i].size;
        mount();
        check_path("/l/fast", sizes[i].error);
        check_ends();
    }
    /* A slow one: with NULs behind its end, without a block, or beyond. */
    slow->i_size = 1000;
    mount();
    check_path("/l/slow", -EIO);
    slow->i_size = 289;
    slow->i_block[0] = 0;
    mount();
    check_path("/l/slow", -EIO);
    slow->i_block[0] = 0xffffffff;
    mount();
    check_path("/l/slow", -EIO);
    slow->i_block[0] = block;
    mount();
    check_path("/l/slow", 0);
    /* Names that are too long; a path that gets too long. */
    slow->i_size = 400;
    memset(image_block(&image, block), 'x', 1024);
    mount();
    check_path("/l/slow", -ENAMETOOLONG);
    slow->i_size = 1023;
    for (unsigned i = 0; i < 1024; i += 2)
        memcpy(image_block(&image, block) + i, "./", 2);
    mount();
    check_path("/l/slow", 0);
    check_path("/l/slow/x", -ENAMETOOLONG);
}

/* ---- -EAGAIN and errors at every place ---- */

static void check_every_place(int failure, bool once)
{
    struct fs_extent extent;
    struct fs_dirent entry;
    struct file file, dir;

    image_make(&image, &small);
    for (unsigned n = 1, last = 0; n > last; n++) {
        int error, seen = 0;
        uint64_t cookie = 0;

        mount();
        uint64_t before = fake_cache_gets();
        fake_cache_fail(n, failure, once);
        UNTIL_DONE(error, fs_open(&fs.fs, "/l/of-60", 8, &file));
        if (error == 0)
            UNTIL_DONE(error, fs_map(&file, 0, &extent));
        if (error == 0)
            fs_unmap(&file, &extent);
        if (error == 0)
            UNTIL_DONE(error, fs_open(&fs.fs, "/a", 2, &dir));
        while (error == 0) {
            UNTIL_DONE(error, fs_readdir(&dir, &cookie, &entry));
            seen++;
        }
        CHECK(fake_cache_pinned() == 0, "with error %d at place %u, %u blocks "
              "stay pinned", failure, n, fake_cache_pinned());
        bool reached = fake_cache_gets() - before >= n;
        if (!reached)
            return;
        CHECK(error == (failure == -EIO ? -EIO : -ENOENT),
              "an error %d at place %u is handed up as it is, here %d",
              failure, n, error);
        if (failure == -EAGAIN)
            CHECK(seen == 6, "five entries and an end, here %d", seen);
        last = n;
    }
}

TEST(test_eagain_at_any_place_is_handed_up_and_the_next_call_finds_more)
{
    check_every_place(-EAGAIN, true);
}

TEST(test_an_error_of_the_disk_at_any_place_is_handed_up)
{
    check_every_place(-EIO, true);
}

/* ---- Thousands ---- */

/* How many: what the test is told from outside, else `otherwise`. */
static unsigned corruptions(unsigned otherwise)
{
    const char *text = getenv("LODGE_EXT2_CORRUPTIONS");
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void check_corruptions(const struct image_shape *shape, unsigned count)
{
    image_make(&image, shape);
    uint8_t *copy = malloc(image.size);
    for (unsigned i = 0; i < count; i++) {
        memcpy(copy, image.data, image.size);
        fuzz_damage(copy, image.size, shape->block_size, unit_random);
        LLVMFuzzerTestOneInput(copy, image.size);
    }
    free(copy);
}

TEST(test_some_damages_never_crash_nor_hang_nor_leak_a_pin)
{
    static const struct image_shape shape = { 1024, 128, 1, 0, 320, NULL,
                                              true, true };
    check_corruptions(&shape, 12);
}

TEST(test_random_corruptions_never_crash_nor_hang_nor_leak_a_pin)
{
    static const struct image_shape shape = { 1024, 128, 1, 0, 320, NULL,
                                              true, true };
    check_corruptions(&shape, corruptions(300) / 2);
}

TEST(test_random_corruptions_of_large_blocks_never_do_either)
{
    static const struct image_shape shape = { 4096, 256, 1, 0, 1024, NULL,
                                              true, true };
    check_corruptions(&shape, corruptions(300) / 4);
}

TEST(test_random_corruptions_of_revision_0_never_do_either)
{
    static const struct image_shape shape = { 1024, 128, 0, 0, 320, NULL,
                                              true, true };
    check_corruptions(&shape, corruptions(300) / 4);
}
