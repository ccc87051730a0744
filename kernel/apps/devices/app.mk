# SPDX-License-Identifier: MIT
SRCS    := main.c
NEEDS   := drivers/pci drivers/virtio/core console event core lib
DEVICES := net0 rng0
