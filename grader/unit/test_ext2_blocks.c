/* SPDX-License-Identifier: MIT */
/*
 * test_ext2_blocks.c - lab 08's first half, a function at a time: superblock,
 * group descriptors, inodes, the blocks of a file and what they hold.
 */
#include "bare_ext2.h"

/* ---- 8.1 ---- */

/* Whatever was in the fields before. */
static int superblock(void)
{
    fs.block_size = fs.inode_size = fs.groups = 0xa5a5a5a5;
    fs.s_inodes_count = fs.s_blocks_count = fs.s_inodes_per_group = 0xa5a5a5a5;
    fs.s_first_data_block = fs.s_first_ino = fs.s_rev_level = 0xa5a5a5a5;
    fs.has_file_type = true;
    return ext2_superblock(&fs);
}

static void read_superblock(int wanted)
{
    int error;

    begin_bare();
    UNTIL_DONE(error, superblock());
    check_no_pins("ext2_superblock()");
    CHECK(error == wanted, "ext2_superblock() gave %d: expected %d", error,
          wanted);
}

#define CHECK_FIELD(field_, wanted_)                                     \
    CHECK(fs.field_ == (wanted_), "fs->" #field_ " is %u: expected %u",  \
          (unsigned)fs.field_, (unsigned)(wanted_))

static void check_fields(unsigned inode_size, unsigned first_data_block,
                         unsigned groups)
{
    const struct ext2_super_block *sb = image_super(&image);

    CHECK_FIELD(block_size, image.shape.block_size);
    CHECK_FIELD(inode_size, inode_size);
    CHECK_FIELD(s_first_data_block, first_data_block);
    CHECK_FIELD(groups, groups);
    CHECK_FIELD(s_first_ino, 11);
    CHECK_FIELD(s_rev_level, sb->s_rev_level);
    CHECK_FIELD(has_file_type, sb->s_rev_level == 1);
    CHECK_FIELD(s_inodes_count, sb->s_inodes_count);
    CHECK_FIELD(s_blocks_count, sb->s_blocks_count);
    CHECK_FIELD(s_inodes_per_group, sb->s_inodes_per_group);
}

TEST(test_superblock_fills_in_what_the_disk_is_like)
{
    image_make(&image, &bare_small);
    read_superblock(0);
    check_fields(256, 1, 16);
    image_make(&image, &bare_large);
    read_superblock(0);
    check_fields(256, 0, 1);
    image_super(&image)->s_first_ino = 77;
    read_superblock(0);
    CHECK_FIELD(s_first_ino, 77);
    image_super(&image)->s_feature_incompat = 0;
    read_superblock(0);
    CHECK_FIELD(has_file_type, false);
}

TEST(test_superblock_of_the_old_revision_has_fixed_sizes)
{
    static const struct image_shape old = { .block_size = 1024,
                                            .blocks_per_group = 256,
                                            .kib = 4096, .small = true };
    image_make(&image, &old);
    /* What a revision 1 would have here means nothing. */
    memset((uint8_t *)image_super(&image) + 84, 0xff, 24);
    read_superblock(0);
    check_fields(128, 1, 16);
}

TEST(test_superblock_counts_a_group_that_is_shorter)
{
    static const struct { uint32_t blocks, groups; } cases[] = {
        { 258, 2 }, { 257, 1 }, { 512, 2 }, { 513, 2 }, { 514, 3 },
        { 4096, 16 },
    };
    image_make(&image, &bare_small);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ext2_super_block *sb = image_super(&image);

        sb->s_blocks_count = cases[i].blocks;
        sb->s_inodes_count = cases[i].groups * sb->s_inodes_per_group;
        read_superblock(0);
        CHECK(fs.groups == cases[i].groups, "blocks 1 to %u in groups of 256: "
              "fs->groups is %u, expected %u", cases[i].blocks - 1, fs.groups,
              cases[i].groups);
    }
}

TEST(test_superblock_is_known_by_its_magic)
{
    image_make(&image, &bare_small);
    image_super(&image)->s_magic = 0xef52;
    read_superblock(-EINVAL);
    CHECK(unit_log_count() == 0, "that there is no ext2 is for the caller to "
          "say, here: %s", unit_log_last());
    for (unsigned sectors = 0; sectors < 4; sectors++) {
        image.dev.sectors = sectors;
        read_superblock(-EINVAL);
    }
    /* There is just room for one, and what it says can't be. */
    image_super(&image)->s_magic = EXT2_SUPER_MAGIC;
    image.dev.sectors = 4;
    read_superblock(-EIO);
}

TEST(test_superblock_is_checked_before_it_is_used)
{
    image_make(&image, &bare_small);
    image_super(&image)->s_blocks_per_group = 0;
    read_superblock(-EIO);
    image_super(&image)->s_blocks_per_group = 256;
    image_super(&image)->s_log_block_size = 33;
    read_superblock(-ENOTSUP);
    image_super(&image)->s_log_block_size = 0;
    image_super(&image)->s_feature_incompat = 0x40;
    read_superblock(-ENOTSUP);
}

TEST(test_superblock_hands_errors_up)
{
    image_make(&image, &bare_small);
    check_every_place("ext2_superblock", superblock, 0);
}

/* ---- 8.2 ---- */

static void check_groups(void)
{
    for (unsigned g = 0; g < fs.groups; g++) {
        struct ext2_group_desc desc;
        int error;

        UNTIL_DONE(error, ext2_group(&fs, g, &desc));
        CHECK(error == 0, "ext2_group() gave %d: expected 0", error);
        CHECK(memcmp(&desc, image_group(&image, g), sizeof desc) == 0,
              "group %u has its inode table at block %u, here %u", g,
              image_group(&image, g)->bg_inode_table, desc.bg_inode_table);
        check_no_pins("ext2_group()");
    }
}

TEST(test_group_descriptors_are_those_of_the_disk)
{
    /* 64 groups: two blocks of descriptors. */
    struct image_shape shape = bare_small;
    shape.kib = 16384;

    set_up(&shape);
    CHECK(fs.groups == 64, "the test's disk has 64 groups, here %u",
          fs.groups);
    check_groups();
}

TEST(test_group_descriptors_are_found_with_large_blocks)
{
    set_up(&bare_large);
    check_groups();
}

static int group_40(void)
{
    struct ext2_group_desc desc;

    return ext2_group(&fs, 40, &desc);
}

TEST(test_group_hands_errors_up)
{
    struct image_shape shape = bare_small;
    shape.kib = 16384;

    set_up(&shape);
    check_every_place("ext2_group", group_40, 0);
}

/* ---- 8.3 ---- */

static void check_inodes(void)
{
    struct ext2_inode inode;
    int error;

    for (uint32_t ino = 1; ino <= fs.s_inodes_count; ino++) {
        UNTIL_DONE(error, ext2_read_inode(&fs, ino, &inode));
        CHECK(error == 0, "ext2_read_inode() gave %d for inode %u of %u: "
              "expected 0", error, ino, fs.s_inodes_count);
        CHECK(memcmp(&inode, image_inode(&image, ino), sizeof inode) == 0,
              "asked for inode %u, of %u bytes each, and this is inode %u", ino,
              fs.inode_size, inode.i_generation / 7);
        check_no_pins("ext2_read_inode()");
    }
}

static void mark_and_check_inodes(void)
{
    for (uint32_t i = 1; i <= image_super(&image)->s_inodes_count; i++)
        image_inode(&image, i)->i_generation = i * 7;
    begin();
    check_inodes();
}

TEST(test_inodes_are_those_of_the_disk)
{
    struct image_shape shape = bare_small;

    for (unsigned size = 128; size <= 1024; size *= 2) {
        shape.inode_size = size;
        image_make(&image, &shape);
        mark_and_check_inodes();
    }
    image_make(&image, &bare_large);
    mark_and_check_inodes();
}

TEST(test_inodes_that_are_not_there_are_refused)
{
    static const uint32_t behind[] = { 1, 2, 0x10000, 0x80000000 };
    struct ext2_inode inode;
    int error;

    set_up(&bare_small);
    UNTIL_DONE(error, ext2_read_inode(&fs, 0, &inode));
    CHECK(error == -EIO, "there is no inode 0, and ext2_read_inode() gave %d",
          error);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t ino = fs.s_inodes_count + behind[i];

        UNTIL_DONE(error, ext2_read_inode(&fs, ino, &inode));
        CHECK(error == -EIO, "there are %u inodes, and ext2_read_inode() gave "
              "%d for inode %u", fs.s_inodes_count, error, ino);
    }
}

TEST(test_inodes_whose_table_is_beyond_the_disk_are_refused)
{
    static const uint32_t places[] = { 4093, 4096, 0x7fffffff, 0xfffffffd,
                                       0xffffffff };
    struct ext2_inode inode;
    int error;

    image_make(&image, &bare_small);
    for (unsigned i = 0; i < 5; i++) {
        image_group(&image, 1)->bg_inode_table = places[i];
        begin();
        uint32_t last = 2 * fs.s_inodes_per_group;
        UNTIL_DONE(error, ext2_read_inode(&fs, last, &inode));
        CHECK(error == -EIO, "a table from block %u on would have inode %u "
              "behind the end of the disk, and ext2_read_inode() gave %d",
              places[i], last, error);
    }
}

TEST(test_inodes_that_can_not_be_are_told_of)
{
    static const uint32_t none[] = { 0, 0x80000000 };
    struct ext2_inode inode;
    int error;

    image_make(&image, &bare_small);
    image_group(&image, 1)->bg_inode_table = 0xffffffff;
    for (unsigned i = 0; i < 3; i++) {
        begin();
        uint32_t ino = i < 2 ? none[i] : 2 * fs.s_inodes_per_group;
        unsigned before = unit_log_count();
        UNTIL_DONE(error, ext2_read_inode(&fs, ino, &inode));
        check_complained("ext2_read_inode", before);
    }
}

static int inode_40(void)
{
    struct ext2_inode inode;
    int error = ext2_read_inode(&fs, 40, &inode);

    CHECK(error || memcmp(&inode, image_inode(&image, 40), sizeof inode) == 0,
          "ext2_read_inode() gave 0, and this is not inode 40");
    return error;
}

TEST(test_inodes_hand_errors_up)
{
    set_up(&bare_small);
    check_every_place("ext2_read_inode", inode_40, 0);
}

/* ---- 8.4 ---- */

/* The block behind the pointers on the way, worked out from a list of what
 * each level is: by the picture in disk.h. */
TEST(test_blocks_are_found_through_one_two_and_three_levels)
{
    enum { P = 256 };
    static struct ext2_inode inode;
    static const struct { uint64_t n; int depth; unsigned index[3]; } cases[] =
    {
        { 0, 0, { 0 } }, { 11, 0, { 11 } },
        { 12, 1, { 0 } }, { 13, 1, { 1 } }, { 12 + P - 1, 1, { P - 1 } },
        { 12 + P, 2, { 0, 0 } }, { 12 + P + 1, 2, { 0, 1 } },
        { 12 + P + P, 2, { 1, 0 } }, { 12 + P + P - 1, 2, { 0, P - 1 } },
        { 12 + P + P * P - 1, 2, { P - 1, P - 1 } },
        { 12 + P + P * P, 3, { 0, 0, 0 } },
        { 12 + P + P * P + 5, 3, { 0, 0, 5 } },
        { 12 + P + P * P + 5 * P, 3, { 0, 5, 0 } },
        { 12 + P + P * P + 5 * P * P, 3, { 5, 0, 0 } },
        { 12 + P + P * P + P * P * P - 1, 3, { P - 1, P - 1, P - 1 } },
    };
    image_make(&image, &bare_small);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        int depth = cases[i].depth;
        uint32_t found, block = 3000;
        int error;

        /* Only what is on the way is not 0xfefefefe, which there is not. */
        memset(inode.i_block, 0xfe, sizeof inode.i_block);
        memset(image_block(&image, 3000), 0xfe, 3 * 1024);
        if (depth == 0)
            inode.i_block[cases[i].index[0]] = 77;
        else
            inode.i_block[11 + depth] = block;
        for (int level = 0; level < depth; level++, block++)
            ((uint32_t *)image_block(&image, block))[cases[i].index[level]] =
                level + 1 == depth ? 77 : block + 1;
        begin();
        UNTIL_DONE(error, ext2_block(&fs, &inode, cases[i].n, &found));
        CHECK(error == 0, "ext2_block() gave %d for block %llu of the content, "
              "which is under i_block[%u]", error,
              (unsigned long long)cases[i].n,
              depth ? 11 + (unsigned)depth : cases[i].index[0]);
        CHECK(found == 77, "block %llu of the content, under i_block[%u], is "
              "block 77, here %u: 0xfefefefe is where no way leads",
              (unsigned long long)cases[i].n,
              depth ? 11 + (unsigned)depth : cases[i].index[0], found);
        check_no_pins("ext2_block()");
    }
}

TEST(test_blocks_behind_a_missing_one_are_holes)
{
    static struct ext2_inode inode;
    uint32_t found;
    int error;

    set_up(&bare_small);
    for (uint64_t n = 0; n < 12 + 256 + 65536 + 70000; n += 97) {
        found = 1;
        UNTIL_DONE(error, ext2_block(&fs, &inode, n, &found));
        CHECK(error == 0 && found == 0, "with zeros in i_block[] block %llu is "
              "in a hole, which is block 0; here %u (%d)",
              (unsigned long long)n, found, error);
    }
}

TEST(test_blocks_beyond_what_an_inode_reaches_are_refused)
{
    static struct ext2_inode inode;
    uint64_t end = 12 + 256 + 65536 + 16777216;
    uint32_t found;
    int error;

    set_up(&bare_small);
    UNTIL_DONE(error, ext2_block(&fs, &inode, end - 1, &found));
    CHECK(error == 0, "block %llu can be reached, here %d",
          (unsigned long long)end - 1, error);
    UNTIL_DONE(error, ext2_block(&fs, &inode, end, &found));
    CHECK(error == -EIO, "block %llu can't be reached, here %d",
          (unsigned long long)end, error);
    UNTIL_DONE(error, ext2_block(&fs, &inode, UINT64_MAX >> 10, &found));
    CHECK(error == -EIO, "nor can the last there could be, here %d", error);
}

TEST(test_blocks_beyond_what_an_inode_reaches_are_told_of)
{
    static struct ext2_inode inode;
    uint32_t found;
    int error;

    set_up(&bare_small);
    unsigned before = unit_log_count();
    UNTIL_DONE(error, ext2_block(&fs, &inode, 1u << 25, &found));
    check_complained("ext2_block", before);
}

/* Cut to 32 bits each of these is one that can be reached. */
TEST(test_blocks_are_counted_in_64_bits)
{
    static const uint32_t low[] = { 0, 11, 12, 268, 65804 };
    static struct ext2_inode inode;
    uint32_t found;
    int error;

    set_up(&bare_small);
    for (unsigned i = 0; i < sizeof low / sizeof *low; i++) {
        uint64_t n = (1ull << 32) + low[i];

        UNTIL_DONE(error, ext2_block(&fs, &inode, n, &found));
        CHECK(error == -EIO, "block %llu, which has more than 32 bits, can't "
              "be reached, and ext2_block() gave %d", (unsigned long long)n,
              error);
    }
}

/* A number of the second level is missing on the way. */
TEST(test_blocks_behind_a_missing_number_are_holes)
{
    static struct ext2_inode inode;
    uint32_t found = 1;
    int error;

    set_up(&bare_small);
    memset(image_block(&image, 3000), 0, 1024);
    inode.i_block[EXT2_TIND_BLOCK] = 3000;
    UNTIL_DONE(error, ext2_block(&fs, &inode, 12 + 256 + 65536 + 70000,
                                 &found));
    CHECK(error == 0 && found == 0, "a zero in a block of numbers is a hole, "
          "of all that would be behind it; here %u (%d)", found, error);
}

/* Block 0 of the content behind three levels is block 3003. */
static int deep_block(void)
{
    static struct ext2_inode inode;
    uint32_t found = 0;

    inode.i_block[EXT2_TIND_BLOCK] = 3000;
    for (uint32_t block = 3000; block < 3003; block++)
        *(uint32_t *)(void *)image_block(&image, block) = block + 1;
    int error = ext2_block(&fs, &inode, 12 + 256 + 65536, &found);
    CHECK(error || found == 3003, "ext2_block() gave 0 and block %u: expected "
          "3003", found);
    return error;
}

TEST(test_blocks_hand_errors_up)
{
    set_up(&bare_small);
    check_every_place("ext2_block", deep_block, 0);
}

/* ---- 8.5 ---- */

TEST(test_an_extent_joins_blocks_that_lie_together)
{
    static struct ext2_inode inode;
    struct fs_extent extent;
    int error;

    set_up(&bare_small);
    /* Blocks 100 to 103 are one of the cache's. */
    static const uint32_t blocks[] = { 100, 101, 102, 103, 104, 106, 0, 1,
                                       101, 102, 110, 110 };
    static const size_t lens[] = { 4096, 3072, 2048, 1024, 1024, 1024, 1024,
                                   1024, 2048, 1024, 1024, 100 };
    memcpy(inode.i_block, blocks, sizeof blocks);
    for (unsigned i = 0; i < 11 * 1024; i++)
        image_block(&image, 100)[i] = (uint8_t)(i / 1024 * 16 + i % 13 + 1);
    inode.i_mode = EXT2_S_IFREG;
    inode.i_size = 11 * 1024 + 100;
    for (unsigned i = 0; i < 12; i++) {
        for (unsigned skip = 0; skip < 100; skip += 33) {
            UNTIL_DONE(error, ext2_map(&fs, &inode, i * 1024 + skip, &extent));
            CHECK(error == 0, "ext2_map() gave %d for byte %u", error,
                  i * 1024 + skip);
            CHECK(extent.len == lens[i] - skip, "from byte %u on, which lies "
                  "in block %u, the extent has %zu bytes: expected %zu",
                  i * 1024 + skip, blocks[i], extent.len, lens[i] - skip);
            CHECK((extent.pin == NULL) == (blocks[i] == 0),
                  "a hole has no pin, content has one; block %u", blocks[i]);
            const uint8_t *wanted = blocks[i]
                                        ? image_block(&image, blocks[i]) + skip
                                        : ext2_zeros;
            CHECK(memcmp(extent.data, wanted, extent.len) == 0,
                  "byte %u of the content lies in block %u (0 is a hole, read "
                  "as zeros), and these are other bytes", i * 1024 + skip,
                  blocks[i]);
            if (extent.pin)
                cache_put(fs.cache, extent.pin);
            check_no_pins("ext2_map() and one cache_put()");
        }
    }
}

TEST(test_an_extent_at_the_end_is_empty)
{
    static const uint64_t offsets[] = { 1030, 1031, 2048, 1 << 20, UINT64_MAX };
    static struct ext2_inode inode = { .i_mode = EXT2_S_IFREG,
                                       .i_size = 1030,
                                       .i_block = { 100, 104, 105 } };
    struct fs_extent extent;
    int error;

    set_up(&bare_small);
    for (unsigned i = 0; i < 5; i++) {
        UNTIL_DONE(error, ext2_map(&fs, &inode, offsets[i], &extent));
        CHECK(error == 0 && extent.len == 0 && extent.pin == NULL,
              "behind the end of 1030 bytes, at %llu, there is nothing; here "
              "%zu bytes, pin %p (%d)", (unsigned long long)offsets[i],
              extent.len, extent.pin, error);
        CHECK(extent.data == ext2_zeros, "at the end data is ext2_zeros");
    }
    check_no_pins("ext2_map() at the end");
}

static int map_first(void)
{
    static struct ext2_inode inode = { .i_mode = EXT2_S_IFREG,
                                       .i_size = 20 * 1024,
                                       .i_block = { [12] = 3000 } };
    struct fs_extent extent = { 0 };

    memset(image_block(&image, 3000), 0, 1024);
    *(uint32_t *)(void *)image_block(&image, 3000) = 3003;
    int error = ext2_map(&fs, &inode, 12 * 1024, &extent);
    CHECK(error || extent.pin, "ext2_map() gave 0 and no pin, for content");
    if (error == 0)
        cache_put(fs.cache, extent.pin);
    return error;
}

TEST(test_an_extent_hands_errors_up)
{
    set_up(&bare_small);
    check_every_place("ext2_map", map_first, 0);
}

/* What follows the last direct block is behind a block of numbers that the disk
 * does not have. */
TEST(test_an_extent_ends_before_what_can_not_be_told)
{
    static struct ext2_inode inode = { .i_mode = EXT2_S_IFREG,
                                       .i_size = 20 * 1024,
                                       .i_block = { [11] = 100, [12] = 5000 } };
    struct fs_extent extent;
    int error;

    set_up(&bare_small);
    UNTIL_DONE(error, ext2_map(&fs, &inode, 11 * 1024, &extent));
    CHECK(error == 0 && extent.len == 1024, "what lies at byte 11264 can be "
          "read, and only where the next block is can't be told: expected 1024 "
          "bytes, here %zu (%d)", error ? 0 : extent.len, error);
    cache_put(fs.cache, extent.pin);
    check_no_pins("ext2_map() and one cache_put()");
}

TEST(test_an_extent_ends_where_the_disk_ends)
{
    static struct ext2_inode inode;
    struct fs_extent extent;
    int error;

    image_make(&image, &bare_small);
    /* The last block of the cache has 1 KiB and a half; the file system ends
     * before the half. */
    image.dev.sectors = 4093 * 2 + 1;
    image_super(&image)->s_blocks_count = 4093;
    begin();
    inode.i_mode = EXT2_S_IFREG;
    inode.i_size = 4096;
    for (unsigned i = 0; i < 4; i++)
        inode.i_block[i] = 4092 + i;
    UNTIL_DONE(error, ext2_map(&fs, &inode, 0, &extent));
    CHECK(error == 0 && extent.len == 1024, "the last block ends the extent, "
          "here %zu (%d)", extent.len, error);
    cache_put(fs.cache, extent.pin);
    UNTIL_DONE(error, ext2_map(&fs, &inode, 1024, &extent));
    CHECK(error == -EIO, "there is no block behind it, here %d", error);
}
