/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ext2.h - damage, for the inputs of fuzz_ext2.c that are made from a
 * good image.
 */
#ifndef UNIT_FUZZ_EXT2_H
#define UNIT_FUZZ_EXT2_H

#include <stdint.h>
#include <string.h>

/* Changes a few places of an image of blocks of `block_size`: bytes, numbers,
 * whole blocks. By `random`. */
static inline void fuzz_damage(uint8_t *image, size_t size,
                               unsigned block_size, uint64_t (*random)(void))
{
    static const uint32_t liked[] = { 0, 1, 2, 11, 0x7fff, 0x8000, 0xffff,
                                      0x7fffffff, 0x80000000, 0xffffffff };

    for (unsigned n = 1 + random() % 8; n > 0; n--) {
        /* Most of what can be damaged with effect lies in front. */
        size_t room = random() % 2 ? size : size / 4;
        size_t at = random() % room;
        uint32_t number = random() % 2
                              ? liked[random() % 10]
                              : (uint32_t)(random() % (size / block_size));
        switch (random() % 6) {
        case 0:
            image[at] = (uint8_t)random();
            break;
        case 1:
            image[at] ^= (uint8_t)(1u << random() % 8);
            break;
        case 2:
            memcpy(image + at / 2 * 2, &number, 2);
            break;
        case 3:
            memcpy(image + at / 4 * 4, &number, 4);
            break;
        case 4:     /* the superblock's, of which there are few */
            memcpy(image + 1024 + random() % 26 * 4, &number, 4);
            break;
        case 5:
            memmove(image + at / block_size * block_size,
                    image + random() % (size / block_size) * block_size,
                    block_size);
            break;
        }
    }
}

#endif
