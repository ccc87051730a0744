# SPDX-License-Identifier: MIT
SRCS  := fs.c sync.c
NEEDS := event lib
