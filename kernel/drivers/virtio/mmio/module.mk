# SPDX-License-Identifier: MIT
SRCS  := virtio_mmio.c
NEEDS := arch lib core console mem event drivers/virtio/core
ARCHS := x86_64 aarch64
