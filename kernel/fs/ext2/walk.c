/* SPDX-License-Identifier: MIT */
/*
 * walk.c - from a path to an inode, through directories and symbolic links.
 *
 * A walk that has to wait is kept, under the path for which it was begun, and
 * goes on where it stood when that path is asked for again: so it gets to its
 * end also when the directories on its way are larger than the cache. A walk
 * that has arrived stays as well, and answers at once, until its place is
 * needed. Who finds all places taken by walks under way uses the spare one,
 * which forgets.
 *
 * Who asked for one name of a directory often asks for the next one then, as
 * listings do: so a search begins where the last one in that directory ended.
 *
 * It ends, whatever the disk: a name makes the path shorter, links are
 * counted, and so are blocks of directories: one for each name, and beyond
 * that twice what the disk has.
 *
 * Above it stands files.c, below it sieve.c and lab 08's ext2.c.
 */
#include "fs/ext2/given.h"
#include "lib/errno.h"
#include "lib/string.h"

enum {
    /* After so many others were opened, who asked for it won't come back. */
    FORGET_AFTER = 1024,
    /* A name has a character and a slash at least. */
    NAMES_MAX = (EXT2_LINKS_MAX + 1) * (FS_PATH_MAX + 1) / 2,
};

static bool arrived(const struct ext2_walk *walk)
{
    return walk->at == walk->len;
}

/* Should `a` give way rather than `b`? */
static bool gives_way(const struct ext2_walk *a, const struct ext2_walk *b)
{
    if (arrived(a) != arrived(b))
        return arrived(a);
    return a->used < b->used;
}

static void begin(struct ext2_walk *walk, const char *path, size_t len)
{
    *walk = (struct ext2_walk){ .asked_len = len, .len = len };
    memcpy(walk->asked, path, len);
    memcpy(walk->path, path, len);
    walk->ino = EXT2_ROOT_INO;
}

static struct ext2_walk *walk_for(struct ext2 *fs, const char *path,
                                  size_t len)
{
    struct ext2_walk *walk, *place = fs->walks;

    for (walk = fs->walks; walk < fs->walks + EXT2_WALKS; walk++) {
        if (walk->asked_len == len && memcmp(walk->asked, path, len) == 0)
            return walk;
        if (gives_way(walk, place))
            place = walk;
    }
    if (!arrived(place) && fs->opens - place->used < FORGET_AFTER)
        place = &fs->spare;
    begin(place, path, len);
    return place;
}

/* Pins the text that symbolic link `inode` holds, if it doesn't lie in the
 * inode itself; *pin is NULL then. */
static int read_link(struct ext2 *fs, const struct ext2_inode *inode,
                     const char **text, size_t *len, struct fs_extent *extent)
{
    uint64_t size = ext2_size(fs, inode);
    uint32_t blocks = le32_to_cpu(inode->i_blocks);

    extent->pin = NULL;
    if (inode->i_file_acl != 0 && blocks >= fs->block_size / 512)
        blocks -= fs->block_size / 512;
    if (size > FS_PATH_MAX)
        return -ENAMETOOLONG;
    *len = (size_t)size;
    if (blocks == 0) {
        *text = (const char *)inode->i_block;
        if (size >= sizeof inode->i_block)
            return ext2_broken(fs, "a symbolic link of %u bytes has no block",
                               (uint32_t)size);
    } else {
        int error = ext2_map(fs, inode, 0, extent);
        if (error)
            return error;
        *text = (const char *)extent->data;
    }
    return 0;
}

static int follow(struct ext2 *fs, struct ext2_walk *walk, size_t end,
                  const struct ext2_inode *inode)
{
    struct fs_extent extent;
    const char *text;
    size_t len;
    int error = read_link(fs, inode, &text, &len, &extent);
    if (error)
        return error;

    if (len == 0 || memchr(text, '\0', len) != NULL)
        error = ext2_broken(fs, "a symbolic link of %u bytes is no path",
                            (uint32_t)len);
    else
        error = ext2_follow(walk, end, text, len);
    if (extent.pin != NULL)
        cache_put(fs->cache, extent.pin);
    return error;
}

/* Looks for the name that ends at `end` in directory `dir`: from where the
 * last one was found, and if it isn't there from the beginning. */
static int search(struct ext2 *fs, struct ext2_walk *walk, size_t end,
                  const struct ext2_inode *dir, uint32_t *ino)
{
    struct ext2_found *found = &fs->found[walk->ino % EXT2_FOUND];
    const char *name = walk->path + walk->at;
    size_t len = end - walk->at;

    if (!walk->searching) {
        walk->from = found->ino == walk->ino ? found->offset : 0;
        walk->offset = walk->from;
        walk->searching = true;
    }
    int error =
        ext2_search(fs, walk->ino, dir, name, len, &walk->offset, ino);
    if (error == -ENOENT && walk->from > 0) {
        walk->from = walk->offset = 0;
        error = ext2_search(fs, walk->ino, dir, name, len, &walk->offset, ino);
    }
    if (!error)
        *found = (struct ext2_found){ walk->ino, walk->offset };
    return error;
}

/* Takes the next name of the path. walk->path[walk->at] is its first
 * character, `end` the place behind its last. */
static int step(struct ext2 *fs, struct ext2_walk *walk, size_t end)
{
    const struct ext2_inode *inode;
    unsigned round = fs->round;
    uint32_t ino;

    int error = ext2_inode(fs, walk->ino, &inode);
    if (error)
        return error;
    if (!ext2_is(inode, EXT2_S_IFDIR))
        return -ENOTDIR;
    error = search(fs, walk, end, inode, &ino);
    walk->searched += round - fs->round;
    if (walk->searched > 2 * (uint64_t)fs->s_blocks_count + NAMES_MAX)
        return ext2_broken(fs, "directory %u leads round and round",
                           walk->ino);
    if (!error)
        error = ext2_inode(fs, ino, &inode);
    if (error)
        return error;

    if (ext2_is(inode, EXT2_S_IFLNK)) {
        error = follow(fs, walk, end, inode);
        if (error)
            return error;
    } else {
        walk->ino = ino;
        walk->at = end;
    }
    walk->searching = false;
    return 0;
}

static int walk_on(struct ext2 *fs, struct ext2_walk *walk)
{
    int error = 0;

    while (!error && walk->at < walk->len) {
        size_t end = walk->at;
        if (walk->path[end] == '/') {
            walk->at++;
            continue;
        }
        while (end < walk->len && walk->path[end] != '/')
            end++;
        if (end - walk->at > FS_NAME_MAX)
            error = -ENAMETOOLONG;
        else
            error = step(fs, walk, end);
    }
    return error;
}

int ext2_walk(struct ext2 *fs, const char *path, size_t len, uint32_t *ino)
{
    struct ext2_walk *walk = walk_for(fs, path, len);
    const struct ext2_inode *inode;

    walk->used = ++fs->opens;
    int error = walk_on(fs, walk);
    if (!error)
        error = ext2_inode(fs, walk->ino, &inode);
    if (!error && walk->path[walk->len - 1] == '/' &&
        !ext2_is(inode, EXT2_S_IFDIR))
        error = -ENOTDIR;
    if (error && error != -EAGAIN)
        walk->asked_len = walk->len = walk->at = 0;
    *ino = walk->ino;
    return error;
}
