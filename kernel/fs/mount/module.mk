# SPDX-License-Identifier: MIT
# Several file systems as one.
SRCS  := mount.c
NEEDS := fs event lib
