# SPDX-License-Identifier: MIT
SRCS  := virtio_rng.c
NEEDS := lib core event drivers/virtio/core
ARCHS := x86_64 aarch64
