/* SPDX-License-Identifier: MIT */
#include "bare_ext2.h"

const struct image_shape bare_small = { 1024, 256, 1, 256, 4096, NULL, true,
                                        false };
const struct image_shape bare_large = { 4096, 256, 1, 0, 4096, NULL, true,
                                        false };

struct image image;
struct ext2 fs;

void begin_bare(void)
{
    memset(&fs, 0, sizeof fs);
    fs.dev = &image.dev;
    fs.cache = fake_cache(image.data, image.dev.sectors * 512, 8);
    fs.round = EXT2_ROUND_BLOCKS;
}

void begin(void)
{
    const struct ext2_super_block *sb = image_super(&image);

    begin_bare();
    fs.block_size = image.shape.block_size;
    fs.inode_size = image.shape.inode_size;
    fs.s_rev_level = 1;
    fs.has_file_type = true;
    fs.s_first_ino = sb->s_first_ino;
    fs.s_inodes_count = sb->s_inodes_count;
    fs.s_blocks_count = sb->s_blocks_count;
    fs.s_first_data_block = sb->s_first_data_block;
    fs.s_inodes_per_group = sb->s_inodes_per_group;
    fs.groups = (sb->s_blocks_count - sb->s_first_data_block - 1) /
                    sb->s_blocks_per_group + 1;
}

void set_up(const struct image_shape *shape)
{
    image_make(&image, shape);
    begin();
}

void check_no_pins(const char *where)
{
    CHECK(fake_cache_pinned() == 0, "after %s %u blocks stay pinned: expected "
          "0", where, fake_cache_pinned());
}

void check_complained(const char *what, unsigned before)
{
    CHECK(unit_log_count() > before &&
              strstr(unit_log_last(), "its ext2 is damaged"),
          "%s() gave %d, and nothing on the console says what is wrong with "
          "the disk: expected a line", what, -EIO);
}

void check_every_place(const char *what, int (*call)(void), int wanted)
{
    for (unsigned n = 1; n < 1000; n++) {
        unsigned tries = 0;
        int error;

        begin();
        fake_cache_fail(n, -EIO, true);
        while ((error = call()) == -EAGAIN) {
            check_no_pins("-EAGAIN");
            CHECK(tries++ < 1000, "%s() gives -EAGAIN for ever", what);
        }
        check_no_pins(error ? "an error" : what);
        if (fake_cache_gets() < n) {
            CHECK(error == wanted, "%s() gave %d, on a disk that can be read: "
                  "expected %d", what, error, wanted);
            CHECK(n > 1, "%s() does not ask for any block", what);
            return;
        }
        CHECK(error == -EIO, "a block that %s() asked for can't be read "
              "(%d), and it gave %d", what, -EIO, error);
    }
    FAIL("%s() asks for blocks without end", what);
}
