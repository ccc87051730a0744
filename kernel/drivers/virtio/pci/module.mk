# SPDX-License-Identifier: MIT
SRCS  := virtio_pci.c structures.c
NEEDS := arch lib core console mem event drivers/pci drivers/virtio/core
