# SPDX-License-Identifier: MIT
SRCS      := virtio.c watch.c suppress.c
EXERCISES := 05-virtqueue/virtqueue.c 06-device/handshake.c
NEEDS     := arch lib core console mem event without
ARCHS     := x86_64 aarch64
