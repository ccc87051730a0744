# SPDX-License-Identifier: MIT
SRCS  := setup.c scan.c unit.c request.c commands.c scsi.c
NEEDS := arch lib core console mem event block drivers/virtio/core
ARCHS := x86_64 aarch64
