# SPDX-License-Identifier: MIT
SRCS      := virtio.c watch.c
EXERCISES := 05-virtqueue/virtqueue.c 06-device/handshake.c
NEEDS     := arch lib core console mem event
ARCHS     := x86_64 aarch64
