# SPDX-License-Identifier: MIT
SRCS  := main.c
NEEDS := console core lib
