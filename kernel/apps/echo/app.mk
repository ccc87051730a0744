# SPDX-License-Identifier: MIT
SRCS  := main.c
NEEDS := drivers/keyboard drivers/pit drivers/uart/input console event core lib
READY := echo: type
