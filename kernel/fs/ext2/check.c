/* SPDX-License-Identifier: MIT */
/*
 * check.c - whether a superblock's numbers can be true, and whether we can
 * read what has its features; and the words for what is wrong.
 *
 * ext2_superblock() of lab 08 asks here before it believes anything. Nothing
 * is read from the disk here.
 */
#include "console/format.h"
#include "console/log.h"
#include "fs/ext2/ext2.h"
#include "lib/errno.h"

/* Those that a disk may have which can't be read without knowing them. */
static const struct {
    uint32_t bit;
    const char *name;
} incompat[] = {
    { 0x00001, "compression" },
    { 0x00004, "needs_recovery" },
    { 0x00008, "journal_dev" },
    { 0x00010, "meta_bg" },
    { 0x00040, "extents" },
    { 0x00080, "64bit" },
    { 0x00100, "mmp" },
    { 0x00200, "flex_bg" },
    { 0x00400, "ea_inode" },
    { 0x01000, "dirdata" },
    { 0x02000, "metadata_csum_seed" },
    { 0x04000, "large_dir" },
    { 0x08000, "inline_data" },
    { 0x10000, "encrypt" },
    { 0x20000, "casefold" },
};

/* The names of features, as far as there is room. */
struct words { char text[200]; size_t len; };

static void add_word(struct words *words, const char *word)
{
    size_t room = sizeof words->text - words->len;
    int len = format(words->text + words->len, room, "%s%s",
                     words->len ? ", " : "", word);

    words->len += (size_t)len < room ? (size_t)len : room - 1;
}

/* Features of which a reader need not know are none of our business: those of
 * s_feature_compat and s_feature_ro_compat. */
static int check_features(const struct ext2 *fs,
                          const struct ext2_super_block *sb)
{
    uint32_t bits = le32_to_cpu(sb->s_feature_incompat) &
                    ~(uint32_t)EXT2_FEATURE_INCOMPAT_FILETYPE;
    struct words names = { .len = 0 };
    char unknown[24];

    if (le32_to_cpu(sb->s_rev_level) == EXT2_GOOD_OLD_REV || bits == 0)
        return 0;
    for (size_t i = 0; i < sizeof incompat / sizeof *incompat; i++) {
        if (bits & incompat[i].bit)
            add_word(&names, incompat[i].name);
        bits &= ~incompat[i].bit;
    }
    if (bits != 0) {
        format(unknown, sizeof unknown, "unknown 0x%x", (unsigned)bits);
        add_word(&names, unknown);
    }
    log_line("%s: its ext2 has features that can't be read here: %s; "
             "make it by mke2fs -t ext2", fs->dev->name, names.text);
    return -ENOTSUP;
}

/* s_inode_size: how many of them there are in a block must come out even. */
static bool inode_size_ok(const struct ext2_super_block *sb)
{
    uint32_t size = le16_to_cpu(sb->s_inode_size);

    return le32_to_cpu(sb->s_rev_level) == EXT2_GOOD_OLD_REV ||
           (size >= EXT2_GOOD_OLD_INODE_SIZE && (size & (size - 1)) == 0 &&
            size <= 1024u << le32_to_cpu(sb->s_log_block_size));
}

static bool first_ino_ok(const struct ext2_super_block *sb)
{
    return le32_to_cpu(sb->s_rev_level) == EXT2_GOOD_OLD_REV ||
           le32_to_cpu(sb->s_first_ino) >= EXT2_GOOD_OLD_FIRST_INO;
}

/* What of the numbers can't be, or NULL. s_log_block_size is 2 at most. */
static const char *geometry(const struct ext2_super_block *sb,
                            uint64_t disk_size)
{
    uint32_t log = le32_to_cpu(sb->s_log_block_size);
    uint64_t block_size = 1024u << log;
    uint64_t blocks = le32_to_cpu(sb->s_blocks_count);
    uint64_t first = le32_to_cpu(sb->s_first_data_block);
    uint64_t per_group = le32_to_cpu(sb->s_blocks_per_group);
    uint64_t inodes_per_group = le32_to_cpu(sb->s_inodes_per_group);
    uint64_t inodes = le32_to_cpu(sb->s_inodes_count);

    if (first != (log == 0 ? 1 : 0))
        return "s_first_data_block is not where the superblock lies";
    if (blocks <= first)
        return "s_blocks_count leaves no block";
    if (blocks > disk_size / block_size)
        return "s_blocks_count is beyond the end of the disk";
    /* A group's bitmaps have a block each. */
    if (per_group == 0 || per_group > block_size * 8)
        return "s_blocks_per_group is 0 or more than a bitmap holds";
    if (inodes_per_group == 0 || inodes_per_group > block_size * 8)
        return "s_inodes_per_group is 0 or more than a bitmap holds";

    uint64_t groups = (blocks - first - 1) / per_group + 1;
    uint64_t desc_size = groups * sizeof(struct ext2_group_desc);
    if (inodes < EXT2_ROOT_INO || inodes > groups * inodes_per_group)
        return "s_inodes_count is not what the groups have";
    if (desc_size > (blocks - first - 1) * block_size)
        return "the group descriptors are beyond the end of the disk";
    if (!inode_size_ok(sb))
        return "s_inode_size is no power of two from 128 to a block";
    if (!first_ino_ok(sb))
        return "s_first_ino is below 11";
    return NULL;
}

int ext2_check(struct ext2 *fs, const struct ext2_super_block *sb)
{
    const char *name = fs->dev->name;

    if (le32_to_cpu(sb->s_rev_level) > EXT2_DYNAMIC_REV) {
        log_line("%s: ext2 of revision %u can't be read here, only 0 and 1",
                 name, le32_to_cpu(sb->s_rev_level));
        return -ENOTSUP;
    }
    int error = check_features(fs, sb);
    if (error)
        return error;
    if (le32_to_cpu(sb->s_log_block_size) > 2) {
        log_line("%s: s_log_block_size is %u: only ext2 with blocks of 1, 2 "
                 "or 4 KiB can be read here", name,
                 le32_to_cpu(sb->s_log_block_size));
        return -ENOTSUP;
    }
    const char *what = geometry(sb, fs->dev->sectors * BLOCK_SECTOR_SIZE);
    if (what == NULL)
        return 0;
    return ext2_broken(fs, what, 0);
}

int ext2_broken(struct ext2 *fs, const char *words, uint32_t number)
{
    char text[120];

    if (fs->complaints++ < EXT2_COMPLAINTS_MAX) {
        format(text, sizeof text, words, (unsigned)number);
        log_line("%s: its ext2 is damaged: %s%s", fs->dev->name, text,
                 fs->complaints == EXT2_COMPLAINTS_MAX
                     ? "; more of the kind is not shown"
                     : "");
    }
    return -EIO;
}
