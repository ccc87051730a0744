# SPDX-License-Identifier: MIT
SRCS  := mem.c snapshot.c
NEEDS := fs event mem lib
