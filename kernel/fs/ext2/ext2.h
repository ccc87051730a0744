/* SPDX-License-Identifier: MIT */
/*
 * ext2.h - an ext2 disk as a file system of fs.h. The bodies of the functions
 * under "Lab 08" are the lab's; what lies on the disk is in disk.h, and what
 * the given files want of each other in given.h.
 *
 *     fs.h       open, stat, map, readdir          files.c (given)
 *                  |  path                         walk.c, sieve.c (given)
 *                  v                               ahead.c (given)
 *     names      ext2_lookup, ext2_readdir         lab 08
 *     content    ext2_map, ext2_block
 *     inodes     ext2_read_inode, ext2_group
 *                  |  block of the file system     blocks.c (given)
 *                  v
 *     cache.h    pieces of the disk
 *
 * Everything is straight-line code that never waits. What is not in the cache
 * yet is -EAGAIN, which is handed up like any other error; the same call is
 * made again later, and finds more. So whatever a function has pinned it puts
 * back on every way out, and whatever it has changed before an -EAGAIN must
 * be right when it begins anew.
 *
 * Nothing on the disk is believed. What can't be is -EIO, after one line on
 * the console by ext2_broken().
 */
#ifndef FS_EXT2_EXT2_H
#define FS_EXT2_EXT2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"
#include "block/cache.h"
#include "fs/ext2/disk.h"
#include "fs/fs.h"

enum {
    EXT2_LINKS_MAX = 40,        /* symbolic links on the way to a file */
    EXT2_NOTES = 1024,          /* see blocks.c */
    EXT2_INODES = 128,
    EXT2_STRETCHES = 512,       /* see ahead.c */
    EXT2_WALKS = 8,             /* see walk.c */
    EXT2_FOUND = 16,
    EXT2_SIEVED = 16,           /* see sieve.c */
    EXT2_SIEVE_BYTES = 32768,
    EXT2_ROUND_BLOCKS = 256,    /* of directories, searched in one call */
    EXT2_COMPLAINTS_MAX = 16,   /* lines about one disk */
};

/* Block `block`, which is not 0, says `value` at place `index`. */
struct ext2_note { uint32_t block, index, value; };

/* An inode that was read and is in order; ino 0: none. */
struct ext2_known { uint32_t ino; struct ext2_inode inode; };

/* The content of file `ino` from byte `from` on, `bytes` of it, lies together
 * on the disk, in block `block` and those behind it. */
struct ext2_stretch {
    uint64_t from;              /* where a block begins */
    uint32_t bytes;             /* 0: none */
    uint32_t ino, block;
    bool mapped;                /* ext2_map() says so too */
};

/* In directory `ino` a name was found last in the block at byte `offset`. */
struct ext2_found { uint32_t ino; uint64_t offset; };

/* What is known of names in `count` directories: for each block of them
 * block_size / 8 bytes, in `used` bytes of `bits`. */
struct ext2_sieves {
    unsigned count;
    struct { uint32_t ino, from; } of[EXT2_SIEVED];
    uint32_t used;
    uint64_t since;             /* ext2.opens when it was empty */
    uint8_t bits[EXT2_SIEVE_BYTES];
};

/*
 * The way from the root along a path, as far as it has come:
 *
 *     path   "pub/latest/index.html"
 *                 ^      ^          ^
 *                 at    (end)      len       ino: the directory "pub"
 */
struct ext2_walk {
    size_t asked_len;                   /* 0: nobody's */
    char asked[FS_PATH_MAX];            /* for what it was begun */
    size_t len, at;                     /* of path: at..len is left to walk */
    char path[FS_PATH_MAX];
    uint32_t ino;                       /* where it stands */
    unsigned links;                     /* followed so far */
    uint64_t from, offset;              /* in directory `ino`: between these
                                           there is no entry of the next name;
                                           to be searched on from offset */
    bool searching;                     /* the two above are set */
    uint64_t searched;                  /* blocks of directories so far */
    uint64_t used;                      /* by ext2.opens */
};

struct ext2 {
    struct fs fs;
    struct cache *cache;
    struct block_dev *dev;

    /* Of the superblock, checked, as ext2_superblock() leaves them. */
    uint32_t block_size;                /* in bytes: 1024, 2048 or 4096 */
    uint32_t inode_size;                /* in bytes: 128 to block_size */
    uint32_t s_rev_level;
    uint32_t s_first_ino;
    uint32_t s_inodes_count;
    uint32_t s_blocks_count;            /* all of them lie on the disk */
    uint32_t s_first_data_block;
    uint32_t s_inodes_per_group;        /* not 0 */
    uint32_t groups;                    /* block groups, at least 1 */
    bool has_file_type;                 /* directory entries have one */

    /* The given code's. */
    unsigned complaints;
    unsigned round;                     /* blocks that may still be searched
                                           in this call */
    bool paused;                        /* the last -EAGAIN was for that */
    uint64_t opens;
    unsigned block_log;                 /* block_size is 1 << this */
    uint64_t passing_from;              /* who reads more bytes than this does
                                           so in passing: see cache.h */
    unsigned turn;                      /* which note is overwritten next */
    struct ext2_note notes[EXT2_NOTES];
    struct ext2_known inodes[EXT2_INODES];
    struct ext2_stretch stretches[EXT2_STRETCHES];
    struct ext2_found found[EXT2_FOUND];
    struct ext2_sieves sieves;
    struct ext2_walk walks[EXT2_WALKS], spare;
};

/*
 * Makes `fs` the file system on `dev`, read through `cache`, which is over
 * `dev`. All three must stay. Returns 0; -EAGAIN; -EINVAL when there is no
 * ext2 on it; -ENOTSUP when it has features that we can't read; -EIO when the
 * disk fails, or says what can't be. But for -EAGAIN there is a line on the
 * console that says why. &fs->fs is what the functions of fs/fs.h want.
 */
int ext2_mount(struct ext2 *fs, struct block_dev *dev, struct cache *cache);

/* The same with a cache of its own, for applications that may wait: runs the
 * event loop until it is mounted or refused. Not from work of the loop.
 * -ENOMEM besides. */
int ext2_open(struct ext2 *fs, struct block_dev *dev);

/* ---- Given, for lab 08 ------------------------------------------------- */

/*
 * Whether we can read what `sb` describes: its features, and numbers that can
 * be true on this disk. s_magic was right already. Returns 0, and then none of
 * them is 0 that is to be divided by, and all blocks, and in them all group
 * descriptors, lie on the disk; or -EIO or -ENOTSUP, after one line that says
 * why.
 */
int ext2_check(struct ext2 *fs, const struct ext2_super_block *sb);

/* A pinned block of the file system: block_size bytes, to be read only. */
struct ext2_buffer {
    const uint8_t *data;
    struct cache_block *pin;
};

/* Pins block `block`; ext2_put() it later. -EAGAIN, or -EIO: also when the
 * file system has no such block. */
int ext2_get(struct ext2 *fs, uint32_t block, struct ext2_buffer *out);
void ext2_put(struct ext2 *fs, struct ext2_buffer *buffer);

/* The block number at place `index` of the indirect block `block`; `index` is
 * below block_size / 4. -EAGAIN or -EIO. */
int ext2_pointer(struct ext2 *fs, uint32_t block, uint32_t index,
                 uint32_t *out);

/* Pins the block of directory `dir` in which byte `offset` lies; ext2_put() it
 * later. -EIO when there is none; -EAGAIN also when it is somebody else's turn
 * after many blocks. */
int ext2_get_dir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t offset, struct ext2_buffer *out);

/* The size of what `inode` stands for, in bytes, both halves of it. */
uint64_t ext2_size(const struct ext2 *fs, const struct ext2_inode *inode);

/* What an entry says of the type of what it names. */
enum fs_type ext2_entry_type(const struct ext2_dir_entry *entry);

/* A block of zeros: what a hole is read as. */
extern const uint8_t ext2_zeros[CACHE_BLOCK_SIZE];

/* Says on the console what is wrong with number `number` of something:
 * ext2_broken(fs, "inode %u is too long", 12). Returns -EIO. */
int ext2_broken(struct ext2 *fs, const char *format, uint32_t number);

/* ---- Lab 08 ------------------------------------------------------------ */

/*
 * Reads the superblock, has it checked, and sets the fields of `fs` that are
 * its. In revision 0 an inode has 128 bytes, the first that is not reserved is
 * 11, and there are no features. Returns 0; -EAGAIN or -EIO, from the cache;
 * -EINVAL when s_magic is not EXT2_SUPER_MAGIC, without a word about it; or
 * what ext2_check() returned.
 */
int ext2_superblock(struct ext2 *fs);

/* Copies the descriptor of block group `group`, which is below fs->groups.
 * -EAGAIN or -EIO. */
int ext2_group(struct ext2 *fs, uint32_t group, struct ext2_group_desc *out);

/* Copies inode `ino`, the first 128 bytes of it. -EAGAIN or -EIO: also when
 * there is no such inode. */
int ext2_read_inode(struct ext2 *fs, uint32_t ino, struct ext2_inode *out);

/* The number of the block that holds block `n` of the content, 0 for a hole:
 * also where a block of numbers on the way to it is missing. -EAGAIN or -EIO:
 * also when n is beyond what i_block[] can reach. */
int ext2_block(struct ext2 *fs, const struct ext2_inode *inode, uint64_t n,
               uint32_t *out);

/*
 * Pins the memory that holds the content from byte `offset` on: fs_map()'s
 * contract. The extent ends with the content or with the block, or goes on
 * over the blocks behind it that follow each other in the content, on the
 * disk, and in one block of the cache. Its pin is the cache's block; NULL,
 * with data in ext2_zeros, in a hole, and at the end, where len is 0. -EAGAIN
 * or -EIO.
 */
int ext2_map(struct ext2 *fs, const struct ext2_inode *inode, uint64_t offset,
             struct fs_extent *out);

/*
 * The entry at byte `at` of `block`, a directory's block of block_size bytes;
 * `at` is a multiple of 4 below that. NULL when it can't be: rec_len below
 * EXT2_DIR_ENTRY_MIN, no multiple of 4, or beyond the block; a name that is
 * longer than its entry.
 */
const struct ext2_dir_entry *ext2_entry(const struct ext2 *fs,
                                        const uint8_t *block, uint32_t at);

/*
 * Looks for `name`, of `len` bytes, in directory `dir` from byte *offset on, a
 * multiple of block_size, and puts its inode's number into *ino, and the first
 * byte of the block in which it is into *offset. -ENOENT when it is not there;
 * -EAGAIN, and then *offset is how far the search has come: a multiple of
 * block_size again, for the next call to begin at; -EIO.
 */
int ext2_lookup(struct ext2 *fs, const struct ext2_inode *dir,
                const char *name, size_t len, uint64_t *offset, uint32_t *ino);

/*
 * The first entry in use of directory `dir` from byte *offset on, where an
 * entry begins: its name, name_len and type into *out, its inode's number into
 * *ino; *offset is then that of the next one. "." and ".." are entries like
 * others. -ENOENT after the last; -EAGAIN, with *offset as far as it has come;
 * -EIO.
 */
int ext2_readdir(struct ext2 *fs, const struct ext2_inode *dir,
                 uint64_t *offset, struct fs_dirent *out, uint32_t *ino);

/*
 * The name walk->path[walk->at .. end) turned out to be a symbolic link to
 * `target`, of `len` bytes, not 0: the target takes the place of all of the
 * path up to `end`, and the walk goes on at its beginning; from the root if
 * the target begins with '/'. -ELOOP when the walk has followed EXT2_LINKS_MAX
 * links already, -ENAMETOOLONG when the new path has more than FS_PATH_MAX
 * bytes.
 */
int ext2_follow(struct ext2_walk *walk, size_t end, const char *target,
                size_t len);

#endif
