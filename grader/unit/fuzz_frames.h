/* SPDX-License-Identifier: MIT */
/*
 * fuzz_frames.h - between test_frames.c, which makes inputs, and fuzz_frames.c,
 * which makes frames of them.
 */
#ifndef UNIT_FUZZ_FRAMES_H
#define UNIT_FUZZ_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

/* What the inputs so far have reached: that the fuzzing is worth something. */
struct fuzz_reached {
    uint64_t frames;            /* that came in */
    uint64_t malformed;         /* of these, changed after they were made */
    uint64_t answers;           /* frames that went out */
    uint64_t accepted;          /* connections established */
    uint64_t bytes;             /* that came back on them */
};
extern struct fuzz_reached fuzz_reached;

/* Starts everything, by DHCP or with an address, before the first input. */
void fuzz_frames_start(bool by_dhcp);

/* Lends a frame as the card does, but in memory that ends where it ends. One
 * shorter than Ethernet's header never gets past the driver. */
struct made;
void fuzz_receive(const struct made *f);

#endif
