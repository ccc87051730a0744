/* SPDX-License-Identifier: MIT */
/*
 * challenge.h - what this run asks of the guest.
 *
 * A text of a few words, new for each run, which the grader hands in
 * (fw_cfg file "opt/lodge/challenge", on unix the environment variable
 * LODGE_CHALLENGE). It is an input for the part under test to transform; the
 * grader works out the right answer outside. To echo it proves nothing.
 */
#ifndef CORE_CHALLENGE_H
#define CORE_CHALLENGE_H

enum { CHALLENGE_MAX = 255 };

/* The text, NUL-terminated; "" when the run has none. */
const char *challenge_text(void);

/* The number behind `key=` in the text, or `otherwise`. */
unsigned long challenge_number(const char *key, unsigned long otherwise);

#endif
