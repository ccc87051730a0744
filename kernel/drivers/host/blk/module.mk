# SPDX-License-Identifier: MIT
# A file of the host as a disk.
SRCS   := blk.c
NEEDS  := arch lib core console event block
ARCHS  := unix
HOSTED := yes
