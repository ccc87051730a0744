# SPDX-License-Identifier: MIT
SRCS      := virtio.c
EXERCISES := 05-virtqueue/virtqueue.c 06-device/handshake.c
NEEDS     := arch lib core console mem event
