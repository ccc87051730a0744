/* SPDX-License-Identifier: MIT */
/*
 * block.c - what is the same for every disk: requests are looked at before a
 * driver sees them, and those for which its ring has no room wait their turn.
 *
 * Above it stand the cache and applications, below it drivers.
 */
#include "block/block.h"
