/* SPDX-License-Identifier: MIT */
/*
 * lines.h - lines that a run asks of `hi` by lines=number and seed=number in
 * its challenge.
 */
#ifndef APPS_HI_LINES_H
#define APPS_HI_LINES_H

#include <stdint.h>

/* Writes `count` lines, whose characters follow from `seed`. */
void write_lines(unsigned long count, uint64_t seed);

#endif
