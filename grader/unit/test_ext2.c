/* SPDX-License-Identifier: MIT */
/*
 * test_ext2.c - ext2 over the real block cache, on images that mke2fs made of
 * a tree that is known here. What each function of lab 08 does by itself is in
 * test_ext2_steps.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_image.h"
#include "fs/ext2/given.h"
#include "fs/sync.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "unit.h"
#include "without/without.h"

/* ---- What the cache is made of ---- */

void *heap_alloc(size_t size)
{
    return malloc(size);
}

void *heap_alloc_array(size_t n, size_t size)
{
    return calloc(n, size);
}

void heap_free(void *block)
{
    free(block);
}

void *pages_alloc(size_t count)
{
    return aligned_alloc(PAGE_SIZE, count * PAGE_SIZE);
}

void pages_free(void *first, size_t count)
{
    (void)count;
    free(first);
}

struct pages_usage pages_usage(void)
{
    return (struct pages_usage){ .total = 4096, .used = 1024 };
}

/* ---- Images and mounting ---- */

enum { B1_I128, B1_I256_GROUPS, B2_I256, B4_I256, B4_I512, B4_I4096, B1_REV0,
       B4_REV0, B1_NO_TYPES, SHAPES };

static const struct image_shape shapes[SHAPES] = {
    [B1_I128] = { 1024, 128, 1, 0, 0, NULL, false, false },
    [B1_I256_GROUPS] = { 1024, 256, 1, 1024, 0, NULL, false, false },
    [B2_I256] = { 2048, 256, 1, 0, 0, NULL, false, false },
    [B4_I256] = { 4096, 256, 1, 0, 0, NULL, false, false },
    [B4_I512] = { 4096, 512, 1, 2048, 65536, NULL, true, false },
    [B4_I4096] = { 4096, 4096, 1, 0, 65536, NULL, true, false },
    [B1_REV0] = { 1024, 128, 0, 0, 0, NULL, false, false },
    [B4_REV0] = { 4096, 128, 0, 0, 65536, NULL, true, false },
    [B1_NO_TYPES] = { 1024, 128, 1, 0, 4096, "none", true, false },
};

/* What small tests use: everything small, with all there is to get wrong. */
static const struct image_shape small = { 1024, 256, 1, 256, 4096, NULL, true,
                                          false };

static struct image image;
static struct ext2 fs;
static struct cache *cache;

static int try_mount(size_t blocks)
{
    int error;

    CHECK(cache_open(&image.dev, blocks, &cache) == 0, "there is memory");
    while ((error = ext2_mount(&fs, &image.dev, cache)) == -EAGAIN)
        event_run_once(0);
    CHECK(cache_usage(cache).pinned == 0, "mounting leaves %zu blocks pinned",
          cache_usage(cache).pinned);
    return error;
}

static void mount(size_t blocks)
{
    int error = try_mount(blocks);
    CHECK(error == 0, "it can be mounted, here %d", error);
}

static void make_and_mount(const struct image_shape *shape, size_t blocks)
{
    image_make(&image, shape);
    mount(blocks);
}

static void check_no_pins(const char *where)
{
    CHECK(cache_usage(cache).pinned == 0, "%zu blocks stay pinned after %s",
          cache_usage(cache).pinned, where);
}

static int open_path(const char *path, struct file *file)
{
    int error = fs_open_sync(&fs.fs, path, strlen(path), file);
    check_no_pins(path);
    return error;
}

static void check_path(const char *path, int wanted)
{
    struct file file;
    int error = open_path(path, &file);

    CHECK(error == wanted, "opening \"%s\" gives %d, here %d", path, wanted,
          error);
}

/* Calls what never waits until it has done with waiting. */
#define UNTIL_DONE(error, call)                                          \
    do {                                                                 \
        (error) = (call);                                                \
        if ((error) == -EAGAIN) {                                        \
            check_no_pins(#call);                                        \
            fs.round = EXT2_ROUND_BLOCKS;                                \
            event_run_once(0);                                           \
        }                                                                \
    } while ((error) == -EAGAIN)

/* ---- Content ---- */

/* What is remembered of where a file lies must be what lab 08 says of it. */
static void check_as_ext2_map(struct file *file, uint64_t offset,
                              const struct fs_extent *extent)
{
    const struct ext2_inode *inode;
    struct fs_extent its;
    int error;

    do
        error = ext2_inode(&fs, (uint32_t)file->node, &inode);
    while (fs_again_sync(&fs.fs, error));
    CHECK(error == 0, "its inode can be read, here %d", error);
    do
        error = ext2_map(&fs, inode, offset, &its);
    while (fs_again_sync(&fs.fs, error));
    CHECK(error == 0 && its.data == extent->data &&
              (its.len > 0) == (extent->len > 0),
          "ext2_map() at %llu gives what fs_map() does, but for its length; "
          "here %d, and %zu bytes", (unsigned long long)offset, error,
          its.len);
    if (its.pin != NULL)
        cache_put(cache, its.pin);
}

/* Maps at `offset` and checks what comes; returns its length. */
static size_t check_piece(struct file *file, const struct image_node *node,
                          uint64_t offset)
{
    struct fs_extent extent;
    int error = fs_map_sync(file, offset, &extent);

    CHECK(error == 0, "\"%s\" can be mapped at %llu, here %d", node->path,
          (unsigned long long)offset, error);
    uint64_t left = offset < node->size ? node->size - offset : 0;
    CHECK(extent.len <= left && (extent.len > 0) == (left > 0),
          "\"%s\" has %llu bytes more at %llu, and here is a piece of %zu",
          node->path, (unsigned long long)left, (unsigned long long)offset,
          extent.len);
    CHECK(left > 0 || extent.pin == NULL, "nothing is pinned at the end");
    check_as_ext2_map(file, offset, &extent);
    for (size_t i = 0; i < extent.len; i++) {
        uint8_t wanted = image_byte(node, offset + i);
        CHECK(extent.data[i] == wanted, "byte %llu of \"%s\" is 0x%02x, here "
              "0x%02x", (unsigned long long)(offset + i), node->path, wanted,
              extent.data[i]);
    }
    fs_unmap(file, &extent);
    return extent.len;
}

static void check_range(struct file *file, const struct image_node *node,
                        uint64_t from, uint64_t to)
{
    while (from < to && from < node->size)
        from += check_piece(file, node, from);
}

/* All of a file that isn't too long, else what lies around its pieces. */
static void check_content(struct file *file, const struct image_node *node)
{
    uint64_t around = 3 * image.shape.block_size;

    if (node->size <= 1 << 20)
        check_range(file, node, 0, node->size);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t at = node->piece[i].at, len = node->piece[i].len;
        check_range(file, node, at > around ? at - around : 0,
                    at + (len < 4 * around ? len : 4 * around) + around);
    }
    for (unsigned i = 0; i < 20 && node->size > 0; i++)
        check_piece(file, node, unit_random() % node->size);
    check_range(file, node, node->size > around ? node->size - around : 0,
                node->size);
    check_piece(file, node, node->size);
    check_piece(file, node, node->size + 1);
    check_piece(file, node, UINT64_MAX);
}

static void check_node(const struct image_node *node)
{
    struct fs_extent extent;
    struct fs_stat stat;
    struct file file;
    int error = open_path(node->path, &file);

    CHECK(error == 0, "\"%s\" is there, here %d", node->path, error);
    CHECK(fs_stat_sync(&file, &stat) == 0, "\"%s\" has a stat", node->path);
    CHECK(stat.id == image_ino(&image, node->path), "\"%s\" is inode %u, here "
          "%llu", node->path, image_ino(&image, node->path),
          (unsigned long long)stat.id);
    CHECK(stat.type == (node->type == 'd' ? FS_DIRECTORY : FS_FILE),
          "\"%s\" has type %d", node->path, stat.type);
    if (node->type == 'd') {
        CHECK(fs_map_sync(&file, 0, &extent) == -EISDIR,
              "a directory can't be mapped");
    } else {
        CHECK(stat.size == node->size, "\"%s\" has %llu bytes, here %llu",
              node->path, (unsigned long long)node->size,
              (unsigned long long)stat.size);
        CHECK(stat.mtime == IMAGE_MTIME, "\"%s\" is of %u, here %llu",
              node->path, IMAGE_MTIME, (unsigned long long)stat.mtime);
        check_content(&file, node);
    }
    fs_close(&file);
    check_no_pins(node->path);
}

static void check_shape(unsigned shape, size_t blocks)
{
    make_and_mount(&shapes[shape], blocks);
    CHECK(fs.block_size == shapes[shape].block_size &&
              fs.inode_size == shapes[shape].inode_size,
          "blocks of %u, inodes of %u, here %u and %u",
          shapes[shape].block_size, shapes[shape].inode_size, fs.block_size,
          fs.inode_size);
    for (unsigned i = 0; i < image.count; i++)
        if (image.node[i].type != 'l')
            check_node(&image.node[i]);
    CHECK(unit_log_count() == 0, "a good disk is complained of: %s",
          unit_log_last());
}

TEST(test_every_file_of_a_disk_with_blocks_of_1_KiB_is_right)
{
    check_shape(B1_I128, 0);
}

TEST(test_every_file_of_a_disk_with_many_groups_is_right)
{
    check_shape(B1_I256_GROUPS, 0);
    CHECK(fs.groups > 100, "there are %u groups", fs.groups);
}

TEST(test_every_file_of_a_disk_with_blocks_of_2_KiB_is_right)
{
    check_shape(B2_I256, 0);
}

TEST(test_every_file_of_a_disk_with_blocks_of_4_KiB_is_right)
{
    check_shape(B4_I256, 0);
}

TEST(test_every_file_of_a_disk_with_inodes_of_512_bytes_is_right)
{
    check_shape(B4_I512, 0);
}

TEST(test_every_file_of_a_disk_with_inodes_of_a_block_is_right)
{
    check_shape(B4_I4096, 0);
}

TEST(test_every_file_of_a_disk_of_revision_0_is_right)
{
    check_shape(B1_REV0, 0);
}

TEST(test_every_file_of_a_disk_of_revision_0_with_large_blocks_is_right)
{
    check_shape(B4_REV0, 0);
}

TEST(test_every_file_is_right_over_the_smallest_cache)
{
    check_shape(B1_I256_GROUPS, CACHE_BLOCKS_MIN);
}

TEST(test_a_file_larger_than_4_GiB_has_both_halves_of_its_size)
{
    make_and_mount(&shapes[B4_I256], 0);
    for (unsigned i = 0; i < image.count; i++) {
        if (strcmp(image.node[i].path, "/triple-2") != 0)
            continue;
        CHECK(image.node[i].size > 1ull << 32, "the test's file is large");
        check_node(&image.node[i]);
        return;
    }
    FAIL("the test looks for its file");
}

/* ---- 8.1 ---- */

TEST(test_superblock_says_what_the_disk_is_like)
{
    image_make(&image, &small);
    const struct ext2_super_block *sb = image_super(&image);
    mount(0);
    CHECK(fs.block_size == 1024 && fs.inode_size == 256, "blocks of 1024, "
          "inodes of 256, here %u and %u", fs.block_size, fs.inode_size);
    CHECK(fs.groups == 16, "4095 blocks in groups of 256 are 16 groups, here "
          "%u", fs.groups);
    CHECK(fs.s_inodes_count == sb->s_inodes_count &&
              fs.s_blocks_count == sb->s_blocks_count &&
              fs.s_first_data_block == 1 && fs.s_first_ino == 11 &&
              fs.s_rev_level == 1 && fs.has_file_type &&
              fs.s_inodes_per_group == sb->s_inodes_per_group,
          "the other numbers are the superblock's");
}

TEST(test_superblock_of_revision_0_has_no_features_and_sizes_of_its_own)
{
    static const struct image_shape shape = { .block_size = 1024,
                                              .small = true };
    image_make(&image, &shape);
    /* What a revision 1 would have here means nothing. */
    memset((uint8_t *)image_super(&image) + 84, 0xff, 24);
    mount(0);
    CHECK(fs.inode_size == 128 && fs.s_first_ino == 11 && !fs.has_file_type,
          "inodes of 128, the first is 11, no types, here %u, %u, %d",
          fs.inode_size, fs.s_first_ino, fs.has_file_type);
    check_path("/a/b/c/deep", 0);
}

TEST(test_superblock_is_refused_without_its_magic)
{
    image_make(&image, &small);
    image_super(&image)->s_magic = 0xef52;
    CHECK(try_mount(0) == -EINVAL, "that is no ext2");
    CHECK(unit_log_count() == 1 && strstr(unit_log_last(), "no ext2"),
          "it is said in one line, here \"%s\"", unit_log_last());
}

TEST(test_superblock_is_refused_on_a_disk_without_room_for_one)
{
    static uint8_t bytes[4096];
    for (unsigned sectors = 0; sectors < 4; sectors++) {
        image_over(&image, bytes, sectors * 512);
        CHECK(try_mount(0) == -EINVAL, "a disk of %u sectors has no ext2",
              sectors);
    }
}

TEST(test_superblock_with_features_that_cant_be_read_is_refused_by_name)
{
    static const struct { uint32_t bit; const char *name; } features[] = {
        { 0x1, "compression" }, { 0x4, "needs_recovery" },
        { 0x8, "journal_dev" }, { 0x10, "meta_bg" }, { 0x40, "extents" },
        { 0x80, "64bit" }, { 0x100, "mmp" }, { 0x200, "flex_bg" },
        { 0x400, "ea_inode" }, { 0x1000, "dirdata" },
        { 0x2000, "metadata_csum_seed" }, { 0x4000, "large_dir" },
        { 0x8000, "inline_data" }, { 0x10000, "encrypt" },
        { 0x20000, "casefold" }, { 0x80000000, "0x80000000" },
        { 0x20, "0x20" }, { 0xffffffff, "extents, 64bit" },
    };
    image_make(&image, &small);
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        image_super(&image)->s_feature_incompat = features[i].bit | 2;
        unsigned lines = unit_log_count();
        CHECK(try_mount(0) == -ENOTSUP, "feature 0x%x can't be read",
              features[i].bit);
        CHECK(unit_log_count() == lines + 1 &&
                  strstr(unit_log_last(), features[i].name),
              "\"%s\" is named, here: %s", features[i].name, unit_log_last());
    }
}

TEST(test_features_that_a_reader_need_not_know_are_let_pass)
{
    image_make(&image, &small);
    image_super(&image)->s_feature_compat = 0xffffffff;
    image_super(&image)->s_feature_ro_compat = 0xffffffff;
    mount(0);
    check_path("/a/b/c/deep", 0);
}

TEST(test_superblock_of_another_revision_or_block_size_is_refused)
{
    static const uint32_t sizes[] = { 3, 6, 21, 22, 31, 32, 0xffffffff };

    image_make(&image, &small);
    image_super(&image)->s_rev_level = 2;
    CHECK(try_mount(0) == -ENOTSUP, "there is no revision 2");
    CHECK(strstr(unit_log_last(), "revision 2"), "it is named");
    image_super(&image)->s_rev_level = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        image_super(&image)->s_log_block_size = sizes[i];
        CHECK(try_mount(0) == -ENOTSUP, "1024 << %u is not for us", sizes[i]);
        CHECK(strstr(unit_log_last(), "s_log_block_size"), "it is named");
    }
}

/* ---- 8.7 ---- */

static int look_up(const char *dir, const char *name, uint32_t *ino)
{
    struct ext2_inode inode = *image_inode(&image, image_ino(&image, dir));
    uint64_t offset = 0;
    int error;

    UNTIL_DONE(error, ext2_lookup(&fs, &inode, name, strlen(name), &offset,
                                  ino));
    check_no_pins("ext2_lookup");
    return error;
}

TEST(test_lookup_finds_a_name_and_none_that_only_begins_like_it)
{
    static const struct { const char *name; bool there; } cases[] = {
        { "ab", true }, { "abc", true }, { "abcde", true }, { "b", true },
        { "a", false }, { "abcd", false }, { "abcdef", false }, { "ac", false },
        { "AB", false }, { "bb", false }, { ".", true }, { "..", true },
    };
    char path[20];
    uint32_t ino;

    make_and_mount(&small, 0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        int error = look_up("/a", cases[i].name, &ino);
        CHECK(error == (cases[i].there ? 0 : -ENOENT), "\"%s\" is %s in /a, "
              "here %d", cases[i].name, cases[i].there ? "" : "not", error);
        snprintf(path, sizeof path, "/a/%s", cases[i].name);
        CHECK(error || ino == image_ino(&image, path), "\"%s\" is inode %u, "
              "here %u", path, image_ino(&image, path), ino);
    }
}

TEST(test_lookup_finds_every_name_of_a_directory_of_many_blocks)
{
    make_and_mount(&shapes[B1_I256_GROUPS], CACHE_BLOCKS_MIN);
    uint32_t wanted = image_ino(&image, "/hello.txt"), ino = 0;
    CHECK(image_inode(&image, image_ino(&image, "/many"))->i_size >
              CACHE_BLOCKS_MIN * CACHE_BLOCK_SIZE,
          "the test's directory is larger than the cache");
    for (unsigned i = 0; i < IMAGE_MANY; i += i < 100 ? 1 : 37) {
        int error = look_up("/many", image_many(i), &ino);
        CHECK(error == 0 && ino == wanted, "\"%s\" is inode %u, here %u (%d)",
              image_many(i), wanted, ino, error);
    }
    CHECK(look_up("/many", "3000", &ino) == -ENOENT, "that is not there");
}

TEST(test_lookup_goes_on_where_it_stood)
{
    struct ext2_inode dir;
    uint64_t offset = 0, before;
    uint32_t ino;
    int error;

    make_and_mount(&shapes[B1_I256_GROUPS], CACHE_BLOCKS_MIN);
    dir = *image_inode(&image, image_ino(&image, "/many"));
    do {
        before = offset;
        fs.round = EXT2_ROUND_BLOCKS;
        error = ext2_lookup(&fs, &dir, "none", 4, &offset, &ino);
        CHECK(offset >= before && offset % 1024 == 0 && offset <= dir.i_size,
              "the search comes from %u to %u", (unsigned)before,
              (unsigned)offset);
        event_run_once(0);
    } while (error == -EAGAIN);
    CHECK(error == -ENOENT, "it is not there, here %d", error);
    CHECK(cache_usage(cache).misses < 2 * dir.i_size / 1024,
          "each block is read once or so, here %llu reads",
          (unsigned long long)cache_usage(cache).misses);
}

TEST(test_an_entry_that_is_not_in_use_is_not_found_and_not_shown)
{
    struct fs_dirent entry;
    uint64_t cookie = 0;
    struct file dir;
    uint32_t ino;

    image_make(&image, &small);
    image_entry(&image, "/a/abc")->inode = 0;
    image_entry(&image, "/a/b")->inode = 0;
    mount(0);
    CHECK(look_up("/a", "abc", &ino) == -ENOENT, "it is not in use");
    CHECK(look_up("/a", "abcde", &ino) == 0, "what comes behind it is there");
    CHECK(open_path("/a", &dir) == 0, "the directory is there");
    unsigned seen = 0;
    while (fs_readdir_sync(&dir, &cookie, &entry) == 0) {
        CHECK(strcmp(entry.name, "abc") != 0 && strcmp(entry.name, "b") != 0,
              "\"%s\" is not in use", entry.name);
        seen++;
    }
    CHECK(seen == 3, "three are left of five, here %u", seen);
}

/* ---- 8.8 ---- */

static void check_listing(const char *path)
{
    static bool seen[IMAGE_NODES];
    struct fs_dirent entry;
    uint64_t cookie = 0;
    struct file dir;
    char whole[600];
    int error;

    memset(seen, 0, sizeof seen);
    CHECK(open_path(path, &dir) == 0, "\"%s\" is there", path);
    while ((error = fs_readdir_sync(&dir, &cookie, &entry)) == 0) {
        check_no_pins("fs_readdir");
        CHECK(strlen(entry.name) == entry.name_len, "name_len is %zu, here %u",
              strlen(entry.name), entry.name_len);
        snprintf(whole, sizeof whole, "%s/%s", path[1] ? path : "",
                 entry.name);
        unsigned k = 0;
        while (k < image.count && strcmp(image.node[k].path, whole) != 0)
            k++;
        if (strcmp(whole, "/lost+found") == 0)
            continue;
        CHECK(k < image.count, "\"%s\" is not there", whole);
        CHECK(!seen[k], "\"%s\" is listed twice", whole);
        char type = image.node[k].type;
        CHECK(entry.type == (type == 'f' ? FS_FILE
                             : type == 'd' ? FS_DIRECTORY : FS_OTHER),
              "\"%s\" has type %d", whole, entry.type);
        seen[k] = true;
    }
    CHECK(error == -ENOENT, "the end is %d, here %d", -ENOENT, error);
    size_t len = path[1] ? strlen(path) : 0;
    for (unsigned k = 0; k < image.count; k++) {
        const char *node = image.node[k].path;
        if (strncmp(node, path, len) == 0 && node[len] == '/' &&
            strchr(node + len + 1, '/') == NULL)
            CHECK(seen[k], "\"%s\" is not listed", node);
    }
}

TEST(test_readdir_lists_each_entry_once_with_its_type)
{
    static const unsigned all[] = { B1_I256_GROUPS, B4_I512, B1_REV0,
                                    B1_NO_TYPES };

    for (unsigned i = 0; i < 4; i++) {
        make_and_mount(&shapes[all[i]], CACHE_BLOCKS_MIN);
        check_listing("/");
        check_listing("/a");
        check_listing("/a/nothing");
        check_listing("/l");
    }
}

TEST(test_readdir_lists_a_directory_larger_than_the_cache)
{
    static bool seen[IMAGE_MANY];
    struct fs_dirent entry;
    uint64_t cookie = 0;
    struct file dir;

    make_and_mount(&shapes[B1_REV0], CACHE_BLOCKS_MIN);
    CHECK(open_path("/many", &dir) == 0, "it is there");
    while (fs_readdir_sync(&dir, &cookie, &entry) == 0) {
        unsigned i = (unsigned)strtoul(entry.name, NULL, 10);
        CHECK(i < IMAGE_MANY && strcmp(entry.name, image_many(i)) == 0,
              "\"%s\" is not there", entry.name);
        CHECK(!seen[i], "\"%s\" is listed twice", entry.name);
        CHECK(entry.type == FS_FILE, "\"%s\" is a file", entry.name);
        seen[i] = true;
    }
    for (unsigned i = 0; i < IMAGE_MANY; i++)
        CHECK(seen[i], "\"%s\" is not listed", image_many(i));
}

TEST(test_a_name_that_no_path_can_have_is_not_shown)
{
    struct fs_dirent entry;
    uint64_t cookie = 0;
    struct file dir;
    unsigned seen = 0;

    image_make(&image, &small);
    image_entry(&image, "/a/abcde")->name[2] = '/';
    image_entry(&image, "/a/abc")->name[1] = '\0';
    mount(0);
    CHECK(open_path("/a", &dir) == 0, "the directory is there");
    while (fs_readdir_sync(&dir, &cookie, &entry) == 0)
        seen++;
    CHECK(seen == 3, "three are left of five, here %u", seen);
}

/* ---- Paths ---- */

static const struct { const char *path, *same; int error; } paths[] = {
    { "/", "/", 0 },
    { "/hello.txt", "/hello.txt", 0 },
    { "/hello.txt/", NULL, -ENOTDIR },
    { "/hello.txt/x", NULL, -ENOTDIR },
    { "/hello.txt/x/y", NULL, -ENOTDIR },
    { "/hello.tx", NULL, -ENOENT },
    { "/hello.txt2", NULL, -ENOENT },
    { "/a", "/a", 0 },
    { "/a/", "/a", 0 },
    { "/a/b/c/deep", "/a/b/c/deep", 0 },
    { "/nothing/x", NULL, -ENOENT },
    { "/l/fast", "/hello.txt", 0 },
    { "/l/absolute", "/hello.txt", 0 },
    { "/l/dir", "/a/b", 0 },
    { "/l/dir/", "/a/b", 0 },
    { "/l/dir/c/deep", "/a/b/c/deep", 0 },
    { "/l/dots", "/a/b/c", 0 },
    { "/l/dots/deep", "/a/b/c/deep", 0 },
    { "/l/twice", "/a/b/c/deep", 0 },
    { "/l/slash", "/", 0 },
    { "/l/slash/hello.txt", "/hello.txt", 0 },
    { "/l/of-59", "/hello.txt", 0 },
    { "/l/of-60", "/hello.txt", 0 },
    { "/l/slow", "/hello.txt", 0 },
    { "/l/dangling", NULL, -ENOENT },
    { "/l/through-file", NULL, -ENOTDIR },
    { "/l/file-slash", NULL, -ENOTDIR },
    { "/l/fast/", NULL, -ENOTDIR },
    { "/l/self", NULL, -ELOOP },
    { "/l/self/x", NULL, -ELOOP },
    { "/l/ping", NULL, -ELOOP },
    { "/l/chain-2", "/hello.txt", 0 },
    { "/l/chain-1", NULL, -ELOOP },
};

static void check_paths(void)
{
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct file file;
        struct fs_stat stat;

        int error = open_path(paths[i].path, &file);
        CHECK(error == paths[i].error, "\"%s\" gives %d, here %d",
              paths[i].path, paths[i].error, error);
        if (error)
            continue;
        CHECK(fs_stat_sync(&file, &stat) == 0 &&
                  stat.id == image_ino(&image, paths[i].same),
              "\"%s\" is \"%s\", here inode %llu", paths[i].path,
              paths[i].same, (unsigned long long)stat.id);
        fs_close(&file);
    }
}

/* How many blocks of directories are searched to open `name` in "/many". */
static unsigned searched_for(const char *name, int wanted)
{
    struct file file;
    char path[400];

    snprintf(path, sizeof path, "/many/%s", name);
    int error = open_path(path, &file);
    CHECK(error == wanted, "\"%s\" gives %d, here %d", path, wanted, error);
    return EXT2_ROUND_BLOCKS - fs.round;
}

/* For each of some names in "/many", that are there or are not. */
static unsigned searched_for_some(const char *end, int wanted, unsigned names)
{
    unsigned blocks = 0;

    for (unsigned i = 0; i < names; i++) {
        char name[300];

        snprintf(name, sizeof name, "%s%s",
                 image_many(i * 997 % IMAGE_MANY), end);
        blocks += searched_for(name, wanted);
    }
    return blocks;
}

TEST(test_a_name_is_looked_for_in_few_blocks_when_all_were_searched_once)
{
    enum { NAMES = 100 };

    make_and_mount(&shapes[B1_I256_GROUPS], 0);
    searched_for("none", -ENOENT);
    unsigned blocks = searched_for_some("", 0, NAMES);
    CHECK(blocks < NAMES * 9 / 4, "one of the root and one of the directory "
          "for each of %u names, here %u", NAMES, blocks);
    blocks = searched_for_some("~", -ENOENT, NAMES);
    CHECK(blocks < NAMES * 3 / 2, "one of the root for each of %u names that "
          "are nowhere, here %u", NAMES, blocks);
}

TEST(test_directories_for_which_there_is_no_room_are_searched_all_the_same)
{
    make_and_mount(&shapes[B1_I256_GROUPS], 0);
    for (unsigned full = 0; full < 2; full++) {
        fs.sieves.count = full == 0 ? EXT2_SIEVED : 0;
        fs.sieves.used = full == 0 ? 0 : EXT2_SIEVE_BYTES - 100;
        searched_for("none", -ENOENT);
        CHECK(searched_for("none", -ENOENT) > 50, "all of it, each time");
        searched_for_some("", 0, 20);
    }
    fs.opens += 10000;
    searched_for("none", -ENOENT);
    CHECK(searched_for("none", -ENOENT) < 5, "after long it gets its room");
    searched_for_some("", 0, 20);
}

TEST(test_paths_lead_where_they_should_also_through_symbolic_links)
{
    make_and_mount(&small, 0);
    check_paths();
    check_paths();      /* what is remembered is the same */
}

TEST(test_paths_of_a_disk_of_revision_0_too)
{
    make_and_mount(&shapes[B1_REV0], CACHE_BLOCKS_MIN);
    check_paths();
}

TEST(test_symbolic_links_with_attributes_in_a_block_of_their_own_are_followed)
{
    image_make(&image, &small);
    /* i_blocks counts that block, and the target lies in the inode still. */
    struct ext2_dir_entry *entry = image_entry(&image, "/l/fast");
    image_inode(&image, entry->inode)->i_file_acl = 200;
    image_inode(&image, entry->inode)->i_blocks = 2;
    mount(0);
    check_path("/l/fast", 0);
}

/* ---- Waiting ---- */

/* Somebody who reads a file from its begin to its end, one call of fs.h at a
 * time, as the web server does. */
struct reader {
    struct event_work work;
    const struct image_node *node;
    struct file file;
    bool opened, done;
    uint64_t offset;
};

static void read_on(struct event_work *work)
{
    struct reader *r = container_of(work, struct reader, work);
    struct fs_extent extent;
    int error;

    if (!r->opened) {
        error = fs_open(&fs.fs, r->node->path, strlen(r->node->path),
                        &r->file);
        if (error == -EAGAIN)
            return fs_wait(&fs.fs, work);
        CHECK(error == 0, "\"%s\" is there, here %d", r->node->path, error);
        r->opened = true;
    }
    error = fs_map(&r->file, r->offset, &extent);
    if (error == -EAGAIN)
        return fs_wait(&fs.fs, work);
    CHECK(error == 0, "\"%s\" can be read, here %d", r->node->path, error);
    for (size_t i = 0; i < extent.len; i++)
        CHECK(extent.data[i] == image_byte(r->node, r->offset + i),
              "byte %llu of \"%s\" is wrong",
              (unsigned long long)(r->offset + i), r->node->path);
    r->offset += extent.len;
    r->done = extent.len == 0;
    fs_unmap(&r->file, &extent);
    if (!r->done)
        event_post(work);
}

static void run_to_their_ends(const struct reader *readers, unsigned count,
                              unsigned most)
{
    unsigned done = 0, rounds = 0;

    while (done < count) {
        CHECK(rounds++ < most, "of %u readers only %u get to the end", count,
              done);
        event_run_once(0);
        done = 0;
        for (unsigned i = 0; i < count; i++)
            done += readers[i].done;
    }
    check_no_pins("all of it");
}

TEST(test_many_readers_over_the_smallest_cache_all_get_to_their_ends)
{
    enum { READERS = 100 };
    static struct reader readers[READERS];

    make_and_mount(&shapes[B1_I256_GROUPS], CACHE_BLOCKS_MIN);
    for (unsigned i = 0, k = 0; i < READERS; k++) {
        const struct image_node *node = &image.node[k % image.count];
        if (node->type != 'f' || node->size > 1 << 20)
            continue;
        readers[i].work.run = read_on;
        readers[i].node = node;
        event_post(&readers[i++].work);
    }
    run_to_their_ends(readers, READERS, 2000000);
}

/* ---- Reading ahead ---- */

static const struct image_node *node_of(const char *path)
{
    for (unsigned i = 0; i < image.count; i++)
        if (strcmp(image.node[i].path, path) == 0)
            return &image.node[i];
    CHECK(false, "\"%s\" is in the tree", path);
    return NULL;
}

static const struct image_node *open_large(struct file *file, size_t blocks)
{
    make_and_mount(&shapes[B4_I256], blocks);
    CHECK(open_path("/single", file) == 0, "it is there");
    return node_of("/single");
}

TEST(test_a_file_that_is_read_in_order_is_read_in_few_requests_once)
{
    struct file file;
    const struct image_node *node = open_large(&file, 2048);
    unsigned before = image.reads, pieces = 0;

    for (uint64_t at = 0; at < node->size; pieces++)
        at += check_piece(&file, node, at);
    unsigned runs = (unsigned)(node->size / (16 * CACHE_BLOCK_SIZE));
    CHECK(image.reads - before < runs * 3 / 2,
          "%u runs take about as many requests, here %u", runs,
          image.reads - before);
    CHECK(pieces < runs * 3 / 2, "and pieces, here %u", pieces);
    before = image.reads;
    check_range(&file, node, 0, node->size);
    CHECK(image.reads == before, "it is read once, here %u times more",
          image.reads - before);
}

TEST(test_who_jumps_gets_what_he_asks_for_and_no_more_until_he_reads_on)
{
    struct file file;
    const struct image_node *node = open_large(&file, 2048);
    uint64_t at = node->size / 2;

    check_piece(&file, node, 3 * at / 2); /* what says where blocks are */
    uint64_t misses = cache_usage(cache).misses;
    for (unsigned i = 0; i < 20; i++)
        check_piece(&file, node, at - i * 65536);
    CHECK(cache_usage(cache).misses == misses + 20,
          "20 jumps take 20 blocks, here %llu",
          (unsigned long long)(cache_usage(cache).misses - misses));
    at += check_piece(&file, node, at);
    misses = cache_usage(cache).misses;
    check_range(&file, node, at, at + 65536);
    CHECK(cache_usage(cache).misses > misses + 16, "now he reads on");
}

TEST(test_nothing_is_read_far_behind_what_is_wanted_nor_behind_the_end)
{
    struct file file;
    const struct image_node *node = open_large(&file, 2048);
    uint64_t misses;

    check_piece(&file, node, node->size / 2);
    misses = cache_usage(cache).misses;
    fs_want(&file, 1 << 20, 300000);
    check_range(&file, node, 1 << 20, (1 << 20) + 300000);
    CHECK(cache_usage(cache).misses - misses <= 74 + 2 * 16,
          "74 blocks are wanted, and whole runs read; here %llu",
          (unsigned long long)(cache_usage(cache).misses - misses));
    fs_want(&file, UINT64_MAX - 5, UINT64_MAX);
    check_piece(&file, node, UINT64_MAX - 5);
}

TEST(test_without_reading_ahead_files_are_the_same)
{
    struct file file;

    without_what = 1u << WITHOUT_READAHEAD;
    const struct image_node *node = open_large(&file, 2048);
    uint64_t misses = cache_usage(cache).misses;
    unsigned reads = image.reads;

    check_range(&file, node, 0, node->size);
    CHECK(cache_usage(cache).misses - misses == image.reads - reads,
          "each request is for one block");
}

TEST(test_many_readers_of_a_large_file_over_a_small_cache_all_get_to_its_end)
{
    enum { READERS = 40 };
    static struct reader readers[READERS];
    static const size_t sizes[] = { CACHE_BLOCKS_MIN, 128, 300 };
    struct file file;

    for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const struct image_node *node = open_large(&file, sizes[k]);

        for (unsigned i = 0; i < READERS; i++) {
            readers[i] = (struct reader){
                .work.run = read_on,
                .node = node,
                .offset = node->size - 5000 * (1 + i),
            };
            event_post(&readers[i].work);
        }
        run_to_their_ends(readers, READERS, 200000);
    }
}

TEST(test_a_bad_sector_in_a_run_is_the_error_of_its_own_block_only)
{
    struct file file;
    const struct image_node *node = open_large(&file, 2048);
    struct fs_extent extent;
    unsigned failed = 0;
    uint32_t block;

    const struct ext2_inode *inode;
    CHECK(ext2_inode(&fs, (uint32_t)file.node, &inode) == 0 &&
              ext2_block(&fs, inode, 7, &block) == 0, "it is direct");
    image.bad_first = (uint64_t)block * 8 + 3;
    image.bad_end = image.bad_first + 1;
    for (uint64_t at = 0; at < 20 * 4096; at += 4096) {
        int error = fs_map_sync(&file, at, &extent);
        CHECK(error == (at == 7 * 4096 ? -EIO : 0),
              "block 7 and no other is bad: %llu gives %d",
              (unsigned long long)at, error);
        failed += error != 0;
        if (error == 0) {
            CHECK(extent.data[5] == image_byte(node, at + 5), "it is right");
            fs_unmap(&file, &extent);
        }
    }
    CHECK(failed == 1, "one block failed, here %u", failed);
}

/* ---- Pins ---- */

TEST(test_with_as_much_pinned_as_may_be_paths_are_still_found)
{
    struct file file;
    struct fs_extent extents[CACHE_BLOCKS_MIN];

    make_and_mount(&shapes[B1_I256_GROUPS], CACHE_BLOCKS_MIN);
    unsigned pins = fs.fs.pins_max;
    CHECK(pins > CACHE_BLOCKS_MIN / 2 && pins < CACHE_BLOCKS_MIN,
          "of %u blocks, %u may be pinned", CACHE_BLOCKS_MIN, pins);
    CHECK(open_path("/single", &file) == 0, "it is there");
    for (unsigned i = 0; i < pins; i++)
        CHECK(fs_map_sync(&file, i * 8192, &extents[i]) == 0, "pin %u", i);
    CHECK(cache_usage(cache).pinned == pins, "%u blocks are pinned", pins);
    struct file other;
    CHECK(fs_open_sync(&fs.fs, "/many/2900-----", 9 + 6, &other) == -ENOENT &&
              fs_open_sync(&fs.fs, "/a/b/c/deep", 11, &other) == 0,
          "others are found and not found");
    for (unsigned i = 0; i < pins; i++)
        fs_unmap(&file, &extents[i]);
    check_no_pins("fs_unmap");
}

/* ---- Disk errors ---- */

TEST(test_a_disk_error_is_the_files_concerned_only_and_tried_again_next_time)
{
    struct fs_extent extent;
    struct file bad, good;

    make_and_mount(&shapes[B4_I512], 0);
    uint32_t ino = image_ino(&image, "/direct");
    uint64_t sector = image_inode(&image, ino)->i_block[3] * 8ull;
    image.bad_first = sector + 2;
    image.bad_end = sector + 3;
    CHECK(open_path("/direct", &bad) == 0, "it can be opened");
    for (unsigned i = 0; i < 3; i++) {
        int error = fs_map_sync(&bad, 3 * 4096 + 10, &extent);
        CHECK(error == -EIO, "that piece can't be read, here %d", error);
        CHECK(image.failed == i + 1, "the disk is asked each time, here %u",
              image.failed);
        check_no_pins("-EIO");
    }
    CHECK(fs_map_sync(&bad, 2 * 4096, &extent) == 0, "what is before it can");
    fs_unmap(&bad, &extent);
    CHECK(fs_map_sync(&bad, 4 * 4096, &extent) == 0, "what is behind it can");
    fs_unmap(&bad, &extent);
    CHECK(open_path("/direct+1", &good) == 0 &&
              fs_map_sync(&good, 0, &extent) == 0, "other files can");
    fs_unmap(&good, &extent);
    image.bad_end = 0;
    CHECK(fs_map_sync(&bad, 3 * 4096, &extent) == 0, "now it can");
    fs_unmap(&bad, &extent);
}

TEST(test_a_disk_error_anywhere_is_an_error_that_passes)
{
    static struct image_shape shape;
    struct fs_extent extent;
    struct file file;

    shape = small;
    image_make(&image, &shape);
    const char *path = "/l/dir/c/deep";
    for (uint64_t sector = 0; sector < image.size / 512; sector += 8) {
        image.bad_first = sector;
        image.bad_end = sector + 8;
        int error = try_mount(CACHE_BLOCKS_MIN);
        if (error == 0)
            error = open_path(path, &file);
        if (error == 0) {
            error = fs_map_sync(&file, 0, &extent);
            if (error == 0)
                fs_unmap(&file, &extent);
        }
        CHECK(error == 0 || error == -EIO, "with sector %llu bad it is %d, "
              "here %d", (unsigned long long)sector, -EIO, error);
        check_no_pins("a disk error");
        if (sector == 0)
            CHECK(error == -EIO, "the superblock can't be read");
        image.bad_end = 0;
        if (error == 0)
            continue;
        if (fs.groups == 0)
            mount(CACHE_BLOCKS_MIN);
        CHECK(open_path(path, &file) == 0 &&
                  fs_map_sync(&file, 0, &extent) == 0,
              "once sector %llu is good again, so is the file",
              (unsigned long long)sector);
        fs_unmap(&file, &extent);
    }
    CHECK(image.failed >= 8, "some of these were on the way, here %u",
          image.failed);
}
