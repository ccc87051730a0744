# SPDX-License-Identifier: MIT
# A web server: what is on its disk, and how it is doing itself.
SRCS    := main.c stats.c
NEEDS   := http fs/ext2 fs/mem fs/mount net/stack event console
DEVICES := net0 blk0
ON_DISK := kernel/tools/site.sh
READY   := web: serving on port 80
