# SPDX-License-Identifier: MIT
SRCS  := virtio_pci.c modern.c structures.c legacy.c vectors.c
NEEDS := arch lib core console mem event drivers/pci drivers/virtio/core
ARCHS := x86_64
