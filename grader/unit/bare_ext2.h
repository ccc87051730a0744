/* SPDX-License-Identifier: MIT */
/*
 * bare_ext2.h - an ext2 that nobody has mounted: what the superblock says is
 * filled in here, from the image and without the code under test, so that each
 * function of lab 08 can be called by itself.
 *
 * Below it is the cache of fake_cache.h: every block is -EAGAIN when it is
 * asked for first.
 */
#ifndef UNIT_BARE_EXT2_H
#define UNIT_BARE_EXT2_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_cache.h"
#include "fake_image.h"
#include "unit.h"

/* Everything small, with all there is to get wrong: 1 KiB blocks and 16
 * groups; and blocks of 4 KiB. */
extern const struct image_shape bare_small, bare_large;

extern struct image image;
extern struct ext2 fs;

/* Makes the image, and fs over it. */
void set_up(const struct image_shape *shape);

/* fs anew, with an empty cache, over the image as it is now; with none of the
 * superblock's fields. */
void begin_bare(void);

/* The same with them. */
void begin(void);

/* Nothing that `where` has pinned is left. */
void check_no_pins(const char *where);

/* `what` gave -EIO because of what is on the disk, and has said so since there
 * were `before` lines on the console. */
void check_complained(const char *what, unsigned before);

/* Calls again for as long as it gives -EAGAIN. */
#define UNTIL_DONE(error, call)                                          \
    do {                                                                 \
        unsigned tries_ = 0;                                             \
        while (((error) = (call)) == -EAGAIN) {                          \
            check_no_pins("-EAGAIN");                                    \
            fs.round = EXT2_ROUND_BLOCKS;                                \
            CHECK(tries_++ < 1000, "it gives -EAGAIN for ever: "         \
                  "%s", #call);                                          \
        }                                                                \
    } while (0)

/* Has `what` called from a beginning, and has the disk fail once at each place
 * where it asks the cache, one after the other: it is to give that error, and
 * to leave nothing pinned; and when the disk does not fail, `wanted`. */
void check_every_place(const char *what, int (*call)(void), int wanted);

#endif
