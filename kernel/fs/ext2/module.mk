# SPDX-License-Identifier: MIT
# ext2 on a disk, to be read.
SRCS      := check.c blocks.c walk.c sieve.c ahead.c files.c
EXERCISES := 08-files/ext2.c
NEEDS     := fs block event console core lib without
