/* SPDX-License-Identifier: MIT */
/*
 * test_ext2_names.c - lab 08's second half, a function at a time: entries of
 * directories, looked up and listed, and symbolic links.
 */
#include "bare_ext2.h"

/* ---- 8.6 ---- */

static struct ext2_dir_entry *entry_in(uint8_t *block, unsigned at,
                                       uint32_t ino, unsigned rec_len,
                                       unsigned name_len)
{
    struct ext2_dir_entry *entry = (void *)(block + at);

    entry->inode = ino;
    entry->rec_len = (uint16_t)rec_len;
    entry->name_len = (uint8_t)name_len;
    return entry;
}

TEST(test_an_entry_that_cant_be_is_refused)
{
    static const struct { unsigned at, rec_len, name_len; bool ok; } cases[] =
    {
        { 0, 12, 1, true }, { 0, 12, 4, true }, { 0, 12, 5, false },
        { 0, 1024, 255, true }, { 0, 264, 255, true }, { 0, 260, 255, false },
        { 0, 0, 0, false }, { 0, 4, 0, false }, { 0, 8, 0, false },
        { 0, 13, 1, false }, { 0, 14, 1, false }, { 0, 15, 1, false },
        { 0, 1028, 1, false }, { 0, 65532, 1, false }, { 0, 65535, 1, false },
        { 4, 1020, 1, true }, { 4, 1024, 1, false },
        { 512, 512, 9, true }, { 512, 516, 9, false },
        { 1012, 12, 4, true }, { 1012, 12, 5, false }, { 1012, 16, 4, false },
        { 1008, 12, 4, true }, { 1016, 12, 1, false }, { 1016, 8, 1, false },
        { 1020, 12, 1, false }, { 1020, 4, 0, false },
    };
    uint8_t *block = unit_memory(1024, 4, 0);

    fs.block_size = 1024;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(block, 0, 1024);
        if (cases[i].at + 8 <= 1024)
            entry_in(block, cases[i].at, 12, cases[i].rec_len,
                     cases[i].name_len);
        const struct ext2_dir_entry *entry =
            ext2_entry(&fs, block, cases[i].at);
        CHECK((entry != NULL) == cases[i].ok, "rec_len %u, name_len %u at %u "
              "should be %s", cases[i].rec_len, cases[i].name_len, cases[i].at,
              cases[i].ok ? "let pass" : "refused, in a block of 1024");
        CHECK(!entry || (const uint8_t *)entry == block + cases[i].at,
              "the entry at %u lies there", cases[i].at);
    }
}

TEST(test_an_entry_that_is_not_in_use_is_let_pass)
{
    static const struct { unsigned at, rec_len, name_len; } cases[] = {
        { 0, 1024, 0 }, { 0, 12, 4 }, { 512, 512, 9 }, { 1012, 12, 0 },
    };
    uint8_t *block = unit_memory(1024, 4, 0);

    fs.block_size = 1024;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(block, 0, 1024);
        entry_in(block, cases[i].at, 0, cases[i].rec_len, cases[i].name_len);
        CHECK(ext2_entry(&fs, block, cases[i].at) != NULL, "inode 0, rec_len "
              "%u, name_len %u at %u should be let pass", cases[i].rec_len,
              cases[i].name_len, cases[i].at);
    }
}

/* ---- A directory of four blocks ---- */

enum { BLOCKS = 4, NAMES = 5 };

/* What begins with '!' is not in use: its inode is 0. What is not written is
 * 'x', behind names too. */
static const char *const names[BLOCKS][NAMES] = {
    { ".", "..", "alpha", "!gone", "alphabet" },
    { "!first", "beta", "b", "Beta" },
    { "!all" },
    { "omega", "alphabeta", "!last" },
};
static struct ext2_inode dir;

/* Where a block of it lies: each in another one of the cache's. */
static uint32_t block_of(unsigned block)
{
    return 3000 + 4 * block;
}

/* The inode that a name of these leads to. */
static uint32_t ino_of(unsigned block, unsigned i)
{
    return 20 + block * NAMES + i;
}

static void lay_block(unsigned block)
{
    uint8_t *bytes = image_block(&image, block_of(block));
    unsigned at = 0;

    memset(bytes, 'x', 1024);
    for (unsigned i = 0; i < NAMES && names[block][i]; i++) {
        const char *name = names[block][i];
        bool used = name[0] != '!';
        bool last = i + 1 == NAMES || !names[block][i + 1];
        unsigned len = (unsigned)strlen(name) - !used;
        unsigned rec_len = last ? 1024 - at : (8 + len + 3) / 4 * 4;
        struct ext2_dir_entry *entry =
            entry_in(bytes, at, used ? ino_of(block, i) : 0, rec_len, len);

        entry->file_type = i % 2 ? EXT2_FT_DIR : EXT2_FT_REG_FILE;
        memcpy(entry->name, name + !used, len);
        at += rec_len;
    }
}

static void set_up_dir(void)
{
    set_up(&bare_small);
    dir = (struct ext2_inode){ .i_mode = EXT2_S_IFDIR,
                               .i_size = BLOCKS * 1024 };
    for (unsigned block = 0; block < BLOCKS; block++) {
        lay_block(block);
        dir.i_block[block] = block_of(block);
    }
}

/* ---- 8.7 ---- */

static uint64_t offset;
static uint32_t ino;

static int look_up_from(uint64_t from, const char *name)
{
    int error;

    begin();
    offset = from;
    UNTIL_DONE(error, ext2_lookup(&fs, &dir, name, strlen(name), &offset,
                                  &ino));
    check_no_pins("ext2_lookup()");
    return error;
}

static void check_lookup(const char *name, int wanted)
{
    int error = look_up_from(0, name);

    CHECK(error == wanted, "looking for \"%s\" gave %d: expected %d", name,
          error, wanted);
}

TEST(test_lookup_of_each_name_gives_its_inode_and_its_block)
{
    set_up_dir();
    for (unsigned block = 0; block < BLOCKS; block++) {
        for (unsigned i = 0; i < NAMES && names[block][i]; i++) {
            const char *name = names[block][i];

            if (name[0] == '!')
                continue;
            check_lookup(name, 0);
            CHECK(ino == ino_of(block, i), "\"%s\" leads to inode %u: "
                  "expected %u", name, ino, ino_of(block, i));
            CHECK(offset == block * 1024, "\"%s\" is in the block at byte %u "
                  "of the directory, and *offset is %u", name, block * 1024,
                  (unsigned)offset);
        }
    }
}

TEST(test_lookup_tells_names_apart_that_begin_alike)
{
    static const char *const none[] = {
        "alph", "alphab", "alphabe", "alphabets", "al", "a", "be", "bet",
        "ALPHA", "betab", "o", "omegax", "omegaxxx", "x", "...",
    };
    set_up_dir();
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++)
        check_lookup(none[i], -ENOENT);
}

TEST(test_lookup_passes_over_what_is_not_in_use)
{
    set_up_dir();
    check_lookup("gone", -ENOENT);
    check_lookup("first", -ENOENT);
    check_lookup("all", -ENOENT);
    check_lookup("last", -ENOENT);
}

TEST(test_lookup_begins_where_it_is_told)
{
    int error;

    set_up_dir();
    error = look_up_from(1024, "alpha");
    CHECK(error == -ENOENT, "\"alpha\" is in the first block, and from the "
          "second on the search gave %d", error);
    error = look_up_from(1024, "beta");
    CHECK(error == 0, "\"beta\" is in the second block, and from there on the "
          "search gave %d", error);
    error = look_up_from(4096, "alpha");
    CHECK(error == -ENOENT, "from the end on the search gave %d", error);
}

TEST(test_lookup_says_how_far_it_has_come)
{
    uint64_t before;
    int error;

    set_up_dir();
    offset = 0;
    do {
        before = offset;
        error = ext2_lookup(&fs, &dir, "none", 4, &offset, &ino);
        CHECK(offset >= before && offset % 1024 == 0 && offset <= 4096,
              "*offset went from %u to %u: it is how far the search has come, "
              "at the beginning of a block", (unsigned)before,
              (unsigned)offset);
    } while (error == -EAGAIN);
    CHECK(fake_cache_gets() <= 2 * BLOCKS, "each of %u blocks is asked for "
          "twice, once when it is not here yet; here were %u calls of "
          "cache_get()", BLOCKS, (unsigned)fake_cache_gets());
    CHECK(error == -ENOENT && offset == 4096, "at the end it is %d with "
          "*offset 4096, here %d with %u", -ENOENT, error, (unsigned)offset);
}

TEST(test_lookup_in_a_directory_that_is_wrong_is_an_error)
{
    static const uint16_t lens[] = { 0, 4, 7, 1028, 0xffff };

    set_up_dir();
    for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct ext2_dir_entry *entry =
            (void *)image_block(&image, block_of(1));

        entry->rec_len = lens[i];
        check_lookup("alpha", 0);
        check_lookup("omega", -EIO);
    }
}

TEST(test_lookup_tells_of_a_directory_that_is_wrong)
{
    set_up_dir();
    ((struct ext2_dir_entry *)(void *)image_block(&image, block_of(1)))
        ->rec_len = 0;
    unsigned before = unit_log_count();
    check_lookup("omega", -EIO);
    check_complained("ext2_lookup", before);
}

static int look_up_omega(void)
{
    offset = fake_cache_gets() == 0 ? 0 : offset;
    fs.round = EXT2_ROUND_BLOCKS;
    int error = ext2_lookup(&fs, &dir, "omega", 5, &offset, &ino);

    CHECK(error || ino == ino_of(3, 0), "ext2_lookup() gave 0, and inode %u",
          ino);
    return error;
}

TEST(test_lookup_hands_errors_up)
{
    set_up_dir();
    check_every_place("ext2_lookup", look_up_omega, 0);
}

/* ---- 8.8 ---- */

static struct fs_dirent entry;

static int next_entry(void)
{
    int error;

    UNTIL_DONE(error, ext2_readdir(&fs, &dir, &offset, &entry, &ino));
    check_no_pins("ext2_readdir()");
    return error;
}

static void check_entry(unsigned block, unsigned i)
{
    const char *name = names[block][i];
    enum fs_type type = i % 2 ? FS_DIRECTORY : FS_FILE;
    int error = next_entry();

    CHECK(error == 0, "\"%s\" is to be listed, and ext2_readdir() gave %d",
          name, error);
    CHECK(entry.name_len == strlen(name) && strcmp(entry.name, name) == 0,
          "the next entry is \"%s\", of %zu bytes, and a NUL; here \"%.20s\", "
          "of %u", name, strlen(name), entry.name, entry.name_len);
    CHECK(ino == ino_of(block, i), "\"%s\" leads to inode %u: expected %u",
          name, ino, ino_of(block, i));
    CHECK(entry.type == type, "\"%s\" has type %d: expected %d", name,
          entry.type, type);
}

TEST(test_readdir_gives_each_entry_in_use_and_then_the_end)
{
    set_up_dir();
    offset = 0;
    for (unsigned block = 0; block < BLOCKS; block++)
        for (unsigned i = 0; i < NAMES && names[block][i]; i++)
            if (names[block][i][0] != '!')
                check_entry(block, i);
    for (unsigned i = 0; i < 2; i++) {
        int error = next_entry();
        CHECK(error == -ENOENT, "after the last entry ext2_readdir() gave %d: "
              "expected %d", error, -ENOENT);
    }
}

TEST(test_readdir_takes_the_longest_name)
{
    set_up_dir();
    struct ext2_dir_entry *on_disk =
        entry_in(image_block(&image, block_of(0)), 0, 77, 1024, 255);
    memset(on_disk->name, 'n', 255);
    offset = 0;
    CHECK(next_entry() == 0 && entry.name_len == 255 &&
              strlen(entry.name) == 255 && entry.name[254] == 'n',
          "a name of 255 bytes is copied, with a NUL; here %zu",
          strlen(entry.name));
}

TEST(test_readdir_of_a_directory_that_is_wrong_is_an_error)
{
    unsigned listed = 0;
    int error;

    set_up_dir();
    struct ext2_dir_entry *bad = (void *)image_block(&image, block_of(1));
    bad->rec_len = 0;
    offset = 0;
    while ((error = next_entry()) == 0)
        CHECK(listed++ < 20, "a directory with a bad entry has no end");
    CHECK(error == -EIO && listed == 4, "4 entries, and then %d; here %u, and "
          "%d", -EIO, listed, error);
}

TEST(test_readdir_tells_of_a_directory_that_is_wrong)
{
    set_up_dir();
    ((struct ext2_dir_entry *)(void *)image_block(&image, block_of(1)))
        ->rec_len = 0;
    offset = 1024;
    unsigned before = unit_log_count();
    int error = next_entry();
    CHECK(error == -EIO, "a directory that has an entry of no length is read: "
          "ext2_readdir() gave %d: expected %d", error, -EIO);
    check_complained("ext2_readdir", before);
}

static int list_all(void)
{
    unsigned listed = 0;
    int error;

    if (fake_cache_gets() == 0)
        offset = 0;
    fs.round = EXT2_ROUND_BLOCKS;
    while ((error = ext2_readdir(&fs, &dir, &offset, &entry, &ino)) == 0)
        CHECK(listed++ < 20, "the listing has no end");
    return error;
}

TEST(test_readdir_hands_errors_up)
{
    set_up_dir();
    check_every_place("ext2_readdir", list_all, -ENOENT);
}

/* ---- 8.9 ---- */

static struct ext2_walk walk;

static void set_walk(const char *path, const char *at)
{
    memset(&walk, 0, sizeof walk);
    walk.len = strlen(path);
    memcpy(walk.path, path, walk.len);
    walk.at = (size_t)(strstr(path, at) - path);
    walk.ino = 99;
}

TEST(test_follow_puts_the_target_in_the_place_of_the_path_so_far)
{
    static const struct { const char *path, *name, *target, *wanted; } cases[] =
    {
        { "/a/link", "link", "b", "b" },
        { "/a/link/", "link", "b", "b/" },
        { "/a/link/x/y", "link", "b/c", "b/c/x/y" },
        { "/link/x", "link", "/", "//x" },
        { "/link/x/yyyyyyyyyyyyyyyyyy", "link", "/very/long/indeed/to/move",
          "/very/long/indeed/to/move/x/yyyyyyyyyyyyyyyyyy" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_walk(cases[i].path, cases[i].name);
        const char *target = cases[i].target;
        int error = ext2_follow(&walk, walk.at + 4, target, strlen(target));
        size_t len = strlen(cases[i].wanted);
        CHECK(error == 0, "following a link gave %d", error);
        CHECK(walk.len == len && memcmp(walk.path, cases[i].wanted, len) == 0,
              "\"%s\" with \"%s\" for the link is \"%s\", here \"%.*s\"",
              cases[i].path, target, cases[i].wanted, (int)walk.len, walk.path);
        CHECK(walk.at == 0, "the walk goes on at the target's beginning, here "
              "at %zu", walk.at);
        uint32_t from = target[0] == '/' ? EXT2_ROOT_INO : 99;
        CHECK(walk.ino == from, "\"%s\" is followed from directory %u, here "
              "%u", target, from, walk.ino);
    }
}

TEST(test_follow_has_an_end)
{
    set_walk("/link", "link");
    for (unsigned i = 0; i < EXT2_LINKS_MAX; i++) {
        walk.at = 1;
        CHECK(ext2_follow(&walk, walk.len, "/link", 5) == 0,
              "link %u on the way may be followed", i + 1);
    }
    CHECK(ext2_follow(&walk, walk.len, "/link", 5) == -ELOOP,
          "link %u on the way may not be followed any more",
          EXT2_LINKS_MAX + 1);
}

TEST(test_follow_refuses_what_does_not_fit)
{
    static char target[FS_PATH_MAX + 1];

    memset(target, 'x', sizeof target);
    set_walk("/link/yz", "link");
    CHECK(ext2_follow(&walk, 5, target, FS_PATH_MAX - 3) == 0 &&
              walk.len == FS_PATH_MAX &&
              memcmp(walk.path + FS_PATH_MAX - 3, "/yz", 3) == 0,
          "a path of %u bytes fits, and what is behind the link moves with it",
          FS_PATH_MAX);
    set_walk("/link/yz", "link");
    CHECK(ext2_follow(&walk, 5, target, FS_PATH_MAX - 2) == -ENAMETOOLONG,
          "a path of %u bytes does not fit", FS_PATH_MAX + 1);
}
