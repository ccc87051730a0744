# SPDX-License-Identifier: MIT
SRCS    := main.c tree.c
NEEDS   := fs/ext2 fs block console core lib
DEVICES := blk0
ON_DISK := kernel/tools/site.sh
