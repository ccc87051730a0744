# SPDX-License-Identifier: MIT
SRCS      := mem.c heap_area.c
EXERCISES := 03-memory/pages.c 03-memory/heap.c
NEEDS     := arch core lib
