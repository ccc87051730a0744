# SPDX-License-Identifier: MIT
SRCS      := setup.c work.c pools.c
EXERCISES := 09-frames/virtio_net.c
NEEDS     := arch lib core console mem event net without drivers/virtio/core
ARCHS     := x86_64 aarch64
