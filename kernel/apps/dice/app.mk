# SPDX-License-Identifier: MIT
SRCS    := main.c
NEEDS   := drivers/virtio_rng console event mem core lib
DEVICES := rng0
