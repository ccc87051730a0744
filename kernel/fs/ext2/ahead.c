/* SPDX-License-Identifier: MIT */
/*
 * ahead.c - reads a file before it is asked for, by those who read in order.
 *
 *     last    next                    ahead               until, or the end
 *      |       |                        |                    |
 *      v       v                        v                    v
 *      +-------+------------------------+--------------------+
 *      | is    | is here, or is being   | not yet            |
 *      | lent  | read                   |                    |
 *      +-------+------------------------+--------------------+
 *              |<------- window -------->|
 *
 * Who maps a file where his last extent began or ended, or anywhere between,
 * reads in order; so does who begins at its beginning, or where fs_want() said.
 * For him a window's worth is read ahead, and the window doubles each time that
 * there was something to read. When half of it is used up it is filled again,
 * so that requests come in batches. Who jumps gets what he asks for, and no
 * more, until he reads on from there.
 *
 * The cache reads in runs, and wants to know how many blocks follow each other
 * on the disk. That is found out by lab 08's ext2_block(), and remembered as
 * stretches: nobody writes to this disk, so it stays true. A file's stretches
 * are kept by its parts of PART blocks, which none of them goes beyond.
 *
 * Between files.c and block/cache.h.
 */
#include "fs/ext2/given.h"
#include "lib/errno.h"
#include "without/without.h"

enum {
    PART_LOG = 8,
    PART = 1 << PART_LOG,       /* blocks of the file */
    WAYS = 4,                   /* places in which one stretch may be */
    RUNS_AT_ONCE = 16,          /* as long as a stretch may be, */
    WINDOW_MAX = 1024 * 1024,   /* and a window, in bytes; */
    WINDOWS_MIN = 16,           /* and so many windows have room in a cache */
    STEPS_MAX = 64,             /* of looking ahead in one call */
};

/* ---- Stretches -----------------------------------------------------------*/

static struct ext2_stretch *stretches_for(struct ext2 *fs, uint32_t ino,
                                          uint64_t offset)
{
    uint32_t part = (uint32_t)(offset >> fs->block_log >> PART_LOG);
    uint32_t mixed = (ino * 0x9e3779b1u ^ part) * 0x85ebca6bu;

    return &fs->stretches[(mixed >> 16) % (EXT2_STRETCHES / WAYS) * WAYS];
}

struct ext2_stretch *ext2_stretch_of(struct ext2 *fs, uint32_t ino,
                                     uint64_t offset)
{
    struct ext2_stretch *s = stretches_for(fs, ino, offset);

    for (unsigned i = 0; i < WAYS; i++, s++)
        if (s->ino == ino && offset - s->from < s->bytes)
            return s;
    return NULL;
}

/* A new one; or one that ends there goes on. */
static struct ext2_stretch *remember(struct ext2 *fs, struct ext2_stretch new)
{
    struct ext2_stretch *s = stretches_for(fs, new.ino, new.from);
    uint64_t part = new.from >> fs->block_log >> PART_LOG;

    for (unsigned i = 0; i < WAYS; i++) {
        if (s[i].ino == new.ino && s[i].from + s[i].bytes == new.from &&
            s[i].block + (s[i].bytes >> fs->block_log) == new.block &&
            s[i].from >> fs->block_log >> PART_LOG == part) {
            s[i].bytes += new.bytes;
            return &s[i];
        }
    }
    s += fs->turn++ % WAYS;
    *s = new;
    return s;
}

/* How many blocks from block `n` of the content on, which is `block` on the
 * disk, follow each other there: up to `most`, as far as can be told now. */
static uint32_t count_blocks(struct ext2 *fs, const struct ext2_inode *inode,
                             uint64_t n, uint32_t block, uint32_t most)
{
    uint32_t count = 1, next;

    while (count < most && block + count < fs->s_blocks_count &&
           ext2_block(fs, inode, n + count, &next) == 0 &&
           next == block + count)
        count++;
    return count;
}

/* How many blocks of `inode` from block `n` on may be one stretch. */
static uint64_t most_blocks(struct ext2 *fs, const struct ext2_inode *inode,
                            uint64_t n)
{
    size_t bytes =
        cache_usage(fs->cache).run * RUNS_AT_ONCE * CACHE_BLOCK_SIZE;
    uint64_t most = ((ext2_size(fs, inode) - 1) >> fs->block_log) + 1 - n;

    if (most > PART - n % PART)
        most = PART - n % PART;
    return most < bytes >> fs->block_log ? most : bytes >> fs->block_log;
}

/* Finds out where byte `offset` lies, of which no stretch is known. -ENOENT in
 * a hole; -EAGAIN or -EIO. */
static int find_stretch(struct ext2 *fs, uint32_t ino, uint64_t offset,
                        struct ext2_stretch **out)
{
    uint64_t n = offset >> fs->block_log, from = n << fs->block_log;
    const struct ext2_inode *inode;
    uint32_t block;
    int error = ext2_inode(fs, ino, &inode);

    if (!error && offset >= ext2_size(fs, inode))
        error = -EIO;
    if (!error)
        error = ext2_block(fs, inode, n, &block);
    if (error)
        return error;
    if (block == 0)
        return -ENOENT;
    if (block < fs->s_first_data_block || block >= fs->s_blocks_count)
        return -EIO; /* ext2_map() will say so */

    uint64_t most = most_blocks(fs, inode, n);
    uint64_t left = ext2_size(fs, inode) - from;
    uint64_t bytes =
        (uint64_t)count_blocks(fs, inode, n, block, (uint32_t)most)
        << fs->block_log;
    *out = remember(fs, (struct ext2_stretch){
        .ino = ino,
        .from = from,
        .bytes = (uint32_t)(bytes < left ? bytes : left),
        .block = block,
    });
    return 0;
}

/* Where byte `offset` of a stretch is on the disk, in bytes. */
static uint64_t place_of(const struct ext2 *fs, const struct ext2_stretch *s,
                         uint64_t offset)
{
    return ((uint64_t)s->block << fs->block_log) + (offset - s->from);
}

/* In how many blocks of the cache `len` bytes are, of which the first is byte
 * `at` of the disk. */
static size_t blocks_of(uint64_t at, uint32_t len)
{
    return (size_t)((at % CACHE_BLOCK_SIZE + len + CACHE_BLOCK_SIZE - 1) /
                    CACHE_BLOCK_SIZE);
}

int ext2_map_stretch(struct ext2 *fs, const struct ext2_stretch *s,
                     uint64_t offset, bool in_order, struct fs_extent *out)
{
    uint32_t left = s->bytes - (uint32_t)(offset - s->from);
    uint64_t at = place_of(fs, s, offset);
    uint32_t skip = (uint32_t)(at % CACHE_BLOCK_SIZE);
    struct cache_block *pin;
    int error = cache_get_run(fs->cache, at / CACHE_BLOCK_SIZE,
                              in_order ? blocks_of(at, left) : 1, 0, &pin);
    if (error)
        return error == -ERANGE ? -EIO : error;

    uint32_t here = pin->together - skip;
    *out = (struct fs_extent){
        .data = pin->data + skip,
        .len = here < left ? here : left,
        .pin = pin,
    };
    return 0;
}

void ext2_lengthen(struct ext2 *fs, struct ext2_stretch *s, uint64_t offset,
                   struct fs_extent *extent)
{
    const struct cache_block *pin = extent->pin;
    uint32_t left = s->bytes - (uint32_t)(offset - s->from);
    uint64_t at = place_of(fs, s, offset);
    uint32_t skip = (uint32_t)(at % CACHE_BLOCK_SIZE);
    uint32_t here = pin->together - skip;

    if (pin->number != at / CACHE_BLOCK_SIZE ||
        extent->data != pin->data + skip)
        return;
    if (here > left)
        here = left;
    if (here < extent->len)
        return;
    extent->len = here;
    s->mapped = true;
}

/* ---- Windows -------------------------------------------------------------*/

bool ext2_in_order(struct fs_reading *reading, uint64_t offset)
{
    if (without(WITHOUT_READAHEAD))
        return false;
    if (offset >= reading->last && offset <= reading->next)
        return true;
    reading->ahead = reading->window = 0;
    return false;
}

/* So many have room in a cache; but one run is always one. */
static uint32_t window_max(const struct ext2 *fs)
{
    size_t bytes = cache_usage(fs->cache).blocks / WINDOWS_MIN *
                   CACHE_BLOCK_SIZE;

    return bytes < WINDOW_MAX ? (uint32_t)bytes : WINDOW_MAX;
}

/* Has what lies at byte `offset` read, if it isn't here. How far that goes, in
 * bytes of the file; 0 when there is no room for more now, or it can't be told
 * what lies there. */
static uint64_t look_at(struct ext2 *fs, uint32_t ino, uint64_t offset,
                        unsigned how, bool *begun)
{
    struct ext2_stretch *s = ext2_stretch_of(fs, ino, offset);
    int error = s != NULL ? 0 : find_stretch(fs, ino, offset, &s);

    if (error == -ENOENT)
        return fs->block_size - offset % fs->block_size;
    if (error)
        return 0;
    uint32_t left = s->bytes - (uint32_t)(offset - s->from);
    uint64_t at = place_of(fs, s, offset);
    uint64_t blocks = cache_prefetch(fs->cache, at / CACHE_BLOCK_SIZE,
                                     blocks_of(at, left), how, begun);
    if (blocks == 0)
        return 0;
    uint64_t bytes = blocks * CACHE_BLOCK_SIZE - at % CACHE_BLOCK_SIZE;
    return bytes < left ? bytes : left;
}

/* The first time: a window as small as can be, and no end behind the file's. */
static bool begin(struct ext2 *fs, uint32_t ino, struct fs_reading *r)
{
    const struct ext2_inode *inode;

    if (ext2_inode(fs, ino, &inode) != 0)
        return false;
    if (r->until > ext2_size(fs, inode))
        r->until = ext2_size(fs, inode);
    r->window = (uint32_t)cache_usage(fs->cache).run * CACHE_BLOCK_SIZE;
    return true;
}

void ext2_look_ahead(struct ext2 *fs, struct file *file, uint64_t offset,
                     bool wanted)
{
    struct fs_reading *r = &file->reading;
    uint32_t ino = (uint32_t)file->node;
    bool begun = false;

    if (r->ahead > offset && r->ahead - offset > r->window / 2)
        return;
    if (r->window == 0 && !begin(fs, ino, r))
        return;

    unsigned how = r->until > fs->passing_from ? CACHE_PASSING : 0;
    if (r->ahead < offset)
        r->ahead = offset;
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        if (r->ahead >= r->until || r->ahead - offset >= r->window)
            break;
        unsigned now = wanted && r->ahead == offset ? CACHE_URGENT : 0;
        uint64_t more = look_at(fs, ino, r->ahead, how | now, &begun);
        if (more == 0)
            break;
        r->ahead += more;
    }
    if (begun && r->window < window_max(fs))
        r->window *= 2;
}
