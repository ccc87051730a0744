/* SPDX-License-Identifier: MIT */
/*
 * disk.h - what lies on an ext2 disk, byte for byte.
 *
 * The names are those of the format's description, letter for letter:
 * Poirier, "The Second Extended File System: Internal Layout", cited here as
 * [ext2 §...]. All numbers are little-endian, whoever wrote them.
 *
 *     0      1024       2048
 *     +------+----------+---------+--------+-------+---------+-----------+
 *     | boot | super    | group   | block  | inode | inode   | data      |
 *     | area | block    | descrip.| bitmap | bitmap| table   | blocks    |
 *     +------+----------+---------+--------+-------+---------+-----------+
 *            '------------------ block group 0 --------------------------'
 *
 * The superblock lies at byte 1024 whatever a block's size: that is block 1
 * when blocks have 1 KiB, and inside block 0 when they are larger. All group
 * descriptors lie in a row from the block after it. A group's other parts are
 * where its descriptor says; the bitmaps are for who writes.
 */
#ifndef FS_EXT2_DISK_H
#define FS_EXT2_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/endian.h"

enum {
    EXT2_SUPER_OFFSET = 1024,   /* of the superblock on the disk, in bytes */
    EXT2_SUPER_MAGIC = 0xef53,
    EXT2_GOOD_OLD_REV = 0,      /* s_rev_level: fixed sizes, no features */
    EXT2_DYNAMIC_REV = 1,
    EXT2_GOOD_OLD_INODE_SIZE = 128,
    EXT2_GOOD_OLD_FIRST_INO = 11,
    EXT2_ROOT_INO = 2,          /* the root directory's inode, always */
};

/* [ext2 §superblock] */
struct ext2_super_block {
    le32 s_inodes_count;        /* in the whole file system */
    le32 s_blocks_count;
    le32 s_r_blocks_count;
    le32 s_free_blocks_count;
    le32 s_free_inodes_count;
    le32 s_first_data_block;    /* the block in which this superblock lies */
    le32 s_log_block_size;      /* a block has 1024 << this bytes */
    le32 s_log_frag_size;
    le32 s_blocks_per_group;
    le32 s_frags_per_group;
    le32 s_inodes_per_group;
    le32 s_mtime;
    le32 s_wtime;
    le16 s_mnt_count;
    le16 s_max_mnt_count;
    le16 s_magic;               /* EXT2_SUPER_MAGIC */
    le16 s_state;
    le16 s_errors;
    le16 s_minor_rev_level;
    le32 s_lastcheck;
    le32 s_checkinterval;
    le32 s_creator_os;
    le32 s_rev_level;
    le16 s_def_resuid;
    le16 s_def_resgid;
    /* From here on only when s_rev_level is EXT2_DYNAMIC_REV; else whatever
     * lies here means nothing. */
    le32 s_first_ino;           /* the first inode that is not reserved */
    le16 s_inode_size;          /* in bytes: how far apart inodes lie */
    le16 s_block_group_nr;
    le32 s_feature_compat;      /* who does not know these may read and write */
    le32 s_feature_incompat;    /* who does not know one of these may neither */
    le32 s_feature_ro_compat;   /* who does not know one of these may read */
    uint8_t s_uuid[16];
    char s_volume_name[16];
    uint8_t s_rest[888];
};
_Static_assert(offsetof(struct ext2_super_block, s_magic) == 56, "[ext2]");
_Static_assert(offsetof(struct ext2_super_block, s_inode_size) == 88, "[ext2]");
_Static_assert(sizeof(struct ext2_super_block) == 1024, "[ext2 §superblock]");

/* The one incompatible feature that we know. */
enum { EXT2_FEATURE_INCOMPAT_FILETYPE = 0x0002 };

/* [ext2 §block group descriptor] */
struct ext2_group_desc {
    le32 bg_block_bitmap;
    le32 bg_inode_bitmap;
    le32 bg_inode_table;        /* the first block of the group's inodes */
    le16 bg_free_blocks_count;
    le16 bg_free_inodes_count;
    le16 bg_used_dirs_count;
    le16 bg_pad;
    uint8_t bg_reserved[12];
};
_Static_assert(sizeof(struct ext2_group_desc) == 32, "[ext2]");

/*
 * [ext2 §inode table] Inodes are counted from 1: inode 1 is the first of
 * group 0. i_block[] says which blocks hold the content, 0 meaning a hole:
 *
 *     i_block[0]  -> content                    p = block size / 4:
 *        ...                                    how many block numbers
 *     i_block[11] -> content                    there are in a block
 *     i_block[12] -> [0 .. p-1] -> content
 *     i_block[13] -> [0 .. p-1] -> [0 .. p-1] -> content
 *     i_block[14] -> [0 .. p-1] -> [0 .. p-1] -> [0 .. p-1] -> content
 */
enum {
    EXT2_NDIR_BLOCKS = 12,
    EXT2_IND_BLOCK = 12,
    EXT2_DIND_BLOCK = 13,
    EXT2_TIND_BLOCK = 14,
    EXT2_N_BLOCKS = 15,
};

struct ext2_inode {
    le16 i_mode;                /* type and permissions */
    le16 i_uid;
    le32 i_size;                /* in bytes */
    le32 i_atime;
    le32 i_ctime;
    le32 i_mtime;               /* seconds since 1970 */
    le32 i_dtime;
    le16 i_gid;
    le16 i_links_count;         /* directory entries; 0: not in use */
    le32 i_blocks;              /* in units of 512 bytes, whatever a block's */
    le32 i_flags;
    le32 i_osd1;
    le32 i_block[EXT2_N_BLOCKS];
    le32 i_generation;
    le32 i_file_acl;            /* block of extended attributes, or 0 */
    le32 i_size_high;           /* upper half of a file's size (revision 1) */
    le32 i_faddr;
    uint8_t i_osd2[12];
};
_Static_assert(offsetof(struct ext2_inode, i_block) == 40, "[ext2]");
_Static_assert(sizeof(struct ext2_inode) == EXT2_GOOD_OLD_INODE_SIZE, "[ext2]");

enum {                          /* i_mode & EXT2_S_IFMT */
    EXT2_S_IFMT = 0xf000,
    EXT2_S_IFDIR = 0x4000,
    EXT2_S_IFREG = 0x8000,
    EXT2_S_IFLNK = 0xa000,
};

/*
 * [ext2 §directory] A directory is a file whose every block is tiled with
 * entries:
 *
 *     0        4         6          7           8              rec_len
 *     +--------+---------+----------+-----------+------ - - ---+--------
 *     | inode  | rec_len | name_len | file_type | name, no NUL | next one
 *     +--------+---------+----------+-----------+------ - - ---+--------
 *
 * rec_len is a multiple of 4, and no entry reaches over a block's end: the
 * last one's rec_len leads exactly there. An entry with inode 0 is not in use.
 * file_type is only there with EXT2_FEATURE_INCOMPAT_FILETYPE.
 *
 * (What an htree directory has besides is hidden in entries of inode 0.)
 */
struct ext2_dir_entry {
    le32 inode;
    le16 rec_len;
    uint8_t name_len;
    uint8_t file_type;
    char name[];
};
_Static_assert(sizeof(struct ext2_dir_entry) == 8, "[ext2 §directory]");

/* The smallest entry: with a name of one byte, in a multiple of 4. */
enum { EXT2_DIR_ENTRY_MIN = 12 };

enum { EXT2_FT_UNKNOWN = 0, EXT2_FT_REG_FILE = 1, EXT2_FT_DIR = 2 };

#endif
