# SPDX-License-Identifier: MIT
SRCS  := fs.c
NEEDS := event lib
