# SPDX-License-Identifier: MIT
SRCS      := setup.c
EXERCISES := 07-block/virtio_blk.c
NEEDS     := arch lib core console mem event block drivers/virtio/core
ARCHS     := x86_64 aarch64
