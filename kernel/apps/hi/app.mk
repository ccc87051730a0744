# SPDX-License-Identifier: MIT
SRCS  := lines.c main.c
NEEDS := console core lib
