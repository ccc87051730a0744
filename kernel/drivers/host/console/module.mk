# SPDX-License-Identifier: MIT
SRCS  := console.c
NEEDS := console core arch lib
ARCHS := unix
