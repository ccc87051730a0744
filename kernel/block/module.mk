# SPDX-License-Identifier: MIT
# What a disk is, and the block cache over one.
SRCS  := block.c cache.c cache_room.c cache_read.c cache_open.c
NEEDS := mem event core
