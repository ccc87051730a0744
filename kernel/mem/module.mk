# SPDX-License-Identifier: MIT
# HEAP=host (kernel/rules.mk) has the C library's heap for that of lab 03.
HOST_HEAP := $(filter host,$(HEAP))
SRCS      := mem.c $(if $(HOST_HEAP),heap_host.c,heap_area.c)
EXERCISES := 03-memory/pages.c $(if $(HOST_HEAP),,03-memory/heap.c)
NEEDS     := arch core lib
