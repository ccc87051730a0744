# SPDX-License-Identifier: MIT
SRCS    := main.c bytes.c
NEEDS   := block console event mem core lib
DEVICES := blk0
ON_DISK := kernel/apps/hexdump/disk.sh
