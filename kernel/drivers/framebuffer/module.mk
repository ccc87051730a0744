# SPDX-License-Identifier: MIT
SRCS  := framebuffer_console.c framebuffer.c font.c
NEEDS := console core arch lib
ARCHS := x86_64
