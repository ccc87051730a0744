# SPDX-License-Identifier: MIT
# A web server: kernel/apps/web/www/, linked into the image.
SRCS    := main.c stats.c
NEEDS   := http fs/mem net/lwip event console
DEVICES := net0
TREE    := kernel/apps/web/www
